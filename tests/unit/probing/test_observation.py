"""What one host's invocation says, and for what time, whatever the host's clock and words are worth."""

from __future__ import annotations

import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from nat_failover.probing.invocation import Invocation, State, unknown_yet
from nat_failover.probing.observation import DELIVERY_TIMEOUT, SLACK, observe
from nat_failover.probing.rounds import Kind, Round
from nat_failover.probing.survey import latest_of
from tests.examples import NOW
from tests.unit.probing.observing import HOST, SENT_AT, ended, observed, probe_line, round_sent, under_way

# What has ended


@pytest.mark.parametrize(
    ("exit_code", "reported", "state"),
    [
        (0, "online", State.REACHABLE),
        (1, "offline", State.UNREACHABLE),
        (2, "cannot-probe", State.BROKEN),
        (0, "unknown", State.PENDING),
    ],
)
def test_exit_status_and_word_of_the_probe_tell_the_state(exit_code: int, reported: str, state: State) -> None:
    observation = observed(ended(exit_code, probe_line(reported)))
    assert (observation.host, observation.state, observation.explicit) == (HOST, state, True)
    assert (observation.asked_at, observation.running_until) == (SENT_AT, None)


@pytest.mark.parametrize("reported", ["online", "offline", "cannot-probe", "fine", ""])
@pytest.mark.parametrize("exit_code", [0, 1, 2, 3, 127, 137, 255, -1, None])
def test_an_exit_status_and_a_word_that_contradict_each_other_are_broken(exit_code: int | None, reported: str) -> None:
    agreeing = {0: "online", 1: "offline"}.get(-1 if exit_code is None else exit_code)
    if reported != agreeing:
        assert observed(ended(exit_code, probe_line(reported))).state is State.BROKEN


@pytest.mark.parametrize(("exit_code", "reported", "status"), [(0, "online", "Failed"), (1, "offline", "Success")])
def test_a_status_that_contradicts_the_probe_is_broken(exit_code: int, reported: str, status: str) -> None:
    assert observed(ended(exit_code, probe_line(reported), status=status)).state is State.BROKEN


def test_what_a_broken_probe_has_said_is_told_in_short() -> None:
    observation = observed(ended(127, "sh: ping:   not\nfound " + "x" * 500))
    assert observation.detail.startswith("Failed, exit 127: sh: ping: not found xxx")
    assert len(observation.detail) < 240


def test_a_failure_holds_for_the_time_it_ended_and_began_with_the_first_lost_ping() -> None:
    observation = observed(ended(1, probe_line(lost_for=2.5)))
    assert (observation.at, observation.since) == (NOW - 19, NOW - 21.5)


def test_the_probes_own_time_and_the_hosts_uptime_are_kept() -> None:
    observation = observed(ended(1, probe_line()))
    assert (observation.elapsed, observation.uptime) == (100.0, 90_000.0)
    assert observation.answered_from == SENT_AT + 100


@pytest.mark.parametrize(
    ("finished_at", "at"),
    [
        (NOW - 10_000, SENT_AT + 100),
        (NOW + 10_000, SENT_AT + 130),
        (SENT_AT + 99, SENT_AT + 100),
        (SENT_AT + 115, SENT_AT + 115),
        (None, SENT_AT + 130),
    ],
    ids=["far behind", "far ahead", "just behind", "right", "none given"],
)
def test_a_skewed_clock_moves_a_result_by_no_more_than_the_delivery_can_have_taken(
    finished_at: float | None, at: float
) -> None:
    assert observed(ended(1, probe_line()), None, NOW + 300).at == pytest.approx(SENT_AT + 101, abs=0.01)
    assert observed(ended(1, probe_line(), finished_at=finished_at), None, NOW + 300).at == pytest.approx(at, abs=0.01)


def test_a_probe_can_not_have_run_for_longer_than_its_round_is_old() -> None:
    observation = observed(ended(1, probe_line(elapsed=5000.0)))
    assert (observation.elapsed, observation.at) == (120.0, NOW)


