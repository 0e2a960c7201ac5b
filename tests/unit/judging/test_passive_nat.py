"""What a view says of both NATs: who has got through the passive one, and whether the active one has listened."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from nat_failover.judging.view import View
from nat_failover.lock.record import read_lock
from nat_failover.lock.store import LockView
from nat_failover.network.instances import Nat
from nat_failover.network.route_table_pair import Table, Tables
from nat_failover.probing.invocation import State
from nat_failover.probing.observation import Observation
from nat_failover.probing.probe_report import Signal
from nat_failover.probing.rounds import Kind, Round
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
    watching,
    well,
)

ACTIVE, PASSIVE = "10.0.0.10", "10.0.0.20"
ADDRESSES = {host: f"10.0.1.{number}" for number, host in enumerate(BACKENDS, 5)}
SIGNALS = tuple(Signal(address, online=True, age=1.0, through=True) for address in ADDRESSES.values())


def view(*observations: Observation, **changes: Any) -> View:
    """Return the view of these observations, of both NATs as they are."""
    tables = Tables(
        {
            PRIMARY_TABLE: Table(PRIMARY_TABLE, {"subnet-a": "rtbassoc-a"}, None),
            STANDBY_TABLE: Table(STANDBY_TABLE, {}, None),
        }
    )
    nats = {nat: Nat(nat, "running", NOW - 90_000) for nat in (PRIMARY, STANDBY)}
    addresses = {PRIMARY: ACTIVE, STANDBY: PASSIVE}
    instances = {nat: replace(nats[nat], address=at, addresses=(at,)) for nat, at in addresses.items()}
    for host, address in ADDRESSES.items():
        instances[host] = Nat(host, "running", NOW - 90_000, subnet="subnet-a", address=address, addresses=(address,))
    round_ = Round("c", Kind.WATCH, 600, NOW - 100, tuple(o.host for o in observations), ACTIVE, PASSIVE)
    answers = tuple(replace(o, about=(ACTIVE, PASSIVE)) for o in observations)
    return View(
        settings(**changes), LockView(read_lock("armed", 1), None), tables, (round_,), {"c": answers}, instances
    )


def listened(nat: str, *signals: Signal, **changes: Any) -> Observation:
    """Let a NAT have listened."""
    return observation(nat, State.REACHABLE, signals=signals, **changes)


def trouble(*observations: Observation, **changes: Any) -> str | None:
    """Tell what is wrong with the passive NAT."""
    return view(*observations, **changes).passive_trouble


# Whether the passive NAT carries traffic


def test_a_passive_nat_through_which_all_get_is_well() -> None:
    assert trouble(listened(STANDBY, *SIGNALS), *well(*BACKENDS[:3], by_passive=True)) is None


def test_backends_that_are_online_and_say_themselves_that_they_do_not_get_through_are_told_of() -> None:
    sentence = trouble(
        listened(STANDBY), *well(*BACKENDS[:3], by_passive=False), *well(*BACKENDS[3:5], by_passive=True)
    )
    assert sentence is not None
    assert "3 of 5 backends did not reach the Internet through it" in sentence


def test_fewer_than_the_threshold_and_no_more_than_the_share_are_their_own_trouble() -> None:
    assert trouble(listened(STANDBY), *well(*BACKENDS[:2], by_passive=False)) is None
    most = well(*BACKENDS[3:6], by_passive=True)
    assert trouble(listened(STANDBY), *well(*BACKENDS[:3], by_passive=False), *most) is None


def test_what_a_backend_has_tried_last_counts() -> None:
    later = [replace(s, age=0.1) for s in SIGNALS[:3]]
    failed = well(*BACKENDS[:3], by_passive=False, at=NOW - 30)
    assert trouble(listened(STANDBY, *later), *failed) is None
    assert trouble(listened(STANDBY, *later, at=NOW - 60, asked_at=NOW - 99), *failed) is not None


def test_a_quick_check_that_did_not_get_through_says_nothing_unless_there_is_nothing_else() -> None:
    quick = well(*BACKENDS[:3], by_passive=False, elapsed=3.0)
    assert trouble(listened(STANDBY), *quick) is None
    assert trouble(listened(STANDBY), *quick, window=0) is not None


@pytest.mark.parametrize("state", [State.SILENT, State.UNREACHABLE, State.BROKEN])
def test_its_own_word_comes_first(state: State) -> None:
    sentence = trouble(observation(STANDBY, state, by_passive=None), *well(*BACKENDS[:3], by_passive=True))
    assert sentence == f"the passive NAT {STANDBY} runs, but is {state.value}"


# Whether the active NAT has listened


def by_active(*observations: Observation) -> set[bool | None]:
    """Give what the failures say of the active NAT."""
    with_signals = view(*observations).with_signals
    return {o.by_active for o in with_signals if o.state is State.UNREACHABLE}


def test_nobody_gets_through_an_active_nat_that_is_known_to_have_listened() -> None:
    assert by_active(*failures(), listened(PRIMARY)) == {False}


@pytest.mark.parametrize(
    "observations",
    [[], watching(PRIMARY), [observation(PRIMARY, State.SILENT)], [observation(PRIMARY, State.REACHABLE, deaf="why")]],
)
def test_that_nobody_got_through_says_nothing_where_the_active_nat_may_not_have_listened(
    observations: list[Observation],
) -> None:
    assert by_active(*failures(), *observations) == {None}


def test_whoever_got_through_shows_that_it_listens() -> None:
    assert by_active(*failures(2), observation(BACKENDS[5], by_active=True)) == {False, True}
