"""The moment that all of this folder starts from: nothing that is refused here would be without effect otherwise."""

from __future__ import annotations

from tests.examples import PRIMARY_TABLE, STANDBY_TABLE, TICK
from tests.fuzz.function import SUBNETS, Function


def test_an_event_of_that_moment_makes_the_function_fail_over() -> None:
    function = Function()
    assert function.invoke(function.event())["outcome"] == "failed-over"
    assert (function.on(STANDBY_TABLE), function.on(PRIMARY_TABLE)) == (set(SUBNETS), set())
    assert {call.operation for call in function.writes} == {"ReplaceRouteTableAssociation", "PutParameter"}
    assert len(function.messages) == 2


def test_so_does_a_tick() -> None:
    function = Function()
    assert function.invoke(TICK)["outcome"] == "failed-over"
    assert "failed over" in function.log
