"""When a host came to its answer: by its uptime, from its other answers, however late and whatever its clock says."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nat_failover.probing.dating import KEPT, Boot, boots_of, dated
from nat_failover.probing.invocation import Invocation
from nat_failover.probing.observation import CLOCK_TRUST, Observation, observe
from nat_failover.probing.rounds import Kind, Round
from tests.examples import NOW

HOST, BOOT = "i-0bacbacbacbac0001", "2f9c3a0e-7d10-4c57-9d5e-0d6b3b1f8a11"
BOOTED = NOW - 90_000
ELAPSED = 2.3


@dataclass(frozen=True)
class Answer:
    """An answer: asked for so long ago, begun so much later, told by a clock that is so far ahead."""

    ago: float
    late: float = 0.4
    ahead: float = 0.0
    elapsed: float = ELAPSED
    host: str = HOST
    boot: str = BOOT
    booted: float = BOOTED

    @property
    def truth(self) -> float:
        """When the host came to it."""
        return NOW - self.ago + self.late + self.elapsed

    def observed(self) -> Observation:
        """Give what is read of it now."""
        fields = {"probe": 2, "state": "offline", "elapsed": self.elapsed, "lost_for": 2.0, "boot": self.boot}
        output = json.dumps({**fields, "uptime": round(self.truth - self.booted, 2)})
        invocation = Invocation(self.host, "Failed", "Failed", 1, self.truth + self.ahead, output)
        return observe(invocation, Round("c", Kind.CHECK, 0, NOW - self.ago, (self.host,)), NOW, NOW)


def date_of(answer: Answer, *others: Answer) -> Observation:
    """Date an answer beside others."""
    first, *_ = dated([answer.observed(), *(other.observed() for other in others)])
    return first


SOON, LATE = Answer(ago=300), Answer(ago=110, late=100)


@pytest.mark.parametrize("ahead", [0.0, 3600.0, -3600.0])
def test_a_quick_check_that_ran_100_seconds_late_is_dated_by_another_answer_of_the_host(ahead: float) -> None:
    observation = date_of(replace(LATE, ahead=ahead), replace(SOON, ahead=ahead))
    # A clock that is right tells the rest; one that is wrong may move it by what is left until now.
    assert observation.at == pytest.approx(
        {0.0: LATE.truth, 3600.0: NOW, -3600.0: LATE.truth - SOON.late}[ahead], abs=0.02
    )
    assert observation.since == pytest.approx(observation.at - 2.0, abs=0.01)
    assert observation.answered_from == pytest.approx(LATE.truth - SOON.late, abs=0.02)


def test_without_another_answer_it_is_dated_no_later_than_its_clock_is_trusted() -> None:
    assert date_of(LATE).at == NOW - LATE.ago + ELAPSED + CLOCK_TRUST
    assert date_of(LATE).answered_from == NOW - LATE.ago + ELAPSED


def test_a_later_question_that_was_answered_soon_dates_an_earlier_one() -> None:
    assert date_of(LATE, Answer(ago=5)).at == pytest.approx(LATE.truth, abs=0.02)


@pytest.mark.parametrize(
    "other",
    [
        replace(SOON, host="i-0bacbacbacbac0002"),
        replace(SOON, boot="00000000-0000-0000-0000-000000000000", booted=NOW - 400),
        replace(SOON, boot=""),
    ],
    ids=["another host", "another boot", "no boot told"],
)
def test_nothing_is_concluded_from(other: Answer) -> None:
    assert date_of(LATE, other).at == date_of(LATE).at


def test_what_does_not_say_its_boot_is_dated_as_it_was() -> None:
    silent = replace(LATE, boot="").observed()
    assert dated([silent, SOON.observed()])[0] is silent


def test_an_uptime_that_is_a_lie_moves_its_own_answer_only_and_not_beyond_now() -> None:
    lie = replace(Answer(ago=200), booted=BOOTED + 80_000)
    honest = Answer(ago=250, host="i-0bacbacbacbac0002")
    first, second, third = dated([lie.observed(), SOON.observed(), honest.observed()])
    assert NOW - 200 + ELAPSED <= first.at <= NOW
    assert NOW - 300 + ELAPSED <= second.at <= NOW
    assert third.at == pytest.approx(honest.truth, abs=0.01)


def test_what_was_learnt_is_kept_for_an_hour_of_the_hosts_uptime() -> None:
    learnt = boots_of([SOON.observed()])
    ((key, boot),) = learnt.items()
    assert key == (HOST, BOOT)
    wanted: Any = (pytest.approx(BOOTED - SOON.late, abs=0.02), pytest.approx(SOON.truth - BOOTED, abs=0.02))
    assert boot == Boot(*wanted)
    (observation,) = dated([LATE.observed()], learnt)
    assert observation.at == pytest.approx(LATE.truth, abs=0.02)
    old = {key: replace(boot, learnt=LATE.truth - BOOTED - KEPT - 1)}
    (observation,) = dated([LATE.observed()], old)
    assert observation.at == date_of(LATE).at


DELAYS = st.floats(0, 400)


@given(
    st.lists(st.tuples(st.floats(0, 700), DELAYS, st.floats(0, 600)), min_size=1, max_size=6),
    st.sampled_from([0.0, -1e6, -40.0, -3.0, 3.0, 40.0, 1e6]),
)
def test_no_answer_is_dated_outside_what_is_certain_and_the_delivery_that_was_soonest_is_the_error(
    drawn: list[tuple[float, float, float]], ahead: float
) -> None:
    answers = [Answer(late + elapsed + ago, late, ahead, elapsed) for ago, late, elapsed in drawn]
    soonest = min(answer.late for answer in answers)
    for answer, observation in zip(answers, dated([answer.observed() for answer in answers]), strict=True):
        assert NOW - answer.ago + answer.elapsed - 0.02 <= observation.answered_from <= answer.truth + 0.02
        assert observation.answered_from <= observation.at <= NOW
        assert answer.truth - soonest - 0.03 <= observation.at <= answer.truth + CLOCK_TRUST + 0.02
        if ahead == 0 and soonest < CLOCK_TRUST - 1:
            assert observation.at == pytest.approx(answer.truth, abs=0.03)
