"""Both worlds, and what they promise alike."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial

import pytest

from tests.lab.world.real import RealWorld
from tests.lab.world.virtual import VirtualWorld
from tests.lab.world.world import Cancelled, World


@pytest.fixture(params=[RealWorld, VirtualWorld], ids=["real", "virtual"])
def world(request: pytest.FixtureRequest) -> World:
    """Give a world."""
    made: World = request.param(3)
    return made


def test_run_gives_what_main_gives(world: World) -> None:
    assert world.run(lambda: 42) == 42


def test_main_s_own_error_is_the_run_s(world: World) -> None:
    def main() -> None:
        world.sleep(0.01)
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        world.run(main)


def test_sleep_takes_its_time(world: World) -> None:
    def main() -> float:
        begun = world.now()
        world.sleep(0.1)
        return world.now() - begun

    assert 0.1 - 1e-6 <= world.run(main) < 0.3


def test_calls_made_together_take_as_long_as_the_longest_and_answer_in_order(world: World) -> None:
    def call(seconds: float) -> Callable[[], float]:
        def waits() -> float:
            world.sleep(seconds)
            return seconds

        return waits

    def main() -> tuple[list[float], float]:
        begun = world.now()
        return world.together([call(0.15), call(0.05), call(0.1)]), world.now() - begun

    answers, took = world.run(main)
    assert answers == [0.15, 0.05, 0.1]
    assert 0.149 < took < 0.28


def test_of_calls_made_together_all_end_before_the_first_error_in_order_is_raised(world: World) -> None:
    ended: list[str] = []

    def fails(seconds: float, name: str) -> Callable[[], None]:
        def call() -> None:
            world.sleep(seconds)
            ended.append(name)
            raise ValueError(name)

        return call

    def succeeds() -> None:
        world.sleep(0.15)
        ended.append("late")

    with pytest.raises(ValueError, match="first"):
        world.run(lambda: world.together([fails(0.1, "first"), fails(0.0, "second"), succeeds]))
    assert ended == ["second", "first", "late"]


def test_an_error_in_a_task_ends_the_run_at_once_and_names_the_task(world: World) -> None:
    cancelled: list[bool] = []

    def broken() -> None:
        world.sleep(0.05)
        raise ArithmeticError("no more")

    def main() -> None:
        world.spawn(broken, "the broken one")
        try:
            world.sleep(60)
        except Cancelled:
            cancelled.append(True)
            raise

    begun = os.times().elapsed
    with pytest.raises(ArithmeticError, match="no more") as caught:
        world.run(main)
    assert os.times().elapsed - begun < 5
    assert "in the task the broken one" in caught.value.__notes__
    assert cancelled == [True]


def test_a_cancelled_task_ends_where_it_sleeps_and_its_end_takes_no_time(world: World) -> None:
    steps: list[str] = []

    def task() -> None:
        try:
            world.sleep(60)
            steps.append("slept")
        finally:
            steps.append("cleaning")
            try:
                world.sleep(60)
                steps.append("slept while cleaning")
            finally:
                steps.append("clean")

    def main() -> float:
        running = world.spawn(task, "sleeper")
        world.sleep(0.05)
        begun = world.now()
        assert not running.done()
        assert not running.join(0.01)
        running.cancel()
        assert running.join(5)
        assert running.done()
        return world.now() - begun

    assert world.run(main) < 1
    assert steps == ["cleaning", "clean"]


def test_cancelling_who_waits_for_calls_made_together_cancels_the_calls(world: World) -> None:
    ended: list[str] = []

    def call() -> None:
        try:
            world.sleep(60)
        finally:
            ended.append("call")

    def main() -> None:
        parent = world.spawn(lambda: world.together([call, call]), "parent")
        world.sleep(0.1)
        parent.cancel()
        assert parent.join(5)
        world.sleep(0.1)
        assert ended == ["call", "call"]

    world.run(main)


def test_what_still_runs_at_the_end_is_cancelled(world: World) -> None:
    ended: list[str] = []

    def task() -> None:
        try:
            while True:
                world.sleep(0.01)
        finally:
            ended.append("task")

    def main() -> None:
        world.spawn(task, "for ever")
        world.sleep(0.05)

    world.run(main)
    assert ended == ["task"]


def test_tasks_spawned_by_many_tasks_at_once_are_all_cancelled_at_the_end(world: World) -> None:
    begun: list[int] = []
    ended: list[int] = []

    def task(number: int) -> None:
        begun.append(number)
        try:
            world.sleep(60)
        finally:
            ended.append(number)

    def spawner(first: int) -> Callable[[], None]:
        def spawns() -> None:
            for number in range(first, first + 10):
                world.spawn(partial(task, number), str(number))

        return spawns

    def main() -> None:
        world.together([spawner(n * 10) for n in range(5)])
        world.sleep(0.3)

    world.run(main)
    assert sorted(begun) == list(range(50))
    assert sorted(ended) == list(range(50))


def test_a_signal_wakes_all_who_wait_and_none_who_come_later(world: World) -> None:
    woken: list[bool] = []
    signal = world.signal()

    def main() -> None:
        waiting = [world.spawn(lambda: woken.append(signal.wait(5)), "waiting") for _ in range(3)]
        world.sleep(0.05)
        signal.give()
        for task in waiting:
            task.join(1)
        woken.append(signal.wait(0.05))

    world.run(main)
    assert woken == [True, True, True, False]
