"""What a run of the lab takes place in: a time, a source of chance, tasks that run beside each other."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Cancelled(BaseException):
    """Raised in a task that was cancelled, at its next sleep."""


class Task(Protocol):
    """Something that runs beside."""

    def done(self) -> bool:
        """Tell whether it has ended."""
        ...

    def join(self, timeout: float | None = None) -> bool:
        """Wait for its end; tell whether it has ended."""
        ...

    def cancel(self) -> None:
        """Have it end with Cancelled at its next sleep."""
        ...


class Signal(Protocol):
    """Something that tasks wait for, each until it comes the next time."""

    def wait(self, timeout: float) -> bool:
        """Wait for it, but no longer than so many seconds; tell whether it came."""
        ...

    def give(self) -> None:
        """Let those who wait go on."""
        ...


class World(Protocol):
    """What a lab runs in."""

    random: random.Random
    virtual: bool

    def now(self) -> float:
        """Give the time in seconds since the epoch."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...

    def spawn(self, function: Callable[[], object], name: str) -> Task:
        """Run a function beside; an exception in it ends the run."""
        ...

    def signal(self) -> Signal:
        """Make something that tasks can wait for."""
        ...

    def together(self, calls: Sequence[Callable[[], Any]]) -> list[Any]:
        """Make all calls at the same time; the first exception, in order, is raised after all have ended."""
        ...

    def run(self, main: Callable[[], T]) -> T:
        """Run main to its end, then cancel what still runs."""
        ...


class Result:
    """What a call came to."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self._call = call
        self.value: Any = None
        self.error: BaseException | None = None

    def __call__(self) -> None:
        try:
            self.value = self._call()
        except BaseException as error:  # noqa: BLE001 - handed to whoever asked for the result
            self.error = error


def call_together(world: World, calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """Make all calls in tasks of a world; the first exception, in order, is raised after all have ended."""
    if len(calls) == 1:
        return [calls[0]()]
    results = [Result(call) for call in calls]
    tasks = [world.spawn(result, "together") for result in results]
    try:
        for task in tasks:
            task.join()
    except Cancelled:
        for task in tasks:
            task.cancel()
        raise
    return results_of(results)


def results_of(results: Sequence[Result]) -> list[Any]:
    """Give what calls came to; the first exception, in order, is raised."""
    for result in results:
        if result.error is not None:
            raise result.error
    return [result.value for result in results]
