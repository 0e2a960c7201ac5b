"""The decision: its rules in their order, each with the reason that a person reads."""

from __future__ import annotations

from typing import Any

import pytest

from nat_failover.judging.decision import Action, Cause, Decision, decide
from nat_failover.lock.record import LockState
from nat_failover.network.instances import Nat
from nat_failover.probing.invocation import State
from tests.examples import (
    BACKENDS,
    NOW,
    PRIMARY,
    PRIMARY_TABLE,
    STANDBY,
    STANDBY_TABLE,
    failures,
    observation,
    settings,
    situation,
    watching,
    well,
)


def decision(settings_: dict[str, Any] | None = None, **changes: Any) -> Decision:
    """Decide in the situation in which a failover is due, but for some changes."""
    return decide(situation(**changes), settings(**(settings_ or {})))


def booted(nat: str, age: float) -> dict[str, Nat]:
    """Both NATs, one of which was started so many seconds ago."""
    nats = {i: Nat(i, "running", NOW - 90_000) for i in (PRIMARY, STANDBY)}
    return nats | {nat: Nat(nat, "running", NOW - age)}


# The one case in which something is done


def test_three_fresh_failures_while_the_passive_nat_is_fine_fail_over_to_the_passive_table() -> None:
    decided = decision()
    assert (decided.action, decided.cause) == (Action.FAIL_OVER, Cause.ENOUGH_FAILURES)
    assert decided.to_table == STANDBY_TABLE
    assert sorted(o.host for o in decided.evidence) == list(BACKENDS[:3])


def test_the_reason_of_a_failover_names_the_hosts_and_the_passive_nat() -> None:
    reason = decision(backends=[*failures(), *well(BACKENDS[5])]).reason
    assert reason.startswith("3 of 4 backends can't reach the Internet")
    assert all(host in reason for host in (*BACKENDS[:3], STANDBY))


def test_the_pair_is_symmetric_after_a_failover_the_primary_is_the_way_back() -> None:
    back = decision(active=STANDBY_TABLE, subnets={PRIMARY_TABLE: (), STANDBY_TABLE: ("subnet-a",)})
    assert (back.action, back.to_table) == (Action.FAIL_OVER, PRIMARY_TABLE)
    assert PRIMARY in back.reason


@pytest.mark.parametrize("threshold", [1, 3, 5])
def test_as_many_failures_as_the_threshold_says_are_enough_and_one_less_is_not(threshold: int) -> None:
    changes = {"failure_threshold": threshold}
    few = [*failures(threshold - 1), *well(*BACKENDS[5:])]
    assert decision(changes, backends=failures(threshold)).action is Action.FAIL_OVER
    assert decision(changes, backends=few).action is Action.HOLD


# The rules, in their order: each situation breaks one rule and every one after it

AFTER: dict[Cause, dict[str, Any]] = {
    Cause.WARM_UP: {"nats": booted(PRIMARY, 10)},
    Cause.UNCONFIRMED: {"backends": failures(by_passive=None)},
    Cause.CONTROL_DOWN: {"backends": failures(by_passive=False)},
    Cause.NOT_THE_NAT: {"backends": failures(by_active=True, by_passive=False)},
    Cause.FEW_FAILURES: {"backends": [*failures(2), *well(BACKENDS[5])]},
    Cause.CANNOT_JUDGE: {"backends": failures(2), "has_worked": True},
    Cause.NEVER_ONLINE: {"backends": failures(2), "has_worked": False},
    Cause.NO_SUBNETS: {"active": None, "subnets": {PRIMARY_TABLE: (), STANDBY_TABLE: ()}},
    Cause.SPLIT: {"active": None, "subnets": {PRIMARY_TABLE: ("subnet-a",), STANDBY_TABLE: ("subnet-b",)}},
    Cause.LOCKED: {"lock": LockState.FAILED_OVER, "lock_reason": "locked: failed over"},
}


