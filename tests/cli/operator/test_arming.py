"""Arming, pausing, resuming: written by whoever holds the claim, and only where it is of use."""

from __future__ import annotations

import json

import pytest

from nat_failover.cli.errors import CommandError
from nat_failover.cli.operator.arming import arm, pause, readiness
from nat_failover.lock.record import LockState
from tests.cli.person import ALICE, Person, in_lab
from tests.lab.lab import Lab


@in_lab()
def test_a_pair_whose_standby_is_well_is_worth_arming_and_the_function_fails_over_again_at_once(
    lab: Lab, alice: Person
) -> None:
    alice.fails_over()
    found = readiness(alice.hand, alice.hear)
    assert (found.refusals, found.warnings) == ((), ())
    arm(alice.hand, alice.hear, found.locks)
    assert lab.cloud.lock_text() == "armed"
    # That the person has asked beside the watches leaves the function as sure of the backends as before.
    armed = len(lab.functions.invocations)
    lab.wait(250)
    causes = {i.result["cause"] for i in lab.functions.invocations[armed:] if i.result}
    assert causes == {"HEALTHY"}
    lab.network.flush_nat_rules("nat02")
    # No claim of the person's stands in its way.
    assert lab.wait_until(lambda: lab.lock_state() == "failed-over", 30)
    assert set(lab.cloud.protected().values()) == {lab.cloud.primary_table}


@in_lab()
def test_a_dead_passive_nat_makes_arming_useless_and_is_named(lab: Lab, alice: Person) -> None:
    alice.fails_over()
    lab.network.flush_nat_rules("nat01")
    found = readiness(alice.hand, alice.hear)
    nat = lab.cloud.instances["nat01"]
    assert found.refusals == (f"the passive NAT {nat}: masquerading: its kernel does not translate",)


@in_lab()
def test_split_subnets_make_arming_useless(lab: Lab, alice: Person) -> None:
    tables = alice.hand.routes.read()
    primary = tables.by_id[lab.cloud.primary_table]
    alice.hand.routes.swap(
        lab.cloud.primary_table,
        lab.cloud.standby_table,
        tables,
        lambda: None,
        only=sorted(primary.associations)[:1],
    )
    assert readiness(alice.hand, alice.hear).refusals == ("the subnets are split over both tables",)


@in_lab()
def test_it_warns_where_too_few_backends_can_be_judged_and_where_arming_fails_over_at_once(
    lab: Lab, alice: Person
) -> None:
    lab.cloud.set_lock("paused")
    lab.run_command.offline.update(lab.backends[2:])
    assert readiness(alice.hand, alice.hear).warnings == ("2 backends can be judged, and a failover takes 3 that fail",)
    lab.run_command.offline.clear()
    lab.network.flush_nat_rules("nat01")
    assert readiness(alice.hand, alice.hear).warnings == (
        "6 backends are offline now: once armed, the function fails over",
    )


@in_lab()
def test_a_pause_says_who_when_and_why_and_keeps_the_function_from_probing(lab: Lab, alice: Person) -> None:
    before = alice.hand.lock.read()
    pause(alice.hand, alice.hear, before, "kernel update" * 100)
    fields = json.loads(lab.cloud.lock_text() or "")
    assert (fields["state"], fields["by"]) == ("paused", ALICE)
    assert fields["since"].startswith("2026-01-01T00:0")
    assert len(fields["reason"]) == 500
    paused = alice.hand.lock.read()
    assert paused.lock.state is LockState.PAUSED
    lab.wait(60)
    sent = lab.gateway.calls["ssm:SendCommand"]
    lab.wait(700)
    assert lab.gateway.calls["ssm:SendCommand"] == sent
    arm(alice.hand, alice.hear, paused)
    lab.wait(70)
    assert lab.gateway.calls["ssm:SendCommand"] > sent


@in_lab()
def test_a_lock_that_has_changed_since_the_person_looked_is_left_as_it_is(lab: Lab, alice: Person) -> None:
    seen = alice.hand.lock.read()
    lab.network.flush_nat_rules("nat01")
    assert lab.wait_until(lambda: lab.lock_state() == "failed-over", 60)
    text = lab.cloud.lock_text()
    with pytest.raises(CommandError, match="somebody has just written the lock"):
        pause(alice.hand, alice.hear, seen, "")
    assert lab.cloud.lock_text() == text
    assert any("has the claim for another" in line for line in alice.lines)
    # And the claim is free at once.
    assert not alice.hand.lock.read().is_claimed(alice.hand.runtime.now())


@in_lab()
def test_a_pair_without_a_lock_parameter_can_be_paused(lab: Lab, alice: Person) -> None:
    lab.cloud.set_lock(None)
    pause(alice.hand, alice.hear, alice.hand.lock.read(), "")
    assert lab.lock_state() == "paused"
