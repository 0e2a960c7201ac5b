"""Each decision word by word, with its evidence, and whom it asks."""

from __future__ import annotations

from dataclasses import replace

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
)

S = settings()
THREE = ", ".join(BACKENDS[:3])
SEEN = f"3 of 3 backends can't reach the Internet ({THREE})"


def held(cause: Cause, reason: str, *evidence: object, **more: object) -> Decision:
    """Give a decision to hold."""
    return replace(Decision(Action.HOLD, cause, reason, tuple(evidence)), **more)  # type: ignore[arg-type]


def test_locked_it_says_why_and_what_the_backends_say() -> None:
    decided = decide(situation(lock=LockState.PAUSED, lock_reason="paused by a person"), S)
    assert decided == held(Cause.LOCKED, "paused by a person (3 unreachable)", *failures())


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
    decided = decide(situation(backends=[*old, young]), S)
    reason = "3 backends could not reach the Internet when last heard, but only 1 of them within 30 s: asking again"
    assert decided == held(Cause.UNCONFIRMED, reason, *old, young, ask=(STANDBY, *BACKENDS[:2]))


def test_too_few_that_can_be_judged_are_counted_by_their_words() -> None:
    states = (State.SILENT, State.BROKEN)
    others = [observation(host, state) for host, state in zip(BACKENDS[1:], states, strict=False)]
    decided = decide(situation(backends=[observation(BACKENDS[0]), *others]), S)
    counts = "1 broken, 1 silent, 1 unreachable"
    reason = f"can't judge: 1 of 3 backends asked can be judged, 3 are needed ({counts})"
    assert decided == held(Cause.CANNOT_JUDGE, reason, observation(BACKENDS[0]))


def test_that_nobody_has_been_asked_is_said() -> None:
    decided = decide(situation(backends=[]), S)
    reason = "can't judge: 0 of 0 backends asked can be judged, 3 are needed (no backend has been asked)"
    assert decided == held(Cause.CANNOT_JUDGE, reason)


def test_all_is_well_with_all_that_was_said() -> None:
    pending = observation(BACKENDS[3], State.PENDING, explicit=False, running_until=NOW + 600)
    decided = decide(situation(backends=[*failures(3, state=State.REACHABLE), pending]), S)
    assert decided == held(Cause.HEALTHY, "all is well (3 reachable, 1 yet to answer)")


def test_few_failures_are_named_as_evidence() -> None:
    well = observation(BACKENDS[2], State.REACHABLE)
    decided = decide(situation(backends=[*failures(2), well]), S)
    two = ", ".join(BACKENDS[:2])
    reason = f"2 of 3 backends can't reach the Internet ({two}), 3 are needed to fail over"
    assert decided == held(Cause.FEW_FAILURES, reason, *failures(2))


def test_a_passive_table_out_of_order_is_told_with_the_evidence() -> None:
    decided = decide(situation(passive_route="the default route of rtb-x is a blackhole"), S)
    reason = f"{SEEN}, but the default route of rtb-x is a blackhole: a failover would not help"
    assert decided == held(Cause.CONTROL_DOWN, reason, *failures())


def test_hosts_of_which_nobody_knows_whether_they_get_through_the_passive_nat_are_asked() -> None:
    untried = failures(by_passive=None)
    reason = f"{SEEN}; whether they can through the passive NAT {STANDBY} is not known yet"
    decided = decide(situation(backends=untried), S)
    assert decided == held(Cause.UNCONFIRMED, reason, *untried, ask=(STANDBY, *BACKENDS[:3]))


def test_hosts_that_do_not_get_through_the_passive_nat_either_are_counted() -> None:
    lost = [*failures(2, by_passive=False), observation(BACKENDS[2])]
    reason = (
        f"{SEEN}, and 2 of them can't through the passive NAT {STANDBY} either: "
        "the Internet or the standby is broken, and a failover would not help"
    )
    assert decide(situation(backends=lost), S) == held(Cause.CONTROL_DOWN, reason, *lost)


def test_an_active_nat_that_has_only_just_started_is_told() -> None:
    nats = {PRIMARY: Nat(PRIMARY, "running", NOW - 100), STANDBY: Nat(STANDBY, "running", NOW - 90_000)}
    booting = "was started 100 s ago, less than 300 s: machines that start together come up in any order"
    reason = f"{SEEN}, but the active NAT {PRIMARY} {booting}"
    assert decide(situation(nats=nats), S) == held(Cause.WARM_UP, reason, *failures())


def test_a_failover_says_by_which_way_they_can() -> None:
    assert decide(situation(), S) == Decision(
        Action.FAIL_OVER,
        Cause.ENOUGH_FAILURES,
        f"{SEEN}, while 3 of them can through the passive NAT {STANDBY}",
        tuple(failures()),
        to_table=STANDBY_TABLE,
    )