def test_a_trouble_can_not_have_begun_before_it_was_asked_for() -> None:
    assert observed(ended(1, probe_line(lost_for=5000.0))).since == SENT_AT


@pytest.mark.parametrize("details", ["Undeliverable", "Terminated"])
def test_a_command_that_reached_no_agent_is_silence(details: str) -> None:
    observation = observed(ended(None, "", status="Failed", details=details, finished_at=None))
    assert (observation.state, observation.since) == (State.SILENT, SENT_AT)


@pytest.mark.parametrize("details", ["Undeliverable", "Cancelled"])
def test_a_command_that_came_to_nothing_does_not_outrank_what_the_host_has_said_since(details: str) -> None:
    status = "Failed" if details == "Undeliverable" else details
    nothing = observed(ended(None, "", status=status, details=details, finished_at=None))
    later = round_sent(Kind.CHECK, 0, NOW - 10)
    failed = observed(ended(1, probe_line(elapsed=2.0), finished_at=NOW - 7), later)
    assert latest_of([nothing, failed]).state is State.UNREACHABLE


# What has not ended


@pytest.mark.parametrize("status", ["InProgress", "Cancelling"])
def test_a_watch_that_runs_says_nothing_of_its_host(status: str) -> None:
    observation = observed(under_way(status))
    assert (observation.state, observation.explicit) == (State.PENDING, False)
    assert observation.running_until == SENT_AT + 600
    assert not observation.answers_soon


@pytest.mark.parametrize("kind", [Kind.CHECK, Kind.VERIFY])
def test_a_quick_check_that_runs_is_no_proof_of_health(kind: Kind) -> None:
    observation = observed(under_way("InProgress"), round_sent(kind, 0, NOW - 9))
    assert observation.state is State.PENDING
    assert observation.answers_soon


@pytest.mark.parametrize("kind", [Kind.CHECK, Kind.VERIFY])
def test_a_quick_check_that_does_not_come_back_is_silence_from_then_on(kind: Kind) -> None:
    observation = observed(under_way("InProgress"), round_sent(kind, 0))
    assert (observation.state, observation.explicit) == (State.SILENT, False)
    assert (observation.at, observation.since) == (SENT_AT + 10, SENT_AT)


def test_a_watch_that_is_long_over_and_never_came_back_is_silence() -> None:
    end = SENT_AT + 600 + SLACK
    assert observed(under_way("InProgress"), now=end).state is State.PENDING
    late = observed(under_way("InProgress"), now=end + 0.1)
    assert (late.state, late.at, late.running_until) == (State.SILENT, end, None)


@pytest.mark.parametrize("status", ["Pending", "Delayed"])
@pytest.mark.parametrize("kind", list(Kind))
def test_a_command_that_no_agent_has_taken_is_awaited_and_then_silence(kind: Kind, status: str) -> None:
    fresh = round_sent(kind, at=NOW - 9.9)
    waiting = observed(under_way(status), fresh)
    assert (waiting.state, waiting.running_until) == (State.PENDING, fresh.ends_at)
    old = observed(under_way(status), round_sent(kind, at=NOW - 10.1))
    assert (old.state, old.since) == (State.SILENT, NOW - 10.1)
    assert old.at == pytest.approx(NOW - 0.1, abs=0.01)


def test_silence_is_dated_the_same_whenever_it_is_read() -> None:
    soon, late = (observed(under_way("Pending"), now=SENT_AT + age) for age in (11, 500))
    assert soon == late


@pytest.mark.parametrize("status", ["Pending", "InProgress"])
def test_an_answer_that_took_long_to_be_read_makes_nobody_silent(status: str) -> None:
    observation = observed(under_way(status), round_sent(Kind.CHECK, at=NOW - 20), read_at=NOW - 10.5)
    assert (observation.state, observation.at) == (State.PENDING, NOW - 10.5)


