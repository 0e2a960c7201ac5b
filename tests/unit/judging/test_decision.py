"""The decision: its rules in their order, each with the reason that a person reads."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from nat_failover.judging.decision import ASK_AGAIN_AFTER, Action, Cause, Decision, decide
from nat_failover.lock.record import LockState
from nat_failover.network.instances import Nat
from nat_failover.probing.observation import Observation, State
from tests.examples import (
    BACKENDS,
    NOW,
    PRIMARY,
    PRIMARY_TABLE,
    STANDBY,
    STANDBY_TABLE,
    control,
    failures,
    observation,
    settings,
    situation,
)


def decision(settings_: dict[str, Any] | None = None, **changes: Any) -> Decision:
    """Decide in the situation in which a failover is due, but for some changes."""
    return decide(situation(**changes), settings(**(settings_ or {})))


def pending(host: str, *, asked_at: float, window: int = 0) -> Observation:
    """A host that has been asked and has said nothing yet."""
    return Observation(host, State.PENDING, NOW, NOW, asked_at, False, running_until=asked_at + window)


def healthy(*hosts: str) -> list[Observation]:
    """Hosts whose watch says nothing, which is well."""
    return [Observation(h, State.REACHABLE, NOW - 6, NOW - 6, NOW - 100, False, running_until=NOW + 500) for h in hosts]


def booted(nat: str, age: float) -> dict[str, Nat]:
    """Both NATs, one of which was started so many seconds ago."""
    nats = {i: Nat(i, "running", NOW - 90_000) for i in (PRIMARY, STANDBY)}
    return nats | {nat: Nat(nat, "running", NOW - age)}


# The one case in which something is done


def test_three_fresh_failures_while_the_passive_nat_is_fine_fail_over_to_the_passive_table() -> None:
    decided = decision()
    assert (decided.action, decided.cause) == (Action.FAIL_OVER, Cause.ENOUGH_FAILURES)
    assert decided.to_table == STANDBY_TABLE
    assert decided.control == control()
    assert sorted(o.host for o in decided.evidence) == list(BACKENDS[:3])


def test_the_reason_of_a_failover_names_the_hosts_and_the_passive_nat() -> None:
    reason = decision(backends=[*failures(), *healthy(BACKENDS[5])]).reason
    assert reason.startswith("3 of 4 backends can't reach the Internet")
    assert all(host in reason for host in (*BACKENDS[:3], STANDBY))


def test_the_pair_is_symmetric_after_a_failover_the_primary_is_the_control_and_the_way_back() -> None:
    back = decision(
        active=STANDBY_TABLE,
        subnets={PRIMARY_TABLE: (), STANDBY_TABLE: ("subnet-a",)},
        control=[replace(control(), host=PRIMARY)],
    )
    assert (back.action, back.to_table) == (Action.FAIL_OVER, PRIMARY_TABLE)
    assert PRIMARY in back.reason


def test_a_passive_table_named_by_what_is_active_is_the_one_that_is_asked_for() -> None:
    assert decision(control=[]).ask == (STANDBY,)
    assert decision(control=[], active=STANDBY_TABLE).ask == (PRIMARY,)


@pytest.mark.parametrize("threshold", [1, 3, 5])
def test_as_many_failures_as_the_threshold_says_are_enough_and_one_less_is_not(threshold: int) -> None:
    told = {"failure_threshold": threshold}
    few = [*failures(threshold - 1), *healthy(*BACKENDS[5:])]
    assert decision(told, backends=failures(threshold)).action is Action.FAIL_OVER
    assert decision(told, backends=few).action is Action.HOLD


# The rules, in their order: each situation breaks one rule and every one after it

DEAD_NAT = {STANDBY: Nat(STANDBY, "stopped", NOW - 10), PRIMARY: Nat(PRIMARY, "running", NOW - 10)}
AFTER: dict[Cause, dict[str, Any]] = {
    Cause.WARM_UP: {"nats": booted(PRIMARY, 10)},
    Cause.CONTROL_DOWN: {"control": [control(State.UNREACHABLE)]},
    Cause.UNCONFIRMED: {"control": []},
    Cause.FEW_FAILURES: {"backends": [*failures(2), *healthy(BACKENDS[5])]},
    Cause.CANNOT_JUDGE: {"backends": failures(2)},
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
    assert alarming == {Cause.SPLIT, Cause.NO_SUBNETS, Cause.CANNOT_JUDGE, Cause.UNCONFIRMED, Cause.CONTROL_DOWN}


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


@pytest.mark.parametrize("state", [State.BROKEN, State.WARMING_UP, State.SILENT])
def test_hosts_that_can_not_say_are_not_usable(state: State) -> None:
    decided = decision(backends=[*healthy(*BACKENDS[:2]), observation(BACKENDS[3], state)])
    assert decided.cause is Cause.CANNOT_JUDGE
    assert "2 of 3 backends asked can be judged, 3 are needed" in decided.reason


def test_nobody_to_ask_can_not_be_judged() -> None:
    decided = decision(backends=[])
    assert decided.cause is Cause.CANNOT_JUDGE
    assert "no backend has been asked" in decided.reason


def test_hosts_that_have_yet_to_answer_are_waited_for_without_alarm() -> None:
    decided = decision(backends=[*healthy(BACKENDS[0]), *(pending(h, asked_at=NOW - 1) for h in BACKENDS[1:3])])
    assert (decided.cause, decided.alarming) == (Cause.WAITING, False)


def test_a_host_that_has_not_been_heard_of_for_a_period_and_the_freshness_is_not_usable() -> None:
    age = settings().period + settings().freshness
    old, older = (failures(3, state=State.REACHABLE, at=NOW - a) for a in (age, age + 1))
    assert decision(backends=old).cause is Cause.HEALTHY
    assert decision(backends=older).cause is Cause.CANNOT_JUDGE


def test_usable_hosts_of_which_none_fails_are_well() -> None:
    decided = decision(backends=[*healthy(*BACKENDS[:4]), observation(BACKENDS[5], State.BROKEN)])
    assert (decided.cause, decided.evidence, decided.ask) == (Cause.HEALTHY, (), ())
    assert decided.reason == "all is well (1 broken, 4 reachable)"


# Freshness


def test_failures_that_are_not_fresh_are_asked_for_again() -> None:
    stale = failures(2, at=NOW - 30.1, since=NOW - 32)
    decided = decision(backends=[*stale, observation(BACKENDS[2])])
    assert (decided.cause, decided.ask) == (Cause.UNCONFIRMED, BACKENDS[:2])
    assert "only 1 of them within 30 s" in decided.reason


def test_a_failure_is_fresh_for_as_long_as_the_freshness_says() -> None:
    backends = failures(at=NOW - 30, since=NOW - 31, asked_at=NOW - 40)
    assert decision(backends=backends).action is Action.FAIL_OVER
    assert decision({"freshness": 29.0}, backends=backends).cause is Cause.UNCONFIRMED


def test_a_host_that_is_being_asked_already_is_not_asked_for_once_more() -> None:
    stale = failures(3, at=NOW - 40, since=NOW - 42)
    asked = [pending(BACKENDS[0], asked_at=NOW - 9), pending(BACKENDS[1], asked_at=NOW - 11)]
    assert decision(backends=[*stale, *asked]).ask == BACKENDS[1:3]


def test_a_failure_that_the_host_has_refuted_since_is_none() -> None:
    backends = [*failures(), *healthy(BACKENDS[5]), observation(BACKENDS[0], State.REACHABLE, at=NOW - 1)]
    decided = decision(backends=backends)
    assert decided.cause is Cause.FEW_FAILURES
    assert BACKENDS[0] not in decided.reason


def test_a_watch_that_has_gone_on_after_a_failure_refutes_it() -> None:
    older = failures(at=NOW - 10, since=NOW - 12, asked_at=NOW - 200)
    assert decision(backends=[*older, *healthy(*BACKENDS[:3])]).cause is Cause.HEALTHY


def watch_that_goes_on(host: str) -> Observation:
    at = NOW - 6
    return Observation(host, State.REACHABLE, at, at, NOW - 400, False, running_until=NOW + 200)


def answered_long_ago(host: str, state: State) -> Observation:
    return observation(host, state, at=NOW - 200, since=NOW - 200, asked_at=NOW - 201)


def test_a_watch_that_goes_on_is_believed_after_the_host_was_asked_beside_it_and_was_well() -> None:
    words = [w for n in range(3) for w in (watch_that_goes_on(f"i-{n}"), answered_long_ago(f"i-{n}", State.REACHABLE))]
    assert decision(backends=words).cause is Cause.HEALTHY


@pytest.mark.parametrize("state", [State.BROKEN, State.SILENT, State.WARMING_UP, State.UNREACHABLE])
def test_a_watch_that_goes_on_is_not_believed_where_the_host_has_said_otherwise_since(state: State) -> None:
    words = [w for n in range(3) for w in (watch_that_goes_on(f"i-{n}"), answered_long_ago(f"i-{n}", state))]
    assert decision(backends=words).cause is Cause.CANNOT_JUDGE


def test_being_asked_again_does_not_refute_a_failure() -> None:
    asked = [pending(host, asked_at=NOW - 1, window=600) for host in BACKENDS[:3]]
    assert decision(backends=[*failures(), *asked]).action is Action.FAIL_OVER


def test_two_failures_of_one_host_are_one() -> None:
    twice = [*failures(1), *failures(1, at=NOW - 1), *failures(1, at=NOW - 3), *healthy(*BACKENDS[5:])]
    assert decision(backends=twice).cause is Cause.FEW_FAILURES


# A few failures


def test_a_few_failures_have_the_passive_nat_asked_so_that_its_answer_is_there_in_time() -> None:
    backends = [*failures(2), *healthy(*BACKENDS[5:])]
    assert decision(backends=backends, control=[]).ask == (STANDBY,)
    assert decision(backends=backends, control=[control(asked_at=NOW - 60, elapsed=1.0)]).ask == (STANDBY,)
    assert decision(backends=backends).ask == ()


def test_a_few_failures_are_named_with_how_many_it_would_take() -> None:
    decided = decision(backends=[*failures(2), *healthy(*BACKENDS[5:])])
    assert f"2 of 7 backends can't reach the Internet ({BACKENDS[0]}, {BACKENDS[1]}), 3 are needed" in decided.reason


def test_one_old_failure_is_asked_for_again_and_the_passive_nat_is_left_alone() -> None:
    backends = [*failures(1, at=NOW - 40, since=NOW - 41), *healthy(*BACKENDS[5:])]
    assert decision(backends=backends, control=[]).ask == (BACKENDS[0],)


# Warm-up


@pytest.mark.parametrize("nat", [PRIMARY, STANDBY])
def test_nothing_is_judged_while_either_nat_has_only_just_been_started(nat: str) -> None:
    decided = decision(nats=booted(nat, 299))
    assert decided.cause is Cause.WARM_UP
    assert f"the NAT {nat} was started 299 s ago, less than 300 s" in decided.reason
    assert decision(nats=booted(nat, 300)).action is Action.FAIL_OVER


def test_nothing_is_judged_while_the_passive_nat_says_that_it_has_only_just_booted() -> None:
    decided = decision(control=[control(uptime=299.0)])
    assert decided.cause is Cause.WARM_UP
    assert f"{STANDBY} has booted 299 s ago" in decided.reason
    assert decision(control=[control(uptime=300.0)]).action is Action.FAIL_OVER


def test_without_a_warm_up_a_nat_that_has_only_just_started_counts() -> None:
    assert decision({"warm_up": 0}, nats=booted(STANDBY, 1), control=[control(uptime=1.0)]).action is Action.FAIL_OVER


def test_a_start_that_lies_ahead_of_the_functions_clock_is_a_recent_one() -> None:
    assert decision(nats=booted(PRIMARY, -5)).cause is Cause.WARM_UP


def test_an_active_nat_that_is_gone_or_stopped_does_not_stop_a_failover() -> None:
    for state in ("stopped", "terminated", "gone"):
        nats = {PRIMARY: Nat(PRIMARY, state, None), STANDBY: Nat(STANDBY, "running", NOW - 90_000)}
        assert decision(nats=nats).action is Action.FAIL_OVER


def test_a_control_that_has_said_no_is_asked_again_after_a_while() -> None:
    for age, ask in ((ASK_AGAIN_AFTER, ()), (ASK_AGAIN_AFTER + 0.1, (STANDBY,))):
        old = control(State.UNREACHABLE, at=NOW - age, since=NOW - age, asked_at=NOW - age - 1)
        backends = failures(at=NOW - age - 2, since=NOW - age - 3)
        decided = decision(control=[old], backends=backends)
        assert (decided.cause, decided.ask) == (Cause.CONTROL_DOWN, ask)
