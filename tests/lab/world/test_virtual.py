"""The virtual world alone: its clocks, its order, its end."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from tests.lab.world.virtual import VIRTUAL_START, VirtualWorld
from tests.lab.world.world import Task


def test_a_task_cancelled_before_it_begins_never_does_and_is_not_waited_for_in_vain() -> None:
    world = VirtualWorld(1)
    begun: list[bool] = []

    def main() -> bool:
        task = world.spawn(lambda: begun.append(True), "never")
        task.cancel()
        return task.join()

    assert world.run(main)
    assert not begun


def test_virtual_time_is_what_every_clock_says_and_ends_with_the_run() -> None:
    world = VirtualWorld(1)

    def main() -> None:
        world.sleep(3600.5)
        assert world.now() == time.time() == VIRTUAL_START + 3600.5
        assert datetime.now(UTC).timestamp() == VIRTUAL_START + 3600.5

    before = time.time()
    world.run(main)
    assert before <= time.time() < before + 60


def test_the_clocks_are_real_again_after_an_error() -> None:
    world = VirtualWorld(1)

    def main() -> None:
        world.sleep(10)
        raise LookupError

    with pytest.raises(LookupError):
        world.run(main)
    assert time.time() > VIRTUAL_START + 86400


def test_one_seed_is_one_history_in_virtual_time() -> None:
    def history(seed: int) -> list[tuple[float, str]]:
        world = VirtualWorld(seed)
        seen: list[tuple[float, str]] = []

        def walker(name: str) -> Callable[[], None]:
            def walk() -> None:
                for _ in range(50):
                    world.sleep(world.random.random())
                    seen.append((world.now(), name))

            return walk

        world.run(lambda: world.together([walker(name) for name in "abcd"]))
        return seen

    assert history(5) == history(5)
    assert history(5) != history(6)


def test_in_virtual_time_who_was_first_to_sleep_wakes_first() -> None:
    world = VirtualWorld(1)
    order: list[int] = []

    def task(number: int) -> Callable[[], None]:
        def sleeps() -> None:
            world.sleep(1)
            order.append(number)

        return sleeps

    world.run(lambda: world.together([task(n) for n in range(20)]))
    assert order == list(range(20))


def test_a_deadlock_in_virtual_time_is_told() -> None:
    world = VirtualWorld(1)

    def main() -> None:
        tasks: list[Task] = []

        def waits() -> None:
            tasks[0].join()

        first = world.spawn(waits, "first")
        tasks.append(world.spawn(first.join, "second"))
        first.join()

    with pytest.raises(RuntimeError, match="waits for another"):
        world.run(main)


def test_a_hundred_thousand_sleeps_take_a_second_or_so() -> None:
    world = VirtualWorld(1)

    def task() -> None:
        for _ in range(10_000):
            world.sleep(0.5)

    begun = os.times().elapsed
    world.run(lambda: world.together([task] * 10))
    assert os.times().elapsed - begun < 5
