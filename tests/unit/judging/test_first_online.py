"""Whether backends have ever been online through a NAT: what shows it, what is kept of it, and what ends it."""

from __future__ import annotations

import json
from dataclasses import replace
from math import inf
from typing import Any

import pytest

from nat_failover.judging.first_online import MARK_LENGTH, before_failures, mark, marks_of, worked
from nat_failover.probing.invocation import State
from nat_failover.probing.observation import Observation
from tests.examples import BACKENDS, PRIMARY_TABLE, STANDBY, STANDBY_TABLE, observation, settings

ACTIVE, PASSIVE = "10.0.0.4", "10.0.0.5"
S = settings()
MARKS = {"primary": mark(PRIMARY_TABLE, S), "standby": mark(STANDBY_TABLE, S)}


def seen(*observations: Observation, active: str = PRIMARY_TABLE) -> set[str]:
    """Tell through which NATs somebody has been online."""
    found = worked(observations, active, (ACTIVE, PASSIVE), S)
    assert found == {role: MARKS[role] for role in found}
    return set(found)


def answer(state: State = State.REACHABLE, **changes: Any) -> Observation:
    """Return an observation of a backend, in a round that named both NATs as they are."""
    return observation(BACKENDS[0], state, **{"about": (ACTIVE, PASSIVE), **changes})


# What shows it


def test_who_is_online_by_the_route_is_so_through_the_active_nat() -> None:
    assert seen(answer()) == {"primary"}
    assert seen(answer(about=("", PASSIVE))) == {"primary"}
    assert seen(answer(), active=STANDBY_TABLE) == {"standby"}


def test_who_is_offline_has_been_online_where_pings_of_its_round_were_answered() -> None:
    assert seen(answer(State.UNREACHABLE, by_passive=False, pings=(1, 9))) == {"primary"}
    assert seen(answer(State.UNREACHABLE, by_passive=False, pings=(0, 9))) == set()


def test_a_signal_counts_of_who_has_begun_to_watch_in_that_round() -> None:
    signal = answer(relayed_by=STANDBY)
    assert seen(signal) == set()
    before = answer(State.UNREACHABLE, by_passive=False, at=signal.at - 5)
    assert seen(replace(before, asked_at=signal.asked_at - 1), signal) == set()
    assert seen(replace(before, state=State.PENDING), signal) == set()
    assert seen(before, signal) == {"primary"}


def test_who_gets_through_the_passive_nat_s_port_has_been_online_through_it() -> None:
    assert seen(answer(State.UNREACHABLE)) == {"standby"}
    assert seen(answer(by_passive=True)) == {"primary", "standby"}


def test_what_a_round_of_before_a_swap_says_counts_for_the_nat_whose_port_it_tried() -> None:
    before = ("10.0.0.5", "10.0.0.4")
    assert seen(answer(about=before)) == set()
    assert seen(answer(State.UNREACHABLE, about=before)) == {"primary"}


@pytest.mark.parametrize("state", [State.SILENT, State.BROKEN, State.PENDING])
def test_who_says_nothing_of_use_shows_nothing(state: State) -> None:
    assert seen(answer(state)) == set()


def test_a_port_of_a_nat_that_is_none_of_the_pair_s_shows_nothing() -> None:
    assert seen(answer(State.UNREACHABLE, about=("10.0.0.8", "10.0.0.9"))) == set()
    assert worked([answer(State.UNREACHABLE, about=("", ""))], PRIMARY_TABLE, (ACTIVE, ""), S) == {}


def test_the_first_word_that_a_host_is_online_counts_once_those_that_come_online_with_it_would_have_said_so() -> None:
    online, offline = answer(), answer(State.UNREACHABLE, by_passive=False)
    for later, expected in ((0.0, set()), (5.0, set()), (7.0, {"primary"})):
        observations = (online, replace(offline, at=online.at + later))
        assert set(worked(observations, PRIMARY_TABLE, (ACTIVE, PASSIVE), S, before_failures(observations))) == expected
    assert before_failures([online]) == inf


# What ends it


@pytest.mark.parametrize(
    "changes",
    [
        {"targets": ("1.1.1.1", "8.8.8.8")},
        {"primary_instance": "i-0fedcba9876543210"},
    ],
)
def test_other_targets_or_another_instance_have_another_mark(changes: dict[str, Any]) -> None:
    assert mark(PRIMARY_TABLE, settings(**changes)) != MARKS["primary"]


def test_each_table_has_a_mark_of_its_own_which_the_order_of_targets_does_not_change() -> None:
    assert len(set(MARKS.values())) == 2
    assert mark("rtb-0fedcba9876543210", S) not in MARKS.values()
    assert mark(PRIMARY_TABLE, settings(targets=S.targets[::-1])) == MARKS["primary"]


# What is kept of it


def test_marks_are_read_from_a_parameter_s_value() -> None:
    assert marks_of(json.dumps({"version": 1, "online": MARKS, "more": 1})) == MARKS
    assert {len(each) for each in MARKS.values()} == {MARK_LENGTH}


@pytest.mark.parametrize("text", [None, "", "armed", "[]", "null", "[" * 100_000, '{"version":1,"troubles":[]}'])
def test_there_are_none_in_what_is_older_or_makes_no_sense(text: str | None) -> None:
    assert marks_of(text) == {}
