"""Each decision to hold word by word, with its evidence, the control that it rests on, and whom it asks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from nat_failover.judging.decision import Action, Cause, Decision, decide
from nat_failover.lock.record import LockState
from nat_failover.network.instances import Nat
from nat_failover.probing.observation import State
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

S = settings()
THREE = ", ".join(BACKENDS[:3])
SEEN = f"3 of 3 backends can't reach the Internet ({THREE})"


def held(cause: Cause, reason: str, *evidence: object, **more: object) -> Decision:
    """Give a decision to hold."""
    return replace(Decision(Action.HOLD, cause, reason, tuple(evidence)), **more)  # type: ignore[arg-type]


def test_locked_it_says_why_and_what_the_backends_say() -> None:
    told = decide(situation(lock=LockState.PAUSED, lock_reason="paused by a person"), S)
    assert told == held(Cause.LOCKED, "paused by a person (3 unreachable)", *failures())


def test_split_it_says_which_subnet_uses_which_table() -> None:
    split = {PRIMARY_TABLE: ("subnet-a", "subnet-b"), STANDBY_TABLE: ("subnet-c",), "rtb-x": ()}
    where = f"{PRIMARY_TABLE}: subnet-a, subnet-b; {STANDBY_TABLE}: subnet-c; rtb-x: none"
    assert decide(situation(active=None, subnets=split), S) == held(
        Cause.SPLIT,
        f"the protected subnets are split over both route tables ({where}), and no failover is under way: "
        "associate all of them with one",
    )


def test_without_subnets_it_says_what_to_associate() -> None:
    assert decide(situation(active=None, subnets={STANDBY_TABLE: (), PRIMARY_TABLE: ()}), S) == held(
        Cause.NO_SUBNETS,
        f"no subnet is explicitly associated with {PRIMARY_TABLE} or {STANDBY_TABLE}: "
        "associate the private subnets with the primary route table",
    )


def test_failures_grown_stale_are_evidence_to_be_asked_again() -> None:
    old = failures(2, at=NOW - 31, since=NOW - 33)
    young = observation(BACKENDS[2])
    told = decide(situation(backends=[*old, young]), S)
    reason = "3 backends could not reach the Internet when last heard, but only 1 of them within 30 s: asking again"
    assert told == held(Cause.UNCONFIRMED, reason, *old, young, ask=BACKENDS[:2])


def test_too_few_that_can_be_judged_are_counted_by_their_words() -> None:
    states = (State.SILENT, State.WARMING_UP, State.BROKEN)
    others = [observation(host, state) for host, state in zip(BACKENDS[1:], states, strict=False)]
    told = decide(situation(backends=[observation(BACKENDS[0]), *others]), S)
    words = "1 broken, 1 silent, 1 unreachable, 1 warming up"
    reason = f"can't judge: 1 of 4 backends asked can be judged, 3 are needed ({words})"
    assert told == held(Cause.CANNOT_JUDGE, reason, observation(BACKENDS[0]))


def test_that_nobody_has_been_asked_is_said() -> None:
    told = decide(situation(backends=[]), S)
    reason = "can't judge: 0 of 0 backends asked can be judged, 3 are needed (no backend has been asked)"
    assert told == held(Cause.CANNOT_JUDGE, reason)


def test_all_is_well_with_all_that_was_said() -> None:
    asked = observation(BACKENDS[3], State.PENDING, explicit=False, running_until=NOW + 600)
    told = decide(situation(backends=[*failures(3, state=State.REACHABLE), asked]), S)
    assert told == held(Cause.HEALTHY, "all is well (3 reachable, 1 yet to answer)")


def test_few_failures_are_named_as_evidence() -> None:
    well = observation(BACKENDS[2], State.REACHABLE)
    told = decide(situation(backends=[*failures(2), well]), S)
    two = ", ".join(BACKENDS[:2])
    reason = f"2 of 3 backends can't reach the Internet ({two}), 3 are needed to fail over"
    assert told == held(Cause.FEW_FAILURES, reason, *failures(2))


def test_a_passive_table_out_of_order_is_told_with_the_evidence() -> None:
    told = decide(situation(passive_route="the default route of rtb-x is a blackhole"), S)
    reason = f"{SEEN}, but the default route of rtb-x is a blackhole: a swap would help nobody"
    assert told == held(Cause.CONTROL_DOWN, reason, *failures())


def test_a_control_that_has_not_answered_is_asked_with_the_evidence() -> None:
    reason = f"{SEEN}; waiting for the passive NAT {STANDBY} to say whether it can"
    assert decide(situation(control=[]), S) == held(Cause.UNCONFIRMED, reason, *failures(), ask=(STANDBY,))


def test_a_control_that_is_offline_is_told_with_its_word() -> None:
    answer = control(State.UNREACHABLE)
    reason = (
        f"{SEEN}, but neither can the passive NAT {STANDBY} be relied on, it is UNREACHABLE: "
        "the Internet or the standby is what is broken, a swap would help nobody"
    )
    assert decide(situation(control=[answer]), S) == held(Cause.CONTROL_DOWN, reason, *failures(), control=answer)


def test_a_nat_that_has_only_just_started_is_told_with_the_controls_word() -> None:
    nats = {PRIMARY: Nat(PRIMARY, "running", NOW - 90_000), STANDBY: Nat(STANDBY, "running", NOW - 100)}
    booting = "was started 100 s ago, less than 300 s: machines that boot may come in any order"
    reason = f"{SEEN}, but the NAT {STANDBY} {booting}"
    assert decide(situation(nats=nats), S) == held(Cause.WARM_UP, reason, *failures(), control=control())


def test_a_failover_is_told_with_the_controls_word() -> None:
    told = decide(situation(), S)
    assert told == Decision(
        Action.FAIL_OVER,
        Cause.ENOUGH_FAILURES,
        f"{SEEN}, while the passive NAT {STANDBY} can",
        tuple(failures()),
        control(),
        to_table=STANDBY_TABLE,
    )


# What the passive NAT has shared

SHARED = control(State.UNREACHABLE, at=NOW - 4, since=NOW - 6, asked_at=NOW - 6)
AGAIN = control(at=NOW - 1, since=NOW - 1, asked_at=NOW - 2, elapsed=0.5)


def doubted(**changes: Any) -> Decision:
    """Decide on failures of which the passive NAT has shared the end."""
    return decide(situation(backends=failures(**{"since": NOW - 5, **changes}), control=[SHARED, AGAIN]), S)


def test_failures_that_the_passive_nat_shared_are_asked_once_more_when_it_can_again() -> None:
    reason = f"{SEEN}, but until just now neither could the passive NAT {STANDBY}, which can again: asking once more"
    told = doubted()
    assert (told.cause, told.reason, told.control, told.ask) == (Cause.UNCONFIRMED, reason, AGAIN, BACKENDS[:3])
    assert told.evidence == tuple(failures(since=NOW - 5))


def test_a_failure_that_began_with_the_passive_nats_last_word_is_shared_and_a_later_one_is_not() -> None:
    assert doubted(since=NOW - 4).cause is Cause.UNCONFIRMED
    assert doubted(since=NOW - 3.99).cause is Cause.ENOUGH_FAILURES


def test_a_failure_told_to_a_question_from_after_the_recovery_is_not_shared() -> None:
    recovered = AGAIN.answered_from
    assert doubted(asked_at=recovered - 0.01).cause is Cause.UNCONFIRMED
    assert doubted(asked_at=recovered).cause is Cause.ENOUGH_FAILURES


def test_that_the_passive_nat_was_online_before_it_shared_the_trouble_is_no_recovery() -> None:
    before = control(at=NOW - 20, since=NOW - 20, asked_at=NOW - 21, elapsed=0.5)
    told = decide(situation(backends=failures(since=NOW - 5), control=[before, SHARED, AGAIN]), S)
    assert (told.cause, told.ask) == (Cause.UNCONFIRMED, BACKENDS[:3])


# When a few failures are reason enough to ask the passive NAT


def asked_with(**changes: Any) -> tuple[str, ...]:
    """Tell who is asked when one backend fails, whose trouble is four seconds old, and the passive NAT has spoken."""
    backends = [observation(BACKENDS[0]), *failures(3, state=State.REACHABLE)[1:]]
    return decide(situation(backends=backends, control=[control(**changes)]), S).ask


def test_the_passive_nat_is_asked_where_its_word_is_older_than_the_trouble_or_stale() -> None:
    assert asked_with(asked_at=NOW - 5, elapsed=0.5) == (STANDBY,)
    assert asked_with(asked_at=NOW - 4.5, elapsed=0.5) == ()
    assert asked_with(asked_at=NOW - 2, elapsed=0.5) == ()


def test_a_word_that_is_as_old_as_the_freshness_is_not_stale_yet() -> None:
    backends = [observation(BACKENDS[0], since=NOW - 40, at=NOW - 2), *failures(3, state=State.REACHABLE)[1:]]
    for age, asked in ((30.0, ()), (30.01, (STANDBY,))):
        answer = control(at=NOW - 1, asked_at=NOW - age, elapsed=0.0)
        assert decide(situation(backends=backends, control=[answer]), S).ask == asked
