"""The event: whatever invokes the function does what the schedule or SSM may do, or is refused by name."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from nat_failover.events import UnknownEventError
from tests.examples import BUS, TICK
from tests.fuzz.function import HOSTS, Function
from tests.fuzz.values import JSON, TEXT
from tests.gate.events import Waiting

KEYS = ("command-id", "instance-id", "document-name", "status")
EVENT = Function().event()


@st.composite
def scribbled(draw: st.DrawFn) -> Any:
    """Give one of the two events with one thing about it changed, left out or added."""
    event: dict[str, Any] = dict(draw(st.sampled_from([EVENT, {**TICK}])))
    detail = dict(event["detail"])
    where, key = draw(
        st.sampled_from(
            [(event, "source"), (event, "detail-type"), (event, "detail"), (event, "more")]
            + [(detail, key) for key in (*KEYS, "more")]
        )
    )
    event["detail"] = detail
    if draw(st.booleans()):
        where.pop(key, None)
    else:
        where[key] = draw(JSON)
    return event


@given(JSON | scribbled())
def test_what_is_neither_of_its_two_events_is_refused_by_name_before_any_call(event: object) -> None:
    function = Function()
    try:
        answer = function.invoke(event)
    except UnknownEventError as refused:
        named = ("event", "source", "detail-type", "detail", *KEYS)
        assert any(name in str(refused) for name in named)
        assert len(str(refused)) < 600
        str(refused).encode()
        assert function.calls == []
    else:
        assert answer["trigger"] in ("Tick", "StatusChange", "NatEnding")


@given(key=st.sampled_from(KEYS), value=TEXT | JSON)
def test_a_status_change_with_a_word_that_is_none_is_refused_with_that_word(key: str, value: object) -> None:
    function = Function()
    try:
        function.invoke(function.event(**{key: value}))
    except UnknownEventError as refused:
        assert key in str(refused) or "document" in str(refused)
        assert function.calls == []
    else:
        assert key == "status" or value == EVENT["detail"][key]


@given(value=st.text("0123456789abcdef-", min_size=36, max_size=36) | st.uuids().map(str))
def test_the_id_of_a_command_that_there_is_not_is_no_error_and_no_evidence(value: str) -> None:
    function = Function()
    function.run_command.commands.clear()
    try:
        answer = function.invoke(function.event(**{"command-id": value}))
    except UnknownEventError:
        assert function.calls == []
    else:
        assert answer["decision"] == "HOLD"
        assert function.writes == []


@given(status=TEXT, host=st.sampled_from([*HOSTS, "i-0ffffffffffffffff"]))
def test_what_an_event_says_of_a_host_is_no_evidence(status: str, host: str) -> None:
    function = Function()
    function.run_command.answer = lambda command, host: None  # noqa: ARG005 - SSM has heard nothing
    if not 0 < len(status) <= 256:
        status = "Failed"
    answer = function.invoke(function.event(status=status, **{"instance-id": host}))
    assert answer["decision"] == "HOLD"
    assert function.writes == []


def test_an_instance_of_the_group_that_is_no_nat_of_the_pair_is_let_go_and_nothing_is_moved() -> None:
    function = Function(AUTO_SCALING_GROUPS="nat")
    function.healthy(*HOSTS)
    function.answers["CompleteLifecycleAction"] = lambda _: {}
    function.answers["DescribeAutoScalingInstances"] = lambda _: {"AutoScalingInstances": []}
    waiting = Waiting(
        "i-0123456789abcdeff", "nat", function.settings.lifecycle_hook, "0befcbdb-6ecd-498a-9ff7-ae9b54447cd6"
    )
    result = function.invoke(BUS.terminating(function.clock.now(), waiting))
    assert result["cause"] == "HEALTHY"
    (completed,) = function.writes
    assert (completed.operation, completed.arguments["InstanceId"]) == ("CompleteLifecycleAction", waiting.instance_id)
