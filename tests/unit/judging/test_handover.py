"""An end that AWS has announced: when the NAT is left before it, and what keeps it from that."""

from __future__ import annotations

from typing import Any

import pytest

from nat_failover.judging.decision import Action, Cause, Decision, decide
from nat_failover.judging.handover import announced_ends
from nat_failover.lock.record import LockState
from nat_failover.network.announced import BEFORE, Announced
from nat_failover.network.instances import Nat
from nat_failover.probing.invocation import State
from nat_failover.settings import Handover
from tests.examples import (
    BACKENDS,
    NOW,
    PRIMARY,
    STANDBY,
    STANDBY_TABLE,
    failures,
    observation,
    settings,
    situation,
    well,
)

SPOT = Announced(PRIMARY, "the interruption, as a Spot instance,")
RUNNING = {nat: Nat(nat, "running", NOW - 90_000) for nat in (PRIMARY, STANDBY)}
FLEET = [Nat(host, "running", NOW - 90_000) for host in BACKENDS[:4]]


def maintenance(ahead: float, nat: str = PRIMARY) -> Announced:
    return Announced(nat, "maintenance", NOW + ahead)


def decision(tell: bool = False, **changes: Any) -> Decision:
    """Decide where AWS interrupts the active NAT, and one backend has got through the passive one."""
    proven = observation(BACKENDS[1], State.REACHABLE, at=NOW - 30, by_passive=True)
    known: dict[str, Any] = {
        "nats": RUNNING,
        "backends": [*well(BACKENDS[0]), proven],
        "fleet": FLEET,
        "announced": {PRIMARY: SPOT},
    }
    return decide(situation(**known | changes), settings(handover=Handover.TELL if tell else Handover.AUTOMATIC))


def test_the_nat_is_left_while_it_works_and_without_three_backends() -> None:
    decided = decision()
    assert (decided.action, decided.cause, decided.to_table) == (Action.FAIL_OVER, Cause.HANDOVER, STANDBY_TABLE)
    assert decided.reason.startswith(f"{SPOT.in_words}, the active NAT, while 4 of 4 backends run, and 1 of 1 ")
    assert decided.evidence == ()


@pytest.mark.parametrize(
    ("ahead", "action"),
    [(BEFORE + 1, Action.HOLD), (BEFORE, Action.FAIL_OVER), (0, Action.FAIL_OVER), (-60, Action.FAIL_OVER)],
)
def test_maintenance_is_waited_for_until_some_minutes_before(ahead: float, action: Action) -> None:
    assert decision(announced={PRIMARY: maintenance(ahead)}).action is action


@pytest.mark.parametrize(
    "changes",
    [
        {"tell": True},
        {"lock": LockState.PAUSED},
        {"lock": LockState.FAILED_OVER},
        {"announced": {}},
        {"announced": {STANDBY: SPOT}},
        {"announced": {PRIMARY: SPOT, STANDBY: Announced(STANDBY, "the interruption")}},
        {"announced": {PRIMARY: maintenance(60), STANDBY: maintenance(60, STANDBY)}},
        {"backends": well(*BACKENDS[:4])},
        {"backends": [observation(BACKENDS[0], State.REACHABLE, at=NOW - 30, by_passive=False)]},
        {"passive_trouble": "the passive NAT can't listen"},
        {"passive_route": "the default route of rtb-1 is a blackhole"},
        {"nats": RUNNING | {STANDBY: Nat(STANDBY, "stopped", None)}},
        {"fleet": [Nat(host, "stopping", None) for host in BACKENDS[:4]]},
        {"fleet": []},
    ],
    ids=[
        *("only told", "paused", "locked", "nothing announced", "of the passive one", "of both", "of both at one time"),
        *("nobody has tried the passive one", "nobody got through", "it says that it is unfit", "its route is broken"),
        *("it is stopped", "most stop", "described too long ago"),
    ],
)
def test_it_is_not_left_where_that_may_harm_or_nobody_gains(changes: dict[str, Any]) -> None:
    assert decision(**changes).action is Action.HOLD


def test_a_later_end_of_the_passive_nat_keeps_nobody() -> None:
    both = {PRIMARY: maintenance(60), STANDBY: maintenance(86_400, STANDBY)}
    assert decision(announced=both).cause is Cause.HANDOVER


def test_one_that_has_been_told_only_fails_over_once_it_is_stopped() -> None:
    nats = {**RUNNING, PRIMARY: Nat(PRIMARY, "stopping", None)}
    assert decision(tell=True, nats=nats, announced={}).action is Action.HOLD
    nats = {**RUNNING, PRIMARY: Nat(PRIMARY, "stopped", None)}
    assert decision(tell=True, nats=nats, announced={}).cause is Cause.NAT_GONE
    nats = {**RUNNING, PRIMARY: Nat(PRIMARY, "stopping", None)}
    assert decision(tell=True, nats=nats, announced={}, backends=failures(1)).cause is Cause.NAT_GONE


def test_people_are_told_of_both_nats_but_of_the_one_that_was_left_only_while_armed() -> None:
    announced = {PRIMARY: SPOT, STANDBY: maintenance(60, STANDBY)}
    armed = announced_ends(situation(nats=RUNNING, announced=announced), settings())
    assert [PRIMARY in armed[0], STANDBY in armed[1], len(armed)] == [True, True, 2]
    locked = situation(nats=RUNNING, announced=announced, lock=LockState.FAILED_OVER)
    assert announced_ends(locked, settings()) == armed[:1]


def test_an_active_nat_that_stops_is_told_of_while_nothing_may_be_done() -> None:
    nats = {**RUNNING, PRIMARY: Nat(PRIMARY, "stopping", None)}
    (sentence,) = announced_ends(situation(nats=nats, lock=LockState.PAUSED), settings())
    assert sentence == f"EC2 says that the active NAT {PRIMARY} is stopping"
