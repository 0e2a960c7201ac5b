"""Each kind of invocation word by word, and the moments at which one word becomes another."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from nat_failover.probing.invocation import Invocation, State, unknown_yet
from nat_failover.probing.observation import SLACK, Observation, observe
from nat_failover.probing.rounds import Kind
from tests.examples import NOW
from tests.unit.probing.observing import (
    ACTIVE,
    HOST,
    PASSIVE,
    SENT_AT,
    ended,
    observed,
    probe_line,
    round_sent,
    under_way,
)

SILENT_FROM = 10.0
ABOUT = (ACTIVE, PASSIVE)


@pytest.mark.parametrize("details", ["Undeliverable", "Terminated"])
def test_what_ssm_could_not_deliver_is_silence_that_it_tells_itself(details: str) -> None:
    invocation = Invocation(HOST, "Failed", details, None, NOW - 50, "")
    assert observed(invocation) == Observation(
        HOST, State.SILENT, NOW - 50, SENT_AT, SENT_AT, True, detail="undeliverable", about=ABOUT
    )


@pytest.mark.parametrize(("age", "at"), [(4.0, NOW), (120.0, NOW - 110)])
def test_where_ssm_does_not_say_when_it_is_silence_from_then_on_when_it_would_be_anyway(age: float, at: float) -> None:
    invocation = Invocation(HOST, "Failed", "Undeliverable", None, None, "")
    assert observed(invocation, round_sent(at=NOW - age)).at == at


@pytest.mark.parametrize(
    ("kind", "detail"),
    [(Kind.WATCH, "watching, as far as Systems Manager knows"), (Kind.CHECK, "the probe has begun")],
)
def test_what_has_begun_says_nothing_yet(kind: Kind, detail: str) -> None:
    begun = round_sent(kind, 600 if kind is Kind.WATCH else 0, at=NOW - 3)
    assert observed(under_way("InProgress"), begun) == Observation(
        HOST,
        State.PENDING,
        NOW,
        NOW,
        begun.asked_at,
        False,
        running_until=begun.ends_at,
        detail=detail,
        about=ABOUT,
    )


@pytest.mark.parametrize("status", ["Pending", "Delayed"])
def test_what_no_agent_has_taken_yet_says_nothing(status: str) -> None:
    sent = round_sent(at=NOW - 3)
    assert observed(under_way(status), sent) == Observation(
        HOST,
        State.PENDING,
        NOW,
        NOW,
        NOW - 3,
        False,
        running_until=NOW + 597,
        detail="the command is on its way",
        about=ABOUT,
    )


def test_what_ssm_does_not_list_yet_is_as_what_no_agent_has_taken() -> None:
    assert unknown_yet(HOST) == Invocation(HOST, "Pending", "Pending", None, None, "")


def silence(at: float, detail: str) -> Observation:
    """Give what is inferred of a host that does not answer."""
    return Observation(HOST, State.SILENT, at, SENT_AT, SENT_AT, False, detail=detail, about=ABOUT)


def test_silence_is_told_with_what_did_not_happen_and_holds_from_when_it_is_known() -> None:
    check = round_sent(Kind.CHECK, 0)
    assert observed(under_way("Pending")) == silence(SENT_AT + SILENT_FROM, "no agent has taken the command")
    assert observed(under_way("InProgress"), check) == silence(SENT_AT + SILENT_FROM, "the probe has not come back")
    late = SENT_AT + 600 + SLACK + 1
    assert observed(under_way("InProgress"), now=late) == silence(SENT_AT + 600 + SLACK, "the probe has not come back")
    undelivered = Invocation(HOST, "TimedOut", "DeliveryTimedOut", None, None, "")
    assert observed(undelivered) == silence(SENT_AT + SILENT_FROM, "no agent took the command")


@pytest.mark.parametrize(
    ("status", "kind"), [("Pending", Kind.WATCH), ("Pending", Kind.CHECK), ("InProgress", Kind.CHECK)]
)
def test_at_the_last_moment_it_is_not_silence_yet(status: str, kind: Kind) -> None:
    sent = round_sent(kind, 600 if kind is Kind.WATCH else 0, at=NOW - SILENT_FROM)
    assert observed(under_way(status), sent).state is State.PENDING
    assert observed(under_way(status), sent, NOW + 0.01).state is State.SILENT


def test_a_watch_is_given_until_its_end_and_the_slack() -> None:
    last = SENT_AT + 600 + SLACK
    assert observed(under_way("InProgress"), now=last).state is State.PENDING
    assert observed(under_way("InProgress"), now=last + 0.01).state is State.SILENT


@pytest.mark.parametrize("status", ["TimedOut", "Cancelled", "AccessDenied"])
def test_any_other_end_is_a_broken_probe_that_ssm_tells_itself(status: str) -> None:
    invocation = Invocation(HOST, status, status, -1, NOW - 30, "")
    assert observed(invocation) == Observation(
        HOST, State.BROKEN, NOW - 30, NOW - 30, SENT_AT, True, detail=f"{status}, exit -1: no answer", about=ABOUT
    )


def test_the_details_say_why_and_the_status_where_there_are_none() -> None:
    assert observed(ended(127, "x", details="ExecutionTimedOut")).detail == "ExecutionTimedOut, exit 127: x"
    assert observed(ended(127, "x", details="")).detail == "Failed, exit 127: x"


def test_of_what_a_host_prints_200_characters_are_kept() -> None:
    assert observed(ended(127, "x" * 300)).detail == "Failed, exit 127: " + "x" * 200


def test_the_probes_own_report_is_told_with_its_words() -> None:
    assert observed(ended(1, probe_line())).detail == "no target answers, for 2.0 s when it said so"


@pytest.mark.parametrize(
    "output",
    [probe_line(), probe_line("online"), probe_line("cannot-probe", why="ping is not installed"), probe_line("?")],
)
@pytest.mark.parametrize("code", [0, 1, 2])
def test_nothing_of_the_probes_json_is_told_to_people(output: str, code: int) -> None:
    assert not set('{}"') & set(observed(ended(code, output)).detail)


@pytest.mark.parametrize("number", ["elapsed", "lost_for", "uptime"])
def test_a_number_that_the_probe_leaves_out_is_nought_and_the_largest_is_below_ten_thousand_million(
    number: str,
) -> None:
    def with_(value: float) -> Observation:
        changes: dict[str, Any] = {number: value}
        return observed(ended(1, probe_line(**changes)))

    line = json.loads(probe_line())
    del line[number]
    without = observed(ended(1, json.dumps(line)))
    assert replace(without, detail="") == replace(with_(0), detail="")
    assert {with_(value).state for value in (0, 0.5, 1e10 - 1)} == {State.UNREACHABLE}
    assert {with_(value).state for value in (1e10, 1e10 + 0.5, -0.5)} == {State.BROKEN}


def test_a_probe_has_not_run_for_longer_than_its_round_is_old() -> None:
    observation = observe(ended(1, probe_line(elapsed=50)), round_sent(at=NOW - 0.25), NOW, NOW)
    assert observation.elapsed == 0.25
