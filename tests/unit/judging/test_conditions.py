"""What is wrong and may last, from a decision, the lock, and what a tick has found beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from nat_failover.judging.conditions import (
    JUDGED,
    OFFLINE,
    PATIENCE,
    Condition,
    Findings,
    Trouble,
    find,
    patience,
)
from nat_failover.judging.decision import decide
from nat_failover.judging.inspected import Inspection
from nat_failover.lock.record import LockState, read_lock
from nat_failover.network.instances import Nat
from nat_failover.network.route_differences import Destination, Difference, RouteTarget
from nat_failover.probing.invocation import State
from nat_failover.probing.survey import AFTERMATH, survey
from nat_failover.settings import Mode, Settings
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
from tests.unit.telling.conditions import FAILED, RECORD

LACKING = Difference(
    Destination("DestinationCidrBlock", "10.9.0.0/16"), RouteTarget("VpcPeeringConnectionId", "pcx-1"), None
)
WELL = Inspection(routes=(), pings=(), ends=())
REACHABLE = [observation(host, State.REACHABLE) for host in BACKENDS[:4]]
SPLIT = {"active": None, "subnets": {PRIMARY_TABLE: ("a",), STANDBY_TABLE: ("b",)}}
BOOTING = {PRIMARY: Nat(PRIMARY, "running", NOW - 20), STANDBY: Nat(STANDBY, "running", NOW - 90_000)}
NO_SUBNETS = {"active": None, "subnets": {PRIMARY_TABLE: (), STANDBY_TABLE: ()}}
LOCKS = {
    "armed": "armed",
    "paused": "paused",
    "scribble": "amred",
    "failed-over": RECORD.text(),
    "failed": FAILED.text(),
}


def found(lock: str = "armed", seen: Inspection = WELL, s: Settings | None = None, **changes: Any) -> Findings:
    """Judge a situation, as an invocation does."""
    s = s or settings()
    standing = read_lock(LOCKS[lock], 1)
    now = situation(lock=standing.state, lock_reason=standing.reason, **changes)
    return find(decide(now, s), standing, survey(now.backends, NOW, s), now.active, seen, s)


def kinds(findings: Findings) -> set[Trouble]:
    return {condition.kind for condition in findings.present}


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"backends": failures(by_passive=False)}, Trouble.CONTROL_DOWN),
        ({"passive_route": "the default route is a blackhole"}, Trouble.CONTROL_DOWN),
        ({"nats": BOOTING}, Trouble.BOOTING),
        ({"backends": REACHABLE[:2]}, Trouble.CANNOT_JUDGE),
        (SPLIT, Trouble.SPLIT),
        (NO_SUBNETS, Trouble.NO_SUBNETS),
    ],
)
def test_a_hold_that_lasts_is_a_condition_of_its_own_kind_and_of_no_other(
    changes: Mapping[str, Any], kind: Trouble
) -> None:
    findings = found(**changes)
    assert kinds(findings) == {kind}
    assert findings.present[0].reason == findings.now


def test_a_pair_that_is_well_has_no_condition_and_nothing_is_unknown() -> None:
    findings = found(backends=REACHABLE)
    assert (findings.present, findings.unknown) == ((), frozenset())


def test_too_few_failures_are_no_condition() -> None:
    assert kinds(found(backends=[*failures(2), *REACHABLE[2:]])) == set()


def test_a_failover_that_would_be_due_is_a_condition_in_observe_mode_only() -> None:
    assert kinds(found(s=settings(mode=Mode.OBSERVE))) == {Trouble.WOULD_FAIL_OVER}
    assert kinds(found()) == set()


@pytest.mark.parametrize(
    "changes",
    [{"backends": failures(by_passive=None)}, {"backends": [replace(o, state=State.PENDING) for o in REACHABLE]}],
)
def test_what_waits_for_an_answer_ends_no_outage_and_no_doubt(changes: Mapping[str, Any]) -> None:
    findings = found(**changes)
    assert findings.present == ()
    assert findings.unknown >= JUDGED


@pytest.mark.parametrize("changes", [{"backends": failures(by_passive=False)}, {"nats": BOOTING}, SPLIT, NO_SUBNETS])
def test_no_kind_of_outage_is_over_while_another_lasts_or_nothing_is_judged(changes: Mapping[str, Any]) -> None:
    findings = found(**changes)
    assert kinds(findings) | findings.unknown >= OFFLINE


def test_where_too_few_can_be_judged_no_outage_is_over() -> None:
    assert found(backends=REACHABLE[:2]).unknown >= OFFLINE


# The lock


@pytest.mark.parametrize(
    ("lock", "kind"),
    [
        ("failed-over", Trouble.FAILED_OVER),
        ("failed", Trouble.FAILOVER_FAILED),
        ("scribble", Trouble.LOCK_UNREADABLE),
        ("paused", Trouble.PAUSED),
    ],
)
def test_what_the_lock_says_is_a_condition(lock: str, kind: Trouble) -> None:
    (condition,) = found(lock, backends=REACHABLE).present
    assert condition.kind is kind


def test_a_failover_is_known_by_when_it_began() -> None:
    (condition,) = found("failed-over", backends=REACHABLE).present
    assert condition.identity == condition.since(NOW) == pytest.approx(RECORD.since, abs=0.01)


@pytest.mark.parametrize("lock", ["scribble", "failed", "paused"])
def test_backends_that_are_offline_while_locked_are_a_condition(lock: str) -> None:
    assert Trouble.OFFLINE_WHILE_LOCKED in kinds(found(lock))


@pytest.mark.parametrize(("after", "offline"), [(-5.0, False), (AFTERMATH, False), (AFTERMATH + 1, True)])
def test_failures_from_before_a_failover_or_at_its_end_are_no_outage_after_it(after: float, offline: bool) -> None:
    moved = RECORD.since + (RECORD.seconds or 0)
    lying_back = replace(RECORD, since=RECORD.since - 20)
    LOCKS["earlier"] = lying_back.text()
    backends = [replace(o, at=moved - 20 + after) for o in failures()]
    assert (Trouble.OFFLINE_WHILE_LOCKED in kinds(found("earlier", backends=backends))) is offline


def test_while_locked_an_outage_is_over_once_enough_backends_say_so() -> None:
    assert not found("scribble", backends=REACHABLE).unknown & OFFLINE
    assert found("scribble", backends=REACHABLE[:2]).unknown >= OFFLINE


def test_while_paused_nobody_is_asked_and_nothing_is_over() -> None:
    assert found("paused", backends=[]).unknown >= JUDGED


def test_the_lock_s_state_has_a_kind_wherever_a_person_has_to_act() -> None:
    states = {read_lock(text, 1).state for text in LOCKS.values()}
    assert states == set(LockState) - {LockState.FAILING_OVER}


# What else a tick has found


@pytest.mark.parametrize(
    ("seen", "kind", "routes"),
    [
        (Inspection(routes=(LACKING,)), Trouble.ROUTES_DIFFER, (LACKING,)),
        (Inspection(routes=(), egress="it is with nobody"), Trouble.EGRESS_ELSEWHERE, ()),
        (Inspection(passive="it is stopped", routes=()), Trouble.PASSIVE_UNHEALTHY, ()),
        (Inspection(routes=(), unaddressed="it has none"), Trouble.PASSIVE_WITHOUT_ADDRESS, ()),
        (Inspection(routes=(), pings=tuple(REACHABLE)), Trouble.PINGS_LOST, ()),
        (Inspection(routes=(), ends=("AWS has announced its end",)), Trouble.NAT_ENDING, ()),
    ],
)
def test_what_would_make_a_failover_useless_or_harmful_is_a_condition(
    seen: Inspection, kind: Trouble, routes: tuple[Difference, ...]
) -> None:
    (condition,) = found(seen=seen, backends=REACHABLE).present
    assert (condition.kind, condition.routes, condition.active) == (kind, routes, PRIMARY_TABLE)


@pytest.mark.parametrize(("number", "words"), [(1, "1 route differs"), (2, "2 routes differ")])
def test_how_many_routes_differ_is_said_in_words(number: int, words: str) -> None:
    (condition,) = found(seen=Inspection(routes=(LACKING,) * number), backends=REACHABLE).present
    assert condition.reason == f"{words} besides the default route"


def test_what_was_not_compared_is_unknown() -> None:
    assert found(seen=Inspection(), backends=REACHABLE).unknown == {
        Trouble.ROUTES_DIFFER,
        Trouble.EGRESS_ELSEWHERE,
        Trouble.PINGS_LOST,
        Trouble.NAT_ENDING,
    }


@pytest.mark.parametrize(
    ("lock", "changes"),
    [("failed-over", {"backends": REACHABLE}), ("armed", {"backends": failures(by_passive=False)})],
)
def test_a_passive_nat_of_which_another_message_tells_is_not_told_of_once_more(
    lock: str, changes: Mapping[str, Any]
) -> None:
    findings = found(lock, seen=Inspection(passive="it is stopped", routes=()), **changes)
    assert Trouble.PASSIVE_UNHEALTHY in findings.unknown
    assert Trouble.PASSIVE_UNHEALTHY not in kinds(findings)


@pytest.mark.parametrize("lock", sorted(LOCKS))
@pytest.mark.parametrize("changes", [{}, {"backends": REACHABLE}, SPLIT, NO_SUBNETS, {"backends": []}])
@pytest.mark.parametrize("seen", [WELL, Inspection(), Inspection("stopped", (LACKING,), "elsewhere")])
def test_no_kind_is_both_so_and_unknown_nor_twice(lock: str, changes: Mapping[str, Any], seen: Inspection) -> None:
    findings = found(lock, seen, **changes)
    assert not kinds(findings) & findings.unknown
    assert len(kinds(findings)) == len(findings.present)


# An invocation by an event


def test_an_event_tells_of_outages_only_and_ends_nothing() -> None:
    urgent = found("scribble", Inspection("stopped", (LACKING,), "elsewhere")).urgent
    assert kinds(urgent) == {Trouble.OFFLINE_WHILE_LOCKED}
    assert urgent.unknown == frozenset(Trouble) - {Trouble.OFFLINE_WHILE_LOCKED}


def test_an_outage_is_told_at_once_and_one_while_machines_boot_or_are_set_up_after_three_minutes() -> None:
    later = dict.fromkeys((Trouble.BLOCKED, Trouble.BOOTING, Trouble.NEVER_ONLINE), PATIENCE)
    assert {kind: patience(kind) for kind in OFFLINE} == dict.fromkeys(OFFLINE, 0.0) | later


def test_an_outage_has_lasted_since_the_first_lost_ping() -> None:
    evidence = (observation(BACKENDS[0], since=NOW - 9), observation(BACKENDS[1], since=NOW - 12))
    assert Condition(Trouble.CONTROL_DOWN, "", evidence).since(NOW) == NOW - 12
    assert Condition(Trouble.SPLIT, "").since(NOW) == NOW
