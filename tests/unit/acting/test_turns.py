"""Which of several invocations goes ahead, and how the others come after it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nat_failover.acting.turns import HEAD_START, LATE, LOOK_AGAIN, SPREAD, Turns
from nat_failover.lock.claim import Claim
from nat_failover.lock.held import RECORDLESS_AFTER
from nat_failover.lock.record import read_lock
from nat_failover.lock.store import LockView
from tests.examples import NOW, settings
from tests.fakes import FakeRuntime

ARMED = read_lock("armed", 4)
FREE = LockView(ARMED, None)
CLAIMED = LockView(ARMED, Claim("another", NOW + 60, 1, NOW, 4))
RECORDED = replace(CLAIMED, lock=read_lock("paused", 5))


class Reading:
    """Gives views one after the other, the last of them again and again."""

    def __init__(self, *views: LockView) -> None:
        self.views = list(views)
        self.times = 0

    def __call__(self) -> LockView:
        self.times += 1
        return self.views[min(self.times, len(self.views)) - 1]


def turns(runtime: FakeRuntime, *views: LockView) -> tuple[Turns, Reading]:
    reading = Reading(*views)
    return Turns(settings(), runtime, reading), reading


def test_an_event_where_the_last_tick_ran_is_looked_into_at_once() -> None:
    runtime = FakeRuntime()
    of, reading = turns(runtime, FREE)
    of.tick()
    runtime.time += settings().period + LATE
    assert of.come(NOW + 100) is FREE
    assert (runtime.slept, reading.times) == ([], 1)


@pytest.mark.parametrize("ticked", [True, False])
def test_an_event_elsewhere_waits_a_random_moment(ticked: bool) -> None:
    waits = set()
    for seed in range(20):
        runtime = FakeRuntime(seed=seed)
        of, _ = turns(runtime, FREE)
        if ticked:
            of.tick()
            runtime.time += settings().period + LATE + 1
        of.come(NOW + 1000)
        waits |= set(runtime.slept)
    assert len(waits) == 20
    after = [wait - HEAD_START for wait in waits]
    assert 0 <= min(after) < SPREAD / 4 < 3 * SPREAD / 4 < max(after) <= SPREAD


def test_who_sees_a_claim_that_awaits_its_record_looks_again_a_second_later() -> None:
    runtime = FakeRuntime()
    of, reading = turns(runtime, RECORDED)
    assert of.past_claim(CLAIMED, NOW + 100) is RECORDED
    assert reading.times == 1
    assert LOOK_AGAIN[0] <= runtime.slept[0] <= LOOK_AGAIN[1]


def test_a_claim_that_has_led_to_a_record_is_not_waited_for() -> None:
    runtime = FakeRuntime()
    of, _ = turns(runtime)
    assert of.past_claim(RECORDED, NOW + 100) is RECORDED
    assert runtime.slept == []


def test_a_claim_without_a_record_is_waited_for_no_longer_than_its_holder_has_for_it() -> None:
    runtime = FakeRuntime()
    of, _ = turns(runtime, CLAIMED)
    left = of.past_claim(CLAIMED, NOW + 100)
    assert not left.is_claimed(runtime.now())
    assert RECORDLESS_AFTER <= runtime.now() - NOW < RECORDLESS_AFTER + 2 * LOOK_AGAIN[1]


def test_one_reading_does_not_prove_that_there_is_no_record() -> None:
    runtime = FakeRuntime(NOW + RECORDLESS_AFTER + 1)
    of, reading = turns(runtime, RECORDED)
    assert of.past_claim(CLAIMED, NOW + 100) is RECORDED
    assert reading.times == 1


def test_another_claim_in_place_of_the_first_is_waited_for_anew() -> None:
    runtime = FakeRuntime()
    later = replace(CLAIMED, claim=Claim("a third", NOW + 66, 2, NOW + 6, 4))
    of, _ = turns(runtime, CLAIMED, CLAIMED, CLAIMED, later)
    of.past_claim(CLAIMED, NOW + 100)
    assert runtime.now() >= NOW + 6 + RECORDLESS_AFTER


def test_who_waits_ends_in_time() -> None:
    runtime = FakeRuntime()
    of, _ = turns(runtime, CLAIMED)
    assert of.past_claim(CLAIMED, NOW + 3).is_claimed(runtime.now())
    assert runtime.now() < NOW + 3
