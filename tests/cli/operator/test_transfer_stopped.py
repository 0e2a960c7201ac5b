"""A passage that somebody or something stops before its end, or that is not begun."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from nat_failover.cli.errors import CommandError
from nat_failover.cli.operator.plan import Ended
from nat_failover.cli.operator.preview import look_ahead
from tests.cli.person import BOB, Person, in_lab
from tests.gate.timing.rates import throttled
from tests.lab.cloud.execution import FunctionEndedError
from tests.lab.cloud.gateway import denying
from tests.lab.lab import Lab

# How often the clients of whoever acts try a call.
ATTEMPTS = 4


def record(lab: Lab) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(lab.cloud.lock_text() or "{}")
    return fields


def all_on(lab: Lab, table: str) -> bool:
    return set(lab.cloud.protected().values()) == {table}


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
def test_a_failback_goes_on_while_aws_throttles_the_lists_that_its_backends_answers_are_in(
    lab: Lab, alice: Person
) -> None:
    """More than a client tries by itself, in the middle of it: the subnets have been moved."""
    alice.fails_over()
    left = 3 * ATTEMPTS

    def throttling(operation: str, arguments: Mapping[str, Any]) -> ClientError | None:
        nonlocal left
        del arguments
        if operation != "ListCommandInvocations" or not left:
            return None
        left -= 1
        return throttled("ssm", operation)

    alice.on["asking"] = lambda: lab.gateway.faults.append(throttling)
    passed = alice.follows(alice.looks_ahead())
    assert left == 0
    assert (passed.ended, len(passed.online)) == (Ended.DONE, 6)


@in_lab()
def test_what_ec2_refuses_on_the_way_is_rolled_back_too(lab: Lab, alice: Person) -> None:
    alice.fails_over()
    refusal = denying(["ReplaceRouteTableAssociation"])
    alice.on["the other 2 subnets"] = lambda: lab.gateway.faults.append(refusal)
    alice.on["2 of 3 subnets could not be moved"] = lab.gateway.faults.clear
    passed = alice.follows(alice.looks_ahead())
    assert passed.ended is Ended.ROLLED_BACK, passed
    assert "UnauthorizedOperation" in passed.in_words
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
    assert "1 subnet lost" in passed.in_words
    assert record(lab)["state"] == "failed"


@in_lab()
def test_a_person_who_writes_the_lock_meanwhile_is_left_alone(lab: Lab, alice: Person) -> None:
    alice.fails_over()
    alice.on["asking 2 backends"] = lambda: lab.cloud.set_lock("paused")
    passed = alice.follows(alice.looks_ahead())
    assert passed.ended is Ended.ROLLED_BACK
    assert "written by somebody else" in passed.in_words
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
    assert any("has the claim for another" in line for line in alice.lines + bob.lines)


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
def test_a_failback_without_anybody_who_could_tell_is_not_planned(lab: Lab, alice: Person) -> None:
    alice.fails_over()
    lab.run_command.offline.update(lab.backends)
    assert "nobody could tell" in str(alice.looks_ahead().obstacle)


@in_lab()
def test_while_a_failover_is_under_way_a_person_has_to_wait(lab: Lab, alice: Person) -> None:
    ahead = alice.looks_ahead("failover")
    assert ahead.plan is not None
    fields = {"state": "failing-over", "owner": "somebody", "since": "2026-01-01T00:00:00Z"}
    tables = {"from": lab.cloud.primary_table, "to": lab.cloud.standby_table}
    lab.cloud.set_lock(json.dumps(fields | tables))
    assert "the function finishes it" in str(alice.looks_ahead("failover").obstacle)
    replaced = len(lab.gateway.replaced_at)
    with pytest.raises(CommandError, match="is under way"):
        alice.follows(ahead)
    assert len(lab.gateway.replaced_at) == replaced


@in_lab()
def test_what_a_failed_failover_has_left_is_moved_by_whoever_follows_its_mail(lab: Lab, alice: Person) -> None:
    refusing: list[object] = []

    def fault(operation: str, arguments: Mapping[str, Any]) -> ClientError | None:
        if operation != "ReplaceRouteTableAssociation" or arguments["AssociationId"] not in refusing:
            return None
        return denying([operation])(operation, arguments)

    refusing += [a for t in alice.hand.routes.read().by_id.values() for a in sorted(t.associations.values())[:1]]
    lab.gateway.faults.append(fault)
    lab.network.flush_nat_rules("nat01")
    assert lab.wait_until(lambda: lab.lock_state() == "failed", 60)
    lab.wait(20)
    assert set(lab.cloud.protected().values()) == {lab.cloud.primary_table, lab.cloud.standby_table}
    mail = next(text for _, subject, text in lab.gateway.published if "OFFLINE: the failover failed" in subject)
    assert "\n   nat-failover failover main --region eu-central-1 --to standby\n" in mail
    refusing.clear()  # her own permissions
    ahead = look_ahead(alice.hand, "failover", lab.cloud.standby_table, alice.hear, staged=False)
    assert alice.follows(ahead).ended is Ended.DONE
    assert all_on(lab, lab.cloud.standby_table)
    lab.wait(3)
    assert lab.online() == lab.backends
