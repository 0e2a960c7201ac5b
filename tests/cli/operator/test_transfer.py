"""The subnets' passage by a person's hand, in the lab, where the function watches: there, back, and half-way."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from nat_failover.cli.errors import CommandError
from nat_failover.cli.operator.fitness import bad
from nat_failover.cli.operator.plan import Ended
from tests.cli.person import ALICE, BOB, Person, in_lab
from tests.lab.cloud.execution import FunctionEndedError
from tests.lab.cloud.gateway import denying
from tests.lab.cloud.template import EGRESS_PLACE
from tests.lab.lab import Lab
from tests.lab.network.layout import EGRESS, standard_layout

NETWORKS = ["simulated", pytest.param("namespaces", marks=pytest.mark.namespaces)]


def record(lab: Lab) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(lab.cloud.lock_text() or "{}")
    return said


def all_on(lab: Lab, table: str) -> bool:
    return set(lab.cloud.protected().values()) == {table}


def longest(lab: Lab, since: float) -> float:
    """Give the longest outage of any backend since then; one that has not ended fails the test."""
    outages = [lab.pinger.outage(host, since) for host in lab.backends]
    assert None not in outages, outages
    return max(outage for outage in outages if outage is not None)


@in_lab()
def test_a_failback_moves_one_subnet_first_asks_its_backends_and_then_moves_the_rest(lab: Lab, alice: Person) -> None:
    assert alice.fails_over().ended is Ended.DONE
    assert all_on(lab, lab.cloud.standby_table)
    lab.gateway.replaced_at.clear()
    begun = lab.world.now()
    passed = alice.follows(alice.looks_ahead())
    assert passed.ended is Ended.DONE
    assert all_on(lab, lab.cloud.primary_table)
    assert sorted(passed.moved) == sorted(lab.cloud.subnets[s.name] for s in lab.network.layout.private_subnets)
    assert len(passed.online) == len(passed.asked) == 6
    first, *rest = lab.gateway.replaced_at
    assert len(rest) == 2
    assert min(rest) - first > 1.0  # its backends were asked in between
    assert max(rest) - min(rest) < 1.0  # and the others went together
    lab.wait(2)
    assert longest(lab, begun) < 1.0
    said = record(lab)
    assert (said["state"], said["owner"]) == ("failed-over", ALICE)
    assert said["to"] == lab.cloud.primary_table
    assert said["reason"] == f"failback by hand: {ALICE}"
    assert "6 of 6 backends online" in said["outcome"]
    assert len(said["subnets"]) == 3
    # The function leaves it alone, and goes on when it is armed.
    lab.wait(130)
    assert all_on(lab, lab.cloud.primary_table)
    assert [i.error for i in lab.functions.invocations if i.error] == []


def _source_dest_check_on(lab: Lab) -> None:
    lab.cloud.set_source_dest_check("nat01", on=True)


def _stopped(lab: Lab) -> None:
    lab.network.stop("nat01")
    lab.run_command.dead.add("nat01")
    lab.cloud.stop_instance("nat01")


UNFIT: dict[str, Callable[[Lab], None]] = {
    "instance": _stopped,
    "source/destination check": _source_dest_check_on,
    "Internet": lambda lab: lab.network.set_uplink("nat01", False),
    "forwarding": lambda lab: lab.network.set_forwarding("nat01", False),
    "masquerading": lambda lab: lab.network.flush_nat_rules("nat01"),
}


def _as_it_was(lab: Lab) -> None:
    lab.network.start("nat01")
    lab.network.set_uplink("nat01", True)
    lab.network.boot("nat01", lab.cloud.user_data)
    lab.run_command.dead.clear()
    lab.cloud.ec2.start_instances(InstanceIds=[lab.cloud.instances["nat01"]])  # type: ignore[attr-defined]
    lab.cloud.set_source_dest_check("nat01", on=False)


@in_lab()
def test_a_nat_that_is_not_fit_is_found_out_before_anything_is_moved(lab: Lab, alice: Person) -> None:
    alice.fails_over()
    lock, replaced = lab.cloud.lock_text(), len(lab.gateway.replaced_at)
    for name, spoil in UNFIT.items():
        spoil(lab)
        found = [check.name for check in bad(list(alice.looks_ahead().checks))]
        assert name in found
        # The network obeys the check: with it on, the Internet is out of reach as well.
        assert name in ("instance", "source/destination check") or len(found) == 1, found
        _as_it_was(lab)
        lab.wait_until(lambda: not lab.run_command.is_deaf("nat01"), 180)
    assert bad(list(alice.looks_ahead().checks)) == []
    assert (lab.cloud.lock_text(), len(lab.gateway.replaced_at)) == (lock, replaced)


@pytest.mark.parametrize("network", NETWORKS)
@in_lab()
def test_a_target_that_dies_after_the_first_subnet_gets_no_other_and_gives_it_back(
    lab: Lab, alice: Person, network: str
) -> None:
    alice.fails_over()
    ahead = alice.looks_ahead()
    # On real packets this is the very script, which looks at the very rules.
    assert [c for c in ahead.checks if c.name in ("forwarding", "masquerading") and c.fit.value != "good"] == []
    lab.gateway.replaced_at.clear()
    alice.on["first "] = lambda: lab.network.flush_nat_rules("nat01")
    begun = lab.world.now()
    passed = alice.follows(ahead)
    assert passed.ended is Ended.ROLLED_BACK, passed
    assert passed.left == {}
    assert "0 subnets lost" in passed.said
    assert "2 of 2 backends are offline through the new path" in passed.said
    assert len(passed.online) == 6
    assert len(lab.gateway.replaced_at) == 2  # one there, one back
    assert all_on(lab, lab.cloud.standby_table)
    lab.wait(3)
    assert len(lab.online()) == 6
    assert longest(lab, begun) < 30
    said = record(lab)
    assert (said["state"], said["to"]) == ("failed-over", lab.cloud.standby_table)
    assert "rolled back" in said["outcome"]
    if network == "simulated":
        # The others are told within a tick or two.
        assert lab.wait_until(lambda: any("rolled back" in subject for _, subject, _ in lab.gateway.published), 130)


@in_lab(settings={"egressAddress": EGRESS_PLACE})
def test_a_target_that_dies_while_the_others_move_gives_all_of_them_back_and_the_address_too(
    lab: Lab, alice: Person
) -> None:
    assert alice.fails_over().egress is not None
    assert set(lab.seen_as().values()) == {EGRESS}
    alice.on["the other 2 subnets"] = lambda: lab.network.set_forwarding("nat01", False)
    passed = alice.follows(alice.looks_ahead())
    assert passed.ended is Ended.ROLLED_BACK, passed
    assert passed.egress is not None
    assert passed.egress.moved
    assert all_on(lab, lab.cloud.standby_table)
    lab.wait(3)
    assert set(lab.seen_as().values()) == {EGRESS}
    assert record(lab)["egress"]["moved"] is True


@in_lab(settings={"egressAddress": EGRESS_PLACE})
def test_the_egress_address_goes_there_and_back_with_the_subnets(lab: Lab, alice: Person) -> None:
    alice.fails_over()
    holders = [lab.cloud.elastic()]
    passed = alice.follows(alice.looks_ahead())
    lab.wait(3)
    holders.append(lab.cloud.elastic())
    assert holders == [{"nat02": EGRESS}, {"nat01": EGRESS}]
    assert passed.ended is Ended.DONE
    assert "egress address" in passed.said
    assert set(lab.seen_as().values()) == {EGRESS}


@pytest.mark.parametrize(
    ("dies_at", "ends_on"),
    [("asking 2 backends", "standby"), ("first ", "standby"), ("the other 2 subnets", "primary")],
)
@in_lab()
def test_where_the_person_s_machine_dies_half_way_the_function_finishes_on_the_nat_that_is_known_to_be_good(
    lab: Lab, alice: Person, dies_at: str, ends_on: str
) -> None:
    alice.fails_over()
    ahead = alice.looks_ahead()

    def die() -> None:
        alice.execution.killed = True

    alice.on[dies_at] = die
    with pytest.raises(FunctionEndedError):
        alice.follows(ahead)
    assert record(lab)["state"] == "failing-over"
    wanted = lab.cloud.standby_table if ends_on == "standby" else lab.cloud.primary_table
    assert lab.wait_until(lambda: record(lab)["state"] == "failed-over", 150), lab.cloud.lock_text()
    assert all_on(lab, wanted)
    assert record(lab)["to"] == wanted
    lab.wait(3)
    assert len(lab.online()) == 6


@in_lab()
def test_what_ec2_refuses_on_the_way_is_rolled_back_too(lab: Lab, alice: Person) -> None:
    alice.fails_over()
    refusal = denying(["ReplaceRouteTableAssociation"])
    alice.on["the other 2 subnets"] = lambda: lab.gateway.faults.append(refusal)
    alice.on["2 of 3 subnets could not be moved"] = lab.gateway.faults.clear
    passed = alice.follows(alice.looks_ahead())
    assert passed.ended is Ended.ROLLED_BACK, passed
    assert "UnauthorizedOperation" in passed.said
    assert all_on(lab, lab.cloud.standby_table)


@in_lab()
def test_subnets_that_can_be_moved_neither_there_nor_back_are_named_and_the_lock_says_failed(
    lab: Lab, alice: Person
) -> None:
    alice.fails_over()
    refusal = denying(["ReplaceRouteTableAssociation"])

    def break_and_refuse() -> None:
        lab.network.flush_nat_rules("nat01")
        lab.gateway.faults.append(refusal)

    alice.on["asking 2 backends"] = break_and_refuse
    passed = alice.follows(alice.looks_ahead())
    assert passed.ended is Ended.LEFT
    assert len(passed.left) == 1
    assert "1 subnets lost" in passed.said
    assert record(lab)["state"] == "failed"


@in_lab()
def test_a_person_who_writes_the_lock_meanwhile_is_left_alone(lab: Lab, alice: Person) -> None:
    alice.fails_over()
    alice.on["asking 2 backends"] = lambda: lab.cloud.set_lock("paused")
    passed = alice.follows(alice.looks_ahead())
    assert passed.ended is Ended.ROLLED_BACK
    assert "written by somebody else" in passed.said
    assert lab.cloud.lock_text() == "paused"
    assert all_on(lab, lab.cloud.standby_table)


@in_lab()
def test_of_two_people_who_act_at_once_one_acts_and_the_other_changes_nothing(lab: Lab, alice: Person) -> None:
    bob = Person(lab, BOB)
    plans = [person.looks_ahead("failover") for person in (alice, bob)]
    outcomes: list[object] = []

    def act(person: Person, plan: Any) -> None:
        try:
            outcomes.append(person.follows(plan).ended)
        except CommandError as error:
            outcomes.append(error)

    tasks = [
        lab.world.spawn(lambda p=person, a=plan: act(p, a), "person")  # type: ignore[misc]
        for person, plan in zip((alice, bob), plans, strict=True)
    ]
    for task in tasks:
        task.join()
    assert [o for o in outcomes if o is Ended.DONE] == [Ended.DONE]
    (refused,) = (str(o) for o in outcomes if o is not Ended.DONE)
    assert "the subnets' associations have changed meanwhile" in refused
    assert len(lab.gateway.replaced_at) == 3
    assert any("has the claim for another" in said for said in alice.said + bob.said)


@in_lab()
def test_a_failover_of_the_function_that_comes_first_makes_the_person_s_plan_void(lab: Lab, alice: Person) -> None:
    ahead = alice.looks_ahead("failover")
    lab.network.flush_nat_rules("nat01")
    assert lab.wait_until(lambda: lab.lock_state() == "failed-over", 60)
    with pytest.raises(CommandError, match="have changed meanwhile"):
        alice.follows(ahead)
    assert all_on(lab, lab.cloud.standby_table)
    assert record(lab)["owner"].startswith("request-")


@in_lab()
def test_where_the_active_nat_is_dead_already_whoever_is_back_online_counts(lab: Lab, alice: Person) -> None:
    lab.cloud.set_lock("paused")  # the function may not act: it is for the person
    lab.network.flush_nat_rules("nat01")
    lab.wait(2)
    ahead = alice.looks_ahead("failover")
    assert ahead.plan is not None
    assert ahead.plan.online == frozenset()
    passed = alice.follows(ahead)
    assert passed.ended is Ended.DONE
    assert len(passed.online) == 6


@in_lab(layout=standard_layout(subnets=1, backends=3))
def test_a_pair_with_one_subnet_goes_all_at_once_and_still_comes_back(lab: Lab, alice: Person) -> None:
    alice.fails_over()
    ahead = alice.looks_ahead()
    assert ahead.plan is not None
    assert ahead.plan.first == ()
    alice.on["1 subnets"] = lambda: lab.network.flush_nat_rules("nat01")
    assert alice.follows(ahead).ended is Ended.ROLLED_BACK
    assert all_on(lab, lab.cloud.standby_table)


@in_lab()
def test_a_failback_without_anybody_who_could_tell_is_not_planned(lab: Lab, alice: Person) -> None:
    alice.fails_over()
    lab.run_command.offline.update(lab.backends)
    assert "nobody could tell" in str(alice.looks_ahead().obstacle)


@in_lab()
def test_while_a_failover_is_under_way_a_person_has_to_wait(lab: Lab, alice: Person) -> None:
    ahead = alice.looks_ahead("failover")
    assert ahead.plan is not None
    said = {"state": "failing-over", "owner": "somebody", "since": "2026-01-01T00:00:00Z"}
    tables = {"from": lab.cloud.primary_table, "to": lab.cloud.standby_table}
    lab.cloud.set_lock(json.dumps(said | tables))
    assert "the function finishes it" in str(alice.looks_ahead("failover").obstacle)
    replaced = len(lab.gateway.replaced_at)
    with pytest.raises(CommandError, match="is under way"):
        alice.follows(ahead)
    assert len(lab.gateway.replaced_at) == replaced