@pytest.mark.parametrize("cause", list(AFTER))
def test_the_first_rule_that_applies_is_the_one_that_is_given(cause: Cause) -> None:
    broken: dict[str, Any] = {}
    for later, changes in AFTER.items():
        broken |= changes
        if later is cause:
            break
    decided = decision(**broken)
    assert (decided.action, decided.cause, decided.to_table) == (Action.HOLD, cause, None)
    assert decided.reason


@pytest.mark.parametrize("cause", list(AFTER))
def test_each_rule_holds_by_itself(cause: Cause) -> None:
    assert decision(**AFTER[cause]).cause is cause


def test_exactly_what_a_person_must_mend_is_alarming() -> None:
    alarming = {cause for cause in Cause if Decision(Action.HOLD, cause, "").alarming}
    assert alarming == {
        Cause.SPLIT,
        Cause.NO_SUBNETS,
        Cause.NEVER_ONLINE,
        Cause.CANNOT_JUDGE,
        Cause.UNCONFIRMED,
        Cause.NOT_THE_NAT,
        Cause.CONTROL_DOWN,
    }


# Locked, split, nothing to protect


@pytest.mark.parametrize("lock", [state for state in LockState if state is not LockState.ARMED])
def test_whatever_the_lock_says_but_armed_holds(lock: LockState) -> None:
    decided = decision(lock=lock, lock_reason="the lock's own reason")
    assert (decided.action, decided.cause) == (Action.HOLD, Cause.LOCKED)
    assert decided.reason == "the lock's own reason (3 unreachable)"


def test_backends_that_are_offline_while_locked_are_still_told() -> None:
    assert decision(lock=LockState.FAILED, lock_reason="x").evidence == tuple(failures())


def test_a_split_names_every_subnet_and_its_table() -> None:
    reason = decision(**AFTER[Cause.SPLIT]).reason
    assert f"{PRIMARY_TABLE}: subnet-a; {STANDBY_TABLE}: subnet-b" in reason


def test_no_subnet_names_the_tables_that_have_none() -> None:
    assert f"{PRIMARY_TABLE} or {STANDBY_TABLE}" in decision(**AFTER[Cause.NO_SUBNETS]).reason


# Too few to judge


@pytest.mark.parametrize("state", [State.BROKEN, State.SILENT])
def test_hosts_that_can_not_say_are_not_usable(state: State) -> None:
    decided = decision(backends=[*well(*BACKENDS[:2]), observation(BACKENDS[3], state)])
    assert decided.cause is Cause.CANNOT_JUDGE
    assert "2 of 3 backends asked can be judged, 3 are needed" in decided.reason


def test_nobody_to_ask_can_not_be_judged() -> None:
    decided = decision(backends=[])
    assert decided.cause is Cause.CANNOT_JUDGE
    assert "no backend has been asked" in decided.reason


def test_hosts_that_have_yet_to_answer_are_waited_for_without_alarm() -> None:
    decided = decision(backends=[*well(BACKENDS[0]), *watching(*BACKENDS[1:3])])
    assert (decided.cause, decided.alarming, decided.ask) == (Cause.WAITING, False, BACKENDS[1:3])


def test_usable_hosts_of_which_none_fails_are_well() -> None:
    decided = decision(backends=[*well(*BACKENDS[:4]), observation(BACKENDS[5], State.BROKEN)])
    assert (decided.cause, decided.evidence, decided.ask) == (Cause.HEALTHY, (), ())
    assert decided.reason == "all is well (1 broken, 4 reachable)"


# What EC2 says of the passive NAT


def test_a_passive_table_that_would_not_carry_traffic_holds_and_says_why() -> None:
    decided = decision(passive_route="the default route of rtb-1 is a blackhole")
    assert decided.cause is Cause.CONTROL_DOWN
    assert "the default route of rtb-1 is a blackhole: a failover would not help" in decided.reason


