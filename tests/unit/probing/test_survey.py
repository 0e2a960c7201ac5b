"""Which of a host's words holds, and the moments at which words become one trouble, or yield to another."""

from __future__ import annotations

import pytest

from nat_failover.probing.invocation import State
from nat_failover.probing.observation import Observation
from nat_failover.probing.rounds import look_back
from nat_failover.probing.survey import BEFORE_RELAYED, JOINED, latest_of, survey
from tests.examples import BACKENDS, NOW, STANDBY, observation, settings, watching

HOST = BACKENDS[0]


def failed(ago: float) -> Observation:
    """Let the host have been offline for all of the five seconds that its probe ran."""
    return observation(HOST, at=NOW - ago, since=NOW - ago - 5, asked_at=NOW - ago - 6, elapsed=5.0)


def signalled(state: State, ago: float, sent_ago: float = 100) -> Observation:
    """Let the passive NAT have heard a signal of the host."""
    at = NOW - ago
    return observation(HOST, state, at=at, since=at, asked_at=NOW - sent_ago, elapsed=0.0, relayed_by=STANDBY)


def silent(ago: float) -> Observation:
    """Let the host not have answered a question for ten seconds by then."""
    return observation(HOST, State.SILENT, at=NOW - ago, asked_at=NOW - ago - 10, explicit=False)


def test_a_trouble_goes_back_over_all_failures_that_follow_each_other() -> None:
    answers = [failed(130), failed(70), failed(10)]
    assert latest_of(answers).since == answers[0].since


@pytest.mark.parametrize(("gap", "joined"), [(JOINED, True), (JOINED + 0.01, False)])
def test_two_failures_are_one_trouble_where_so_much_went_unwatched_and_no_more(gap: float, joined: bool) -> None:
    later, earlier = failed(10), failed(10 + 5 + gap)
    assert latest_of([earlier, later]).since == (earlier.since if joined else later.since)


@pytest.mark.parametrize("state", [State.REACHABLE, State.BROKEN])
def test_any_other_word_in_between_makes_it_a_new_trouble(state: State) -> None:
    answers = [failed(20), observation(HOST, state, at=NOW - 12, asked_at=NOW - 13), failed(5)]
    assert latest_of(answers).since == answers[2].since


def test_being_asked_in_between_does_not() -> None:
    assert latest_of([failed(20), *watching(HOST, asked_at=NOW - 12), failed(5)]).since == failed(20).since


def test_a_probe_that_had_answers_before_its_loss_has_seen_the_end_of_any_trouble_before() -> None:
    fresh = observation(HOST, at=NOW, since=NOW - 2, asked_at=NOW - 6, elapsed=5.0)
    assert latest_of([failed(10), fresh]).since == fresh.since


def test_a_watch_that_goes_on_leaves_the_last_word_as_it_is() -> None:
    online = observation(HOST, State.REACHABLE, at=NOW - 90, asked_at=NOW - 91)
    assert latest_of([online, *watching(HOST, asked_at=NOW - 80)]) == online


def test_a_word_holds_for_as_long_as_rounds_are_looked_back_for() -> None:
    s = settings()
    for more, usable in ((0.0, {HOST}), (0.01, set())):
        answer = observation(HOST, State.REACHABLE, at=NOW - look_back(s) - more, asked_at=NOW - 900)
        assert survey([answer], NOW, s).usable == usable


# Signals


def test_a_host_s_own_word_outweighs_what_is_told_of_it_at_the_same_time() -> None:
    own = observation(HOST, State.REACHABLE, at=NOW - 3)
    assert latest_of([own, signalled(State.UNREACHABLE, 3 - BEFORE_RELAYED)]) == own
    later = signalled(State.UNREACHABLE, 3 - BEFORE_RELAYED - 0.01)
    assert latest_of([own, later]).state is State.UNREACHABLE


def test_a_signal_is_news_though_the_listener_was_asked_to_listen_before_the_host_said_otherwise() -> None:
    answer = observation(HOST, State.REACHABLE, at=NOW - 50, asked_at=NOW - 51)
    assert latest_of([answer, signalled(State.UNREACHABLE, 1, sent_ago=500)]).state is State.UNREACHABLE


# Silence


def test_silence_is_what_is_known_of_a_host_that_was_online_and_answers_no_more() -> None:
    online = observation(HOST, State.REACHABLE, at=NOW - 60, asked_at=NOW - 61)
    assert latest_of([online, silent(1)]).state is State.SILENT


@pytest.mark.parametrize("answer", [failed(20), signalled(State.UNREACHABLE, 20)], ids=["direct", "relayed"])
def test_silence_does_not_stand_against_a_host_s_word_that_it_is_offline(answer: Observation) -> None:
    assert latest_of([answer, silent(1)]) == answer


def test_silence_does_not_stand_against_an_answer_to_a_later_question() -> None:
    online = observation(HOST, State.REACHABLE, at=NOW - 5, asked_at=NOW - 6)
    assert latest_of([online, silent(1)]).state is State.REACHABLE


def test_of_a_host_that_has_said_nothing_the_latest_question_is_known() -> None:
    first, second = watching(HOST, asked_at=NOW - 50), watching(HOST, asked_at=NOW - 5)
    assert latest_of([*second, *first]) == second[0]
