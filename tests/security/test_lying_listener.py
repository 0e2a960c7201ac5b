"""The passive NAT in the wrong hands: what it has heard, or says that it has, and who contradicts it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.examples import NOW, STANDBY, STANDBY_TABLE, TICK
from tests.fakes import Command, CommandInvocation, report, signals_line
from tests.fuzz.function import HOSTS, SUBNETS, Function

TICK_OR_EVENT = pytest.mark.parametrize("by", ["tick", "event"])
ADDRESSES = tuple(f"10.0.{n}.5" for n in range(len(HOSTS)))
# A listener tells of so many addresses at most.
MOST = 100


def listened(*addresses: str, at: float = NOW - 1) -> CommandInvocation:
    """Let the passive NAT say that these are offline, and that they get through it."""
    return report("online", at, elapsed=90, tells=True, heard=signals_line(*((a, "f", 0.5, True) for a in addresses)))


def silent_backends(function: Function) -> None:
    """Let backends watch, as far as anybody knows: they have no endpoint, or nothing to say."""
    function.results |= dict.fromkeys(HOSTS, CommandInvocation("InProgress", exit_code=-1))


def outcome(function: Function, by: str) -> object:
    """Invoke the function, and give what came of it."""
    return function.invoke(TICK if by == "tick" else function.event()).get("outcome")


@TICK_OR_EVENT
@pytest.mark.parametrize("online", [2, 3, 4])
def test_a_lying_listener_is_contradicted_by_the_backends_that_report_of_the_same_time(by: str, online: int) -> None:
    function = Function()
    silent_backends(function)
    function.results[STANDBY] = listened(*ADDRESSES)
    function.results |= {host: report("online", NOW - 1.5, elapsed=90) for host in HOSTS[:online]}
    assert outcome(function, by) is None
    assert function.writes == []


def test_a_lie_that_is_older_than_a_few_seconds_is_held_against_what_the_backends_say_when_they_are_asked() -> None:
    function = Function()

    def answer(command: Command, host: str) -> CommandInvocation:
        if command.kind == "check":
            if host == STANDBY:
                return listened(*ADDRESSES, at=command.asked_at + 1.5)
            return report("online", command.asked_at + 1.0, elapsed=0.5)
        return listened(*ADDRESSES, at=NOW - 20) if host == STANDBY else CommandInvocation("InProgress", exit_code=-1)

    function.run_command.answer = answer
    assert outcome(function, "event") is None
    assert function.on(STANDBY_TABLE) == set()


@TICK_OR_EVENT
@pytest.mark.parametrize("changed", [{"state": "stopped"}, {"tags": {}}, {"subnet": "subnet-0123456789abcdefe"}])
def test_forged_sources_are_no_evidence_unless_they_are_running_tagged_backends_of_the_pair(
    by: str, changed: dict[str, Any]
) -> None:
    function = Function()
    known = function.account.holdings.instances
    strangers = tuple(f"i-0f0f0f0f0f0f0f0f{n}" for n in range(4))
    for n, stranger in enumerate(strangers):
        known[stranger] = replace(known[HOSTS[0]], address=f"10.0.0.{50 + n}", **changed)
    silent_backends(function)
    function.results[STANDBY] = listened(*(f"10.0.0.{50 + n}" for n in range(4)))
    assert outcome(function, by) is None
    assert function.writes == []


@TICK_OR_EVENT
def test_a_flood_of_signals_costs_one_look_at_who_they_are_and_hides_no_backend(by: str) -> None:
    function = Function()
    silent_backends(function)
    flood = [f"10.77.{n}.9" for n in range(MOST - len(ADDRESSES))]
    function.results[STANDBY] = listened(*ADDRESSES, *flood)
    assert outcome(function, by) == "failed-over"
    assert function.on(STANDBY_TABLE) == set(SUBNETS)
    looked_up = [c for c in function.calls if "10.77.0.9" in str(c.arguments)]
    assert [c.operation for c in looked_up] == ["DescribeInstances"]
