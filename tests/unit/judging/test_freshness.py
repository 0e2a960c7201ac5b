"""How old what hosts have said may be, and that a few failures are too few."""

from __future__ import annotations

from typing import Any

from nat_failover.judging.decision import Action, Cause, Decision, decide
from nat_failover.probing.invocation import State
from nat_failover.probing.signals import HEARD_WITHIN
from tests.examples import (
    BACKENDS,
    NOW,
    STANDBY,
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


# Freshness


def test_failures_that_are_not_fresh_are_asked_for_again() -> None:
    stale = failures(2, at=NOW - 30.1, since=NOW - 32)
    decided = decision(backends=[*stale, observation(BACKENDS[2])])
    assert (decided.cause, decided.ask) == (Cause.UNCONFIRMED, (STANDBY, *BACKENDS[:2]))
    assert "only 1 of them within 30 s" in decided.reason


def test_a_failure_is_fresh_for_as_long_as_the_freshness_says() -> None:
    backends = failures(at=NOW - 30, since=NOW - 31, asked_at=NOW - 40)
    assert decision(backends=backends, looking_since=NOW - 30).action is Action.FAIL_OVER
    assert decision({"freshness": 29.0}, backends=backends, looking_since=NOW - 30).cause is Cause.UNCONFIRMED


def test_a_failover_rests_on_hosts_that_were_offline_within_the_last_seconds_or_the_passive_nat_is_asked() -> None:
    assert decision(backends=failures(at=NOW - HEARD_WITHIN)).action is Action.FAIL_OVER
    decided = decision(backends=failures(at=NOW - HEARD_WITHIN - 0.1, since=NOW - 10))
    assert (decided.action, decided.cause) == (Action.HOLD, Cause.UNCONFIRMED)
    assert decided.ask == (STANDBY, *BACKENDS[:3])
    assert "only 0 were heard within the last 6 s: asking again" in decided.reason


def test_what_hosts_say_while_an_invocation_looks_is_no_older_than_its_question_however_slowly_it_comes() -> None:
    slow = failures(at=NOW - 12, since=NOW - 20, asked_at=NOW - 14)
    assert decision(backends=slow, looking_since=NOW - 15).action is Action.FAIL_OVER
    assert decision(backends=slow, looking_since=NOW - 11).cause is Cause.UNCONFIRMED


def test_as_many_as_the_threshold_have_to_be_offline_still_and_the_others_are_evidence_beside_them() -> None:
    old = [observation(host, at=NOW - 20, since=NOW - 22) for host in BACKENDS[3:8]]
    assert decision(backends=[*failures(2), *old]).cause is Cause.UNCONFIRMED
    decided = decision(backends=[*failures(3), *old])
    assert decided.action is Action.FAIL_OVER
    assert len(decided.evidence) == 8


def test_a_host_that_is_being_asked_already_is_not_asked_for_once_more() -> None:
    stale = failures(3, at=NOW - 40, since=NOW - 42)
    pending = [
        *watching(BACKENDS[0], asked_at=NOW - 9, running_until=NOW - 9),
        *watching(BACKENDS[1], asked_at=NOW - 11, running_until=NOW - 11),
    ]
    assert decision(backends=[*stale, *pending]).ask == (STANDBY, *BACKENDS[1:3])


def test_a_failure_that_the_host_has_refuted_since_is_none() -> None:
    backends = [*failures(), *well(BACKENDS[5]), observation(BACKENDS[0], State.REACHABLE, at=NOW - 1)]
    decided = decision(backends=backends)
    assert decided.cause is Cause.FEW_FAILURES
    assert BACKENDS[0] not in decided.reason


def test_being_asked_again_does_not_refute_a_failure() -> None:
    pending = watching(*BACKENDS[:3], asked_at=NOW - 1)
    assert decision(backends=[*failures(), *pending]).action is Action.FAIL_OVER


def test_two_failures_of_one_host_are_one() -> None:
    twice = [*failures(1), *failures(1, at=NOW - 1), *failures(1, at=NOW - 3), *well(*BACKENDS[5:])]
    assert decision(backends=twice).cause is Cause.FEW_FAILURES


# A few failures


def test_a_few_failures_are_named_with_how_many_it_would_take() -> None:
    decided = decision(backends=[*failures(2), *well(*BACKENDS[5:])])
    assert f"2 of 7 backends can't reach the Internet ({BACKENDS[0]}, {BACKENDS[1]}), 3 are needed" in decided.reason


def test_one_old_failure_is_asked_for_again() -> None:
    backends = [*failures(1, at=NOW - 40, since=NOW - 41), *well(*BACKENDS[5:])]
    assert decision(backends=backends).ask == (BACKENDS[0],)
