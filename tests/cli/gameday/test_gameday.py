"""A game day in the lab, where the function fails over for real."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from nat_failover.cli.errors import CommandError
from nat_failover.cli.gameday.gameday import GameDay
from nat_failover.cli.gameday.host_watches import Watches
from nat_failover.cli.gameday.notification_log import Mailed
from nat_failover.cli.gameday.obstacles import why_not
from nat_failover.cli.gameday.place import place_of
from nat_failover.cli.gameday.result import Day, Failure
from nat_failover.cli.gameday.summary import report_of
from nat_failover.cli.report.page import page
from nat_failover.cli.report.report import Milestone, Play
from nat_failover.probing.rounds import DRILL_LASTS
from tests.cli.person import Person, in_lab
from tests.lab.cloud.gateway import refused
from tests.lab.cloud.template import EGRESS_PLACE
from tests.lab.lab import Lab
from tests.lab.network.layout import TARGETS


def no_claim(operation: str, arguments: Mapping[str, Any]) -> ClientError | None:
    """Let nobody have the claim."""
    if operation != "PutParameter" or not arguments["Name"].endswith("/claim"):
        return None
    return refused(operation, "AccessDeniedException", "not authorized to perform: ssm:PutParameter")


NO_COMMAND = "AccessDeniedException: not authorized to perform: ssm:SendCommand"


def no_command(operation: str, arguments: Mapping[str, Any]) -> ClientError | None:
    """Let nobody run a command; the watches end by themselves."""
    if operation != "SendCommand" or "drill" not in arguments.get("Comment", ""):
        return None
    return refused(operation, "AccessDeniedException", "not authorized to perform: ssm:SendCommand")


def plays(alice: Person, day: Day) -> list[Play]:
    return list(report_of(day, alice.settings, place_of(alice.hand), alice.lab.world.now(), Mailed()).plays)


@in_lab()
def test_a_drill_breaks_the_nat_measures_the_outage_goes_back_and_arms(lab: Lab, alice: Person) -> None:
    assert why_not(alice.hand, Failure.FORWARDING, alice.hear) == []
    begun = lab.world.now()
    day = GameDay(alice.hand, Failure.FORWARDING, alice.hear).play()
    assert day.problems == []
    assert lab.cloud.lock_text() == "armed"
    assert set(lab.cloud.protected().values()) == {lab.cloud.primary_table}
    assert len(lab.results("failed-over")) == 1  # it was the function that failed over, and once
    lab.wait(2)
    assert len(lab.online()) == 6
    assert all(lab.network.reaches(host, TARGETS[0]) for host in lab.backends)

    # It is marked as a drill from beginning to end.
    subjects = [subject for _, subject, _ in lab.gateway.published]
    assert subjects
    assert all("DRILL: " in subject or "after the drill" in subject for subject in subjects), subjects
    assert [part.record.by_hand for part in day.parts if part.record is not None] == ["drill", "drill"]

    there, back = plays(alice, day)
    assert [m.step for m in there.moments] == [
        *(Milestone.FAILURE, Milestone.DETECTION, Milestone.DECISION, Milestone.SWAP, Milestone.RECOVERY)
    ]
    assert there.passed
    assert back.passed
    assert len(there.tracks) == len(back.tracks) == 6
    assert sum("UNREACHABLE" in sentence for sentence in there.evidence) >= 3
    # What the backends have measured is what the independent pinger has: one outage each, as long.
    for track in there.tracks:
        measured = lab.pinger.outage(track.host, begun)
        assert track.outage is not None
        assert measured is not None
        assert abs(track.outage - measured) < 1.0, (track, measured)
        assert 1.0 < track.outage < 60
    assert all((track.outage or 0.0) < 2.0 for track in back.tracks)
    text = page(report_of(day, alice.settings, place_of(alice.hand), lab.world.now(), Mailed()))
    assert "It is armed." in text
    assert "seconds from the first move" in text


@in_lab(settings={"egressAddress": EGRESS_PLACE})
def test_a_drill_waits_for_the_address_of_the_nat_that_has_given_up_the_egress_address(lab: Lab, alice: Person) -> None:
    day = GameDay(alice.hand, Failure.FORWARDING, alice.hear).play()
    assert day.problems == []
    assert lab.cloud.lock_text() == "armed"
    assert set(lab.cloud.protected().values()) == {lab.cloud.primary_table}
    nats = [alice.settings.primary_instance, alice.settings.standby_instance]
    waits = [text for text in alice.lines if "has no public address" in text]
    assert [text.split()[0] for text in waits] == nats


@in_lab(settings={"mode": "observe"})
def test_a_drill_by_hand_needs_no_failure_and_works_in_observe_mode(lab: Lab, alice: Person) -> None:
    (why,) = why_not(alice.hand, Failure.FORWARDING, alice.hear)
    assert "the mode is observe" in why
    assert why_not(alice.hand, Failure.SWAP, alice.hear) == []
    day = GameDay(alice.hand, Failure.SWAP, alice.hear).play()
    assert day.problems == []
    assert lab.cloud.lock_text() == "armed"
    assert set(lab.cloud.protected().values()) == {lab.cloud.primary_table}
    there, _ = plays(alice, day)
    assert Milestone.DETECTION not in {m.step for m in there.moments}


@in_lab()
def test_no_drill_on_a_pair_that_would_not_survive_it(lab: Lab, alice: Person) -> None:
    lab.network.flush_nat_rules("nat02")
    assert any("masquerading" in why for why in why_not(alice.hand, Failure.FORWARDING, alice.hear))
    lab.network.boot("nat02", lab.cloud.user_data)
    lab.run_command.offline.update(lab.backends[2:])
    assert any("2 backends can be judged" in why for why in why_not(alice.hand, Failure.FORWARDING, alice.hear))
    lab.run_command.offline.clear()
    lab.cloud.set_lock("paused")
    assert any("is not armed: paused" in why for why in why_not(alice.hand, Failure.FORWARDING, alice.hear))
    assert lab.gateway.replaced_at == []


@in_lab()
def test_a_nat_that_dies_after_a_drill_is_no_drill(lab: Lab, alice: Person) -> None:
    assert GameDay(alice.hand, Failure.FORWARDING, alice.hear).play().problems == []
    lab.wait(DRILL_LASTS)
    lab.network.flush_nat_rules("nat01")
    assert lab.wait_until(lambda: lab.lock_state() == "failed-over", 120)
    assert "byHand" not in (lab.cloud.lock_text() or "byHand")


@in_lab()
def test_where_the_function_does_not_fail_over_the_nat_is_mended_and_the_report_says_so(
    lab: Lab, alice: Person
) -> None:
    lab.gateway.faults.append(no_claim)
    day = GameDay(alice.hand, Failure.FORWARDING, alice.hear).play()
    assert len(day.parts) == 1
    assert any("has not failed over" in problem for problem in day.problems)
    # Nobody has written the lock, so that nobody is told to arm it.
    assert day.armed
    assert lab.lock_state() == "armed"
    lab.wait(3)
    assert len(lab.online()) == 6  # through the NAT that was broken, which forwards again
    (there,) = plays(alice, day)
    assert not there.passed
    assert Milestone.SWAP not in {m.step for m in there.moments}


@in_lab()
def test_a_backend_that_begins_to_watch_after_the_failure_is_named_and_its_outage_not_taken_for_the_whole(
    lab: Lab, alice: Person
) -> None:
    late = lab.backends[-1]
    alice.on["watching on 6 backends"] = lambda: lab.run_command.dead.add(late)
    alice.on[f"{lab.cloud.instances['nat01']} no longer forwards"] = lab.run_command.dead.clear
    day = GameDay(alice.hand, Failure.FORWARDING, alice.hear).play()
    assert any(line.startswith(f"without {late} ") for line in alice.lines)
    (problem,) = day.problems
    assert re.fullmatch(rf"{late} \(i-\w+\) began to watch \d\.\d s too late: it may have been .*", problem)
    assert day.armed


@in_lab()
def test_where_the_way_back_fails_what_was_measured_is_told_all_the_same(lab: Lab, alice: Person) -> None:
    alice.on["the failover's claim"] = lambda: lab.gateway.faults.append(no_command)
    day = GameDay(alice.hand, Failure.FORWARDING, alice.hear).play()
    there, back = plays(alice, day)
    assert there.passed
    assert len([track for track in there.tracks if track.outage]) == 6
    (why, unarmed) = day.problems
    assert why == f"{NO_COMMAND}. How it stands: nat-failover status main"
    assert unarmed == "the pair is not armed: nothing fails over"
    assert back.problems == (why,)
    assert all(-60 < at < 600 for at, _ in back.log)
    assert lab.lock_state() == "failed-over"


@in_lab()
def test_a_drill_begins_as_soon_as_every_backend_watches(lab: Lab, alice: Person) -> None:
    watches = Watches(alice.hand, alice.hand.backends(), 60)
    begun = lab.world.now()
    assert watches.begin() == []
    assert lab.world.now() - begun < 5
    assert all(watch.begun is not None and watch.begun < lab.world.now() for watch in watches.end())


@in_lab()
def test_where_time_runs_out_on_the_way_the_report_says_who_goes_on(lab: Lab, alice: Person) -> None:
    alice.on["2 subnets"] = alice.on["the other"] = lambda: lab.wait(200)
    day = GameDay(alice.hand, Failure.SWAP, alice.hear).play()
    assert any("the function finishes what the lock says" in problem for problem in day.problems), day.problems


@in_lab()
def test_a_nat_that_can_t_be_broken_ends_the_drill_before_it_has_begun(lab: Lab, alice: Person) -> None:
    lab.run_command.dead.add("nat01")
    with pytest.raises(CommandError, match=r"has not answered\. To have it forward"):
        GameDay(alice.hand, Failure.FORWARDING, alice.hear).play()
    assert lab.lock_state() == "armed"
    lab.wait(2)
    assert len(lab.online()) == 6
