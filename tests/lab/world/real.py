"""The world of real packets: threads and the machine's clock."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from tests.lab.world.world import Cancelled, Result, Signal, T, Task, call_together, results_of

# How soon a thread that waits for another notices that it was cancelled.
JOIN_FOR = 0.2

_here = threading.local()


def give_way() -> None:
    """End the calling thread's task if it was cancelled; for code that waits by other means than the world's."""
    task: _ThreadTask | None = getattr(_here, "task", None)
    if task is not None and task.cancelled.is_set():
        raise Cancelled


class _ThreadTask:
    def __init__(self, function: Callable[[], object], name: str, world: RealWorld) -> None:
        self.cancelled = threading.Event()
        self._function = function
        self._world = world
        self.thread = threading.Thread(target=self._main, name=name, daemon=True)

    def _main(self) -> None:
        _here.task = self
        try:
            self._function()
        except Cancelled:
            pass
        except BaseException as error:  # noqa: BLE001 - ends the whole run
            error.add_note(f"in the task {self.thread.name}")
            self._world.failures.append(error)

    def done(self) -> bool:
        return not self.thread.is_alive()

    def join(self, timeout: float | None = None) -> bool:
        deadline = None if timeout is None else time.monotonic() + timeout
        while not self.done():
            left = JOIN_FOR if deadline is None else min(JOIN_FOR, deadline - time.monotonic())
            if left <= 0:
                break
            self.thread.join(left)
            give_way()
        return self.done()

    def cancel(self) -> None:
        self.cancelled.set()


class _RealSignal:
    """See ``Signal``."""

    def __init__(self) -> None:
        self._given = threading.Event()
        self._changing = threading.Lock()

    def wait(self, timeout: float) -> bool:
        with self._changing:
            given = self._given
        deadline = time.monotonic() + timeout
        while not given.is_set():
            left = min(JOIN_FOR, deadline - time.monotonic())
            if left <= 0:
                return False
            given.wait(left)
            give_way()
        return True

    def give(self) -> None:
        with self._changing:
            given, self._given = self._given, threading.Event()
        given.set()


class RealWorld:
    """Threads and the machine's clock."""

    virtual = False

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.failures: list[BaseException] = []
        self._tasks: list[_ThreadTask] = []
        self._spawning = threading.Lock()

    def now(self) -> float:
        """Give the time in seconds since the epoch."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Wait; a cancelled task ends here."""
        task: _ThreadTask | None = getattr(_here, "task", None)
        if task is None:
            time.sleep(max(0.0, seconds))
        elif task.cancelled.wait(max(0.0, seconds)):
            raise Cancelled

    def spawn(self, function: Callable[[], object], name: str) -> Task:
        """Run a function in a thread."""
        task = _ThreadTask(function, name, self)
        with self._spawning:
            self._tasks = [t for t in self._tasks if not t.done()]
            self._tasks.append(task)
            task.thread.start()
        return task

    def signal(self) -> Signal:
        """Make something that tasks can wait for."""
        return _RealSignal()

    def together(self, calls: Sequence[Callable[[], Any]]) -> list[Any]:
        """Make all calls at the same time."""
        return call_together(self, calls)

    def run(self, main: Callable[[], T]) -> T:
        """Run main in a thread of its own, so that a failing task can end the run."""
        result = Result(main)
        task = self.spawn(result, "main")
        while not task.join(0.05) and not self.failures:
            pass
        for other in self._tasks:
            other.cancel()
        for other in self._tasks:
            other.join(10)
        if self.failures:
            raise self.failures[0]
        value: T = results_of([result])[0]
        return value
