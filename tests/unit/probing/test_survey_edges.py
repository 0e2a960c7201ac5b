"""The moments at which a host's words become one trouble, or yield to another."""

from __future__ import annotations

import pytest

from nat_failover.probing.observation import Observation, State
from nat_failover.probing.survey import JOINED, latest_word
from tests.examples import BACKENDS, NOW, observation

HOST = BACKENDS[0]


def failed(ago: float) -> Observation:
    """Let the host have been offline for all of the five seconds that its probe ran."""
    return observation(HOST, at=NOW - ago, since=NOW - ago - 5, asked_at=NOW - ago - 6, elapsed=5.0)


def test_a_trouble_goes_back_over_all_failures_that_follow_each_other() -> None:
    words = [failed(130), failed(70), failed(10)]
    assert latest_word(words).since == words[0].since


@pytest.mark.parametrize(("gap", "joined"), [(JOINED, True), (JOINED + 0.01, False)])
def test_two_failures_are_one_trouble_where_so_much_went_unwatched_and_no_more(gap: float, joined: bool) -> None:
    later, earlier = failed(10), failed(10 + 5 + gap)
    assert latest_word([earlier, later]).since == (earlier.since if joined else later.since)


def test_what_is_inferred_of_the_same_question_stands_against_an_earlier_answer_to_it() -> None:
    answer = observation(HOST, at=NOW - 20, since=NOW - 22, asked_at=NOW - 60)
    inferred = observation(HOST, State.REACHABLE, at=NOW - 6, since=NOW - 6, asked_at=NOW - 60, explicit=False)
    assert latest_word([answer, inferred]) == inferred
