"""The moment that all of this folder starts from: nothing that is refused here would be without effect otherwise."""

from __future__ import annotations

from tests.examples import PRIMARY_TABLE, STANDBY_TABLE, TICK
from tests.fuzz.function import LOCK, SUBNETS, Function
from tests.fuzz.wire import wire
from tests.gate.rules.proof import refused


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


def test_what_aws_refuses_is_refused_and_changes_nothing() -> None:
    function = Function()
    with refused("ValidationException", "nest another parameter"):
        wire().clients.ssm.put_parameter(Name=LOCK, Value="{{ a }}", Type="String", Overwrite=True)
    assert function.lock is None