def test_a_host_that_ssm_does_not_list_yet_is_awaited() -> None:
    assert observed(unknown_yet(HOST), round_sent(at=NOW - 1)).state is State.PENDING


def test_a_delivery_that_has_timed_out_is_silence() -> None:
    observation = observed(Invocation(HOST, "TimedOut", "DeliveryTimedOut", None, None, ""))
    assert (observation.state, observation.at) == (State.SILENT, SENT_AT + 10)


def test_the_texts_of_the_console_for_a_delivery_that_timed_out_count_too() -> None:
    assert observed(Invocation(HOST, "TimedOut", "Delivery Timed Out", None, None, "")).state is State.SILENT


@pytest.mark.parametrize(
    ("status", "details"),
    [("TimedOut", "ExecutionTimedOut"), ("Cancelled", "Cancelled"), ("TimedOut", "TimedOut"), ("New", "New"), ("", "")],
)
def test_every_other_end_is_broken(status: str, details: str) -> None:
    assert observed(Invocation(HOST, status, details, 137, NOW - 5, "")).state is State.BROKEN


# Whatever comes

TIMES = st.none() | st.floats(-1e12, 1e12) | st.floats(SENT_AT - 1000, SENT_AT + 2000)
NUMBERS = st.floats(allow_nan=True) | st.integers() | st.text(max_size=3) | st.booleans() | st.floats(0, 1000)
LINES = st.fixed_dictionaries(
    {},
    optional={
        "probe": st.just(2) | NUMBERS,
        "state": st.sampled_from(["online", "offline", "cannot-probe"]) | st.text(max_size=3),
        "elapsed": NUMBERS,
        "lost_for": NUMBERS,
        "uptime": NUMBERS,
        "heard": st.sampled_from(["10.0.1.5,f,0.31,1 10.0.9.9,n,2.50,0", "", "x"]),
    },
).map(json.dumps)
INVOCATIONS = st.builds(
    Invocation,
    host=st.just(HOST),
    status=st.sampled_from(
        ["Pending", "InProgress", "Delayed", "Success", "Cancelled", "TimedOut", "Failed", "Cancelling", "?"]
    ),
    details=st.sampled_from(["", "Failed", "Success", "Undeliverable", "Terminated", "DeliveryTimedOut"]),
    exit_code=st.none() | st.integers(-1, 255),
    finished_at=TIMES,
    output=st.lists(LINES | st.text(max_size=20), max_size=3).map("\n".join),
)
ROUNDS = st.builds(
    Round,
    command_id=st.just("c"),
    kind=st.sampled_from(Kind),
    window=st.sampled_from([0, 60, 600]),
    asked_at=st.just(SENT_AT),
    hosts=st.just((HOST,)),
)


@given(INVOCATIONS, ROUNDS, st.floats(0, 4000))
def test_no_clock_and_no_words_of_a_host_move_its_observation_out_of_its_own_time(
    invocation: Invocation, of: Round, age: float
) -> None:
    # SSM gives a delivery up after thirty seconds at the earliest.
    assume(age >= DELIVERY_TIMEOUT or invocation.details != "DeliveryTimedOut")
    now = SENT_AT + age
    observation = observe(invocation, of, now, now)
    exact = 1e-6
    assert SENT_AT - exact <= observation.since <= observation.at <= now + exact
    assert SENT_AT <= observation.answered_from <= now + exact


@given(INVOCATIONS, ROUNDS, st.floats(0, 4000))
def test_only_a_probe_that_has_ended_and_said_so_is_unreachable_or_explicitly_reachable(
    invocation: Invocation, of: Round, age: float
) -> None:
    observation = observe(invocation, of, SENT_AT + age, SENT_AT + age)
    claims = observation.state is State.UNREACHABLE
    if claims or (observation.state is State.REACHABLE and observation.explicit):
        assert observation.explicit
        assert invocation.status in ("Success", "Failed")
        assert '"state"' in invocation.output
    if observation.state is State.PENDING:
        assert observation.running_until is not None
