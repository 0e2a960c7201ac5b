"""A game day that a person interrupts: nothing stays broken, and what is left to do is said."""

from __future__ import annotations

from nat_failover.cli.gameday.gameday import GameDay
from nat_failover.cli.gameday.result import Failure
from tests.cli.gameday.test_gameday import plays
from tests.cli.person import Person, in_lab
from tests.lab.lab import Lab


def interrupt() -> None:
    """Press Ctrl-C."""
    raise KeyboardInterrupt


@in_lab()
def test_whoever_interrupts_a_drill_before_anything_is_broken_has_nothing_left_to_do(lab: Lab, alice: Person) -> None:
    alice.on["watching on 6 backends"] = interrupt
    day = GameDay(alice.hand, Failure.FORWARDING, alice.hear).play()
    assert day.problems == ["interrupted (Ctrl-C): not everything was measured"]
    assert (day.left, day.armed, lab.lock_state()) == ([], True, "armed")


@in_lab()
def test_whoever_interrupts_a_drill_has_the_nat_mended_and_is_told_of_a_failover_that_came_all_the_same(
    lab: Lab, alice: Person
) -> None:
    alice.on[f"{lab.cloud.instances['nat01']} no longer forwards"] = interrupt
    day = GameDay(alice.hand, Failure.FORWARDING, alice.hear).play()
    assert f"{lab.cloud.instances['nat01']} forwards again" in alice.lines
    assert bool(day.left) is (lab.lock_state() != "armed") is not day.armed
    lab.wait(3)
    assert len(lab.online()) == 6


@in_lab()
def test_whoever_interrupts_a_drill_after_the_failover_is_told_the_way_back_and_has_the_report(
    lab: Lab, alice: Person
) -> None:
    alice.on["locked: failed over"] = interrupt
    alice.on["locked: a failover to"] = lambda: None
    day = GameDay(alice.hand, Failure.FORWARDING, alice.hear).play()
    assert day.left == [f"nat-failover {command} main --region eu-central-1" for command in ("failback", "rearm")]
    (there,) = plays(alice, day)
    assert "interrupted (Ctrl-C)" in there.problems[0]
    assert not day.armed
    assert set(lab.cloud.protected().values()) == {lab.cloud.standby_table}


@in_lab()
def test_whoever_interrupts_the_way_back_is_told_what_is_left(alice: Person) -> None:
    alice.on["the failover's claim"] = interrupt
    day = GameDay(alice.hand, Failure.FORWARDING, alice.hear).play()
    assert [part.name for part in day.parts] == ["failover", "failback"]
    assert day.left == [f"nat-failover {command} main --region eu-central-1" for command in ("failback", "rearm")]
