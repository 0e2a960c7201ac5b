"""The lock, the claim, what people have been told: whatever stands in them when a failover is due."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from nat_failover.lock.record import ARMED, LARGEST, PAUSED, LockState, Record
from nat_failover.network.route_tables import RouteTablesError
from tests.examples import NOW, PRIMARY_TABLE, STANDBY_TABLE, TICK
from tests.fuzz.function import CLAIM, LOCK, MEMORY, SUBNETS, Function
from tests.fuzz.values import SHALLOW, TEXT

# What SSM stores: one to 4096 characters that JSON and UTF-8 can carry.
STORED = st.text(min_size=1, max_size=60) | st.text(min_size=LARGEST, max_size=LARGEST)
FIELDS = ("state", "owner", "since", "from", "to", "subnets", "evidence", "reason", "outcome", "seconds", "egress")
STATES = [state.value for state in LockState]
DEEP = ["[" * LARGEST, '{"state":' * 455, "[" * 2048 + "]" * 2048, '{"a":' * 600 + "1" + "}" * 600]
FOREIGN = [
    '{"state": "armed"}',
    '{"state": ["failing-over"]}',
    '{"version": 4, "terraform_version": "1.9.0", "resources": []}',
    '"armed"',
    '["armed"]',
    "armed paused",
    "ARMED",
    "arm\u0065d\u200b",
    "armed;",
    "<xml>armed</xml>",
    "state: armed",
    "true",
    "0",
    "null",
    "{}",
    '{"state": null}',
]


def record(**changes: Any) -> dict[str, Any]:
    """Give a record of a failover of the pair, as JSON, some of it changed."""
    of = Record(LockState.FAILED_OVER, "request-0", NOW - 600, PRIMARY_TABLE, STANDBY_TABLE, {}, (), "so it was")
    return {**json.loads(of.text()), **changes}


@st.composite
def records(draw: st.DrawFn) -> str:
    """Give a record with a few fields that are anything, or missing; what SSM would store of it."""
    fields = record(state=draw(st.sampled_from(STATES)))
    for name in draw(st.lists(st.sampled_from(FIELDS), max_size=3, unique=True)):
        if draw(st.booleans()):
            fields.pop(name, None)
        else:
            fields[name] = draw(SHALLOW)
    return json.dumps(fields)[:LARGEST]


def is_armed(text: str) -> bool:
    """Tell what alone may let the function act."""
    return text.strip() == ARMED


@given(text=STORED | st.sampled_from(DEEP + FOREIGN) | SHALLOW.map(json.dumps) | records())
@example(text=" armed\n")
@example(text=json.dumps(record(state="failed", outcome="\ud800")))
@example(text=json.dumps(record(state="failed-over", since="9999-12-31T23:59:59-23:59")))
@example(text=json.dumps(record(state="failed-over", since="0001-01-01T00:00:00+23:59")))
def test_whatever_stands_in_the_lock_nothing_is_swapped_nor_written_unless_it_says_armed(text: str) -> None:
    assume(0 < len(text) <= LARGEST)
    function = Function()
    function.put(LOCK, text)
    try:
        answer = function.invoke(TICK)
    except RouteTablesError as error:
        # A failover that has died is finished between the pair's tables, or told to have failed.
        assert json.loads(text)["state"] == "failing-over"
        str(error).encode()
        assert function.on(STANDBY_TABLE) == set()
        assert {(call.operation, call.arguments["Name"]) for call in function.writes} == {("PutParameter", LOCK)}
        return
    for line in function.log.splitlines():
        json.loads(line)
    for message in function.messages:
        message.encode()
    if is_armed(text):
        assert answer["outcome"] == "failed-over"
    elif not _finishes(text):
        assert answer["decision"] == "HOLD"
        assert (answer["cause"], function.writes, function.on(STANDBY_TABLE)) == ("LOCKED", [], set())
        assert len(str(answer["reason"])) < LARGEST + 500


def _finishes(text: str) -> bool:
    """Tell whether it is a record of this pair's, of a failover whose invocation has died."""
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        return False
    tables = isinstance(fields, dict) and {str(fields.get("from")), str(fields.get("to"))}
    return bool(tables) and tables == {PRIMARY_TABLE, STANDBY_TABLE} and fields.get("state") == "failing-over"


@pytest.mark.parametrize("text", ["", *DEEP, *FOREIGN])
def test_what_can_not_be_understood_is_locked_and_told_as_the_lock(text: str) -> None:
    function = Function()
    function.put(LOCK, text)
    answer = function.invoke(function.event())
    assert (answer["cause"], function.writes) == ("LOCKED", [])
    assert "the lock" in str(answer["reason"])


@given(changes=st.fixed_dictionaries({}, optional=dict.fromkeys(("owner", "reason", "outcome", "egress"), SHALLOW)))
@example(changes={"reason": "\ud800"})
@example(changes={"owner": "\x00\udfff"})
def test_a_failover_left_unfinished_is_finished_and_told_or_is_locked_whatever_its_words(
    changes: dict[str, Any],
) -> None:
    function = Function()
    text = json.dumps(record(state="failing-over", **changes))
    assume(len(text) <= LARGEST)
    function.put(LOCK, text)
    answer = function.invoke(TICK)
    if answer.get("outcome") == "failed-over":
        assert function.on(STANDBY_TABLE) == set(SUBNETS)
        assert len(function.messages) == 2
        for message in function.messages:
            message.encode()
    else:
        assert (answer["cause"], function.writes) == ("LOCKED", [])
    assert len(function.lock or "") <= LARGEST


@given(text=STORED | SHALLOW.map(json.dumps) | TEXT, at=st.floats(0, 4 * 60))
def test_no_claim_holds_the_function_up_for_longer_than_two_leases(text: str, at: float) -> None:
    assume(0 < len(text) <= LARGEST)
    function = Function()
    function.put(CLAIM, text, at=NOW - at)
    answer = function.invoke(function.event())
    if at > 2 * function.settings.claim_lease:
        assert answer["outcome"] == "failed-over"
    else:
        assert answer["outcome"] in ("failed-over", "lost")
    assert (function.on(STANDBY_TABLE) == set(SUBNETS)) == (answer["outcome"] == "failed-over")


def test_paused_in_every_spelling_sends_nothing() -> None:
    for text in (PAUSED, f" {PAUSED}\n", '{"state": "paused", "by": "\\ud83d\\ude00"}'):
        function = Function()
        function.put(LOCK, text)
        assert function.invoke(TICK)["cause"] == "LOCKED"
        assert function.writes == []
        assert [call for call in function.calls if call.operation == "SendCommand"] == []


@given(text=STORED | SHALLOW.map(json.dumps) | st.sampled_from(DEEP + FOREIGN))
def test_whatever_stands_in_what_people_have_been_told_keeps_no_failover_from_happening(text: str) -> None:
    assume(0 < len(text) <= LARGEST)
    function = Function()
    function.put(MEMORY, text)
    assert function.invoke(TICK)["outcome"] == "failed-over"
    assert function.on(STANDBY_TABLE) == set(SUBNETS)
    for line in function.log.splitlines():
        json.loads(line)