@pytest.mark.parametrize("state", ["stopped", "stopping", "pending", "shutting-down", "terminated", "gone"])
def test_a_passive_nat_that_does_not_run_holds(state: str) -> None:
    decided = decision(nats={STANDBY: Nat(STANDBY, state, NOW - 90_000)})
    assert decided.cause is Cause.CONTROL_DOWN
    assert f"the passive NAT {STANDBY} is {state}" in decided.reason


@pytest.mark.parametrize(
    ("nats", "in_words"),
    [
        ({}, f"the passive NAT {STANDBY} is gone"),
        ({STANDBY: Nat(STANDBY, "running", NOW - 90_000, checked=True)}, "its source/destination check on"),
    ],
)
def test_a_passive_nat_that_ec2_would_not_let_forward_holds(nats: dict[str, Nat], in_words: str) -> None:
    decided = decision(nats=nats)
    assert decided.cause is Cause.CONTROL_DOWN
    assert in_words in decided.reason


EGRESS = {"egress_allocation": "eipalloc-0123456789abcdef0"}
BARE = {STANDBY: Nat(STANDBY, "running", NOW - 90_000)}


@pytest.mark.parametrize("by_passive", [None, False])
def test_a_passive_nat_without_a_public_address_holds_says_so_and_nobody_is_asked(by_passive: bool | None) -> None:
    decided = decision(EGRESS, nats=BARE, backends=failures(by_passive=by_passive))
    assert (decided.cause, decided.ask) == (Cause.CONTROL_DOWN, ())
    assert f"the passive NAT {STANDBY} has no public address and can't take over until it has one" in decided.reason


def test_that_hosts_get_through_it_proves_more_than_what_ec2_says_of_its_address() -> None:
    assert decision(EGRESS, nats=BARE).action is Action.FAIL_OVER


def test_without_an_egress_address_nobody_is_judged_by_a_public_address() -> None:
    assert decision(nats=BARE, backends=failures(by_passive=None)).cause is Cause.UNCONFIRMED


# Warm-up


def test_nothing_is_judged_while_the_active_nat_has_only_just_been_started() -> None:
    decided = decision(nats=booted(PRIMARY, 299))
    assert decided.cause is Cause.WARM_UP
    assert f"the active NAT {PRIMARY} was started 299 s ago, less than 300 s" in decided.reason
    assert decision(nats=booted(PRIMARY, 300)).action is Action.FAIL_OVER


def test_a_passive_nat_that_has_only_just_been_started_and_carries_their_traffic_will_do() -> None:
    assert decision(nats=booted(STANDBY, 1)).action is Action.FAIL_OVER


@pytest.mark.parametrize(("ago", "cause"), [(99, Cause.ENOUGH_FAILURES), (100, Cause.WARM_UP)])
def test_the_warm_up_is_over_once_a_backend_was_online_since_the_start(ago: float, cause: Cause) -> None:
    online = well(BACKENDS[0], at=NOW - ago, asked_at=NOW - ago)
    assert decision(backends=[*failures(), *online], nats=booted(PRIMARY, 100)).cause is cause


def test_without_a_warm_up_a_nat_that_has_only_just_started_counts() -> None:
    assert decision({"warm_up": 0}, nats=booted(PRIMARY, 1)).action is Action.FAIL_OVER


def test_a_start_that_lies_ahead_of_the_functions_clock_is_a_recent_one() -> None:
    assert decision(nats=booted(PRIMARY, -5)).cause is Cause.WARM_UP


@pytest.mark.parametrize("state", ["stopped", "terminated", "gone"])
def test_an_active_nat_that_is_gone_or_stopped_does_not_stop_a_failover(state: str) -> None:
    nats = {PRIMARY: Nat(PRIMARY, state, None), STANDBY: Nat(STANDBY, "running", NOW - 90_000)}
    assert decision(nats=nats).action is Action.FAIL_OVER
