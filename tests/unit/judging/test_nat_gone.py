"""EC2's own word that the active NAT is going or gone: what it takes beside that, and what keeps it from counting."""

from __future__ import annotations

from typing import Any

import pytest

from nat_failover.judging.decision import Action, Cause, Decision, decide
from nat_failover.lock.record import EC2_SAYS, LockState
from nat_failover.network.instances import Nat
from nat_failover.probing.invocation import State
from nat_failover.probing.observation import Observation
from nat_failover.probing.rounds import look_back
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

GOING = ["stopping", "stopped", "shutting-down", "terminated"]


def nats(active: str = "stopped", passive: str = "running") -> dict[str, Nat]:
    """Both NATs, as EC2 describes them."""
    return {PRIMARY: Nat(PRIMARY, active, NOW - 90_000), STANDBY: Nat(STANDBY, passive, NOW - 90_000)}


def fleet(running: int = 4, going: int = 0, state: str = "stopping") -> list[Nat]:
    """The backends' instances, as EC2 describes them."""
    states = ["running"] * running + [state] * going
    return [Nat(host, each, NOW - 90_000) for host, each in zip(BACKENDS, states, strict=False)]


def decision(**changes: Any) -> Decision:
    """Decide where EC2 calls the active NAT stopped, and one backend was heard to be well six minutes ago."""
    backends = well(BACKENDS[0], at=NOW - 360, asked_at=NOW - 960)
    known: dict[str, Any] = {"nats": nats(), "backends": backends, "fleet": fleet(), "has_worked": False}
    return decide(situation(**known | changes), settings())


@pytest.mark.parametrize("state", GOING)
def test_ec2_s_word_that_the_active_nat_goes_or_is_gone_needs_no_failures(state: str) -> None:
    decided = decision(nats=nats(state))
    cause = Cause.HANDOVER if state in ("stopping", "shutting-down") else Cause.NAT_GONE
    assert (decided.action, decided.cause, decided.to_table) == (Action.FAIL_OVER, cause, STANDBY_TABLE)
    assert decided.reason.startswith(f"{EC2_SAYS} {PRIMARY} is {state}, while 4 of 4 backends run")
    assert decided.evidence == ()


def test_who_is_not_listed_any_more_does_not_run() -> None:
    assert decision(fleet=fleet(1, 3, "gone")).action is Action.HOLD
    assert "while 2 of 4 backends run" in decision(fleet=fleet(2, 2, "gone")).reason


def test_whoever_tags_what_has_ended_takes_away_what_ec2_says_and_not_what_backends_say() -> None:
    tagged = [*fleet(), *(Nat(f"i-{n:017x}", "terminated", None) for n in range(5))]
    assert decision(fleet=tagged).action is Action.HOLD
    decided = decision(fleet=tagged, backends=failures(3))
    assert (decided.action, decided.cause) == (Action.FAIL_OVER, Cause.ENOUGH_FAILURES)


def test_of_whom_ec2_says_nothing_may_have_stopped() -> None:
    assert decision(fleet=fleet(1, 3, "unknown")).action is Action.HOLD
    assert "while 2 of 4 backends run" in decision(fleet=fleet(2, 2, "unknown")).reason


@pytest.mark.parametrize("state", ["running", "pending", "gone", "unknown"])
def test_of_a_nat_that_ec2_calls_otherwise_or_does_not_list_it_says_no_such_thing(state: str) -> None:
    assert decision(nats=nats(state)).action is Action.HOLD


def test_backends_that_are_offline_already_are_named_as_evidence() -> None:
    decided = decision(backends=failures(2))
    assert (decided.cause, [o.host for o in decided.evidence]) == (Cause.NAT_GONE, list(BACKENDS[:2]))


def test_one_that_has_been_missed_already_is_not_handed_over() -> None:
    assert decision(nats=nats("stopping"), backends=failures(1)).cause is Cause.NAT_GONE


def test_the_pair_is_symmetric() -> None:
    both = {PRIMARY: Nat(PRIMARY, "running", NOW - 1), STANDBY: Nat(STANDBY, "stopping", NOW - 1)}
    subnets = {PRIMARY_TABLE: (), STANDBY_TABLE: ("subnet-a",)}
    assert decision(nats=both, active=STANDBY_TABLE, subnets=subnets).to_table == PRIMARY_TABLE


@pytest.mark.parametrize(
    "changes",
    [
        {"lock": LockState.FAILED_OVER},
        {"active": None},
        {"fleet": []},
        {"backends": []},
        {"backends": watching(*BACKENDS[:4])},
        {"backends": well(BACKENDS[0], at=NOW - look_back(settings()) - 1, asked_at=NOW - 2000)},
        {"backends": [observation(BACKENDS[0], State.SILENT)]},
        {"nats": nats(passive="stopping")},
        {"nats": nats(passive="gone")},
        {"nats": nats() | {STANDBY: Nat(STANDBY, "running", None, checked=True)}},
        {"passive_route": "the default route of rtb-1 is a blackhole"},
        {"passive_trouble": "the passive NAT can't listen"},
        {"backends": failures(1, by_passive=False)},
        {"backends": [*failures(1), observation(BACKENDS[1], by_passive=False)]},
    ],
    ids=[
        *("locked", "split", "described too long ago", "nobody", "nobody has spoken", "heard too long ago", "silent"),
        *("both stop", "the other is gone", "its check is on", "its route is broken", "it says that it is unfit"),
        *("not proven", "as many say no"),
    ],
)
def test_it_does_not_count_where_a_swap_would_help_nobody_or_nobody_is_known_to_be_left(
    changes: dict[str, Any],
) -> None:
    assert decision(**changes).action is Action.HOLD


@pytest.mark.parametrize(
    ("running", "going", "action"),
    [(4, 0, Action.FAIL_OVER), (2, 2, Action.FAIL_OVER), (1, 2, Action.HOLD), (0, 4, Action.HOLD)],
)
@pytest.mark.parametrize("state", GOING)
def test_nothing_is_moved_while_most_of_the_backends_go_too(
    running: int, going: int, action: Action, state: str
) -> None:
    assert decision(fleet=fleet(running, going, state)).action is action


def test_three_that_are_offline_and_proven_are_evidence_whatever_the_others_do() -> None:
    decided = decision(backends=failures(3), fleet=fleet(3, 6))
    assert (decided.action, decided.cause) == (Action.FAIL_OVER, Cause.ENOUGH_FAILURES)


def test_a_passive_nat_without_a_public_address_that_it_needs_is_not_fit() -> None:
    needed = settings(egress_allocation="eipalloc-0123456789abcdef0")
    backends: list[Observation] = well(BACKENDS[0])
    assert decide(situation(nats=nats(), backends=backends, fleet=fleet()), needed).action is Action.HOLD
