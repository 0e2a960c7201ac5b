"""The world of the simulated network: greenlets and a clock that jumps; one seed is one history."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Sequence
from typing import Any

import time_machine
from greenlet import getcurrent, greenlet

from tests.lab.world.world import Cancelled, Result, Signal, T, Task, call_together, results_of

# Where virtual time begins: 2026-01-01T00:00:00Z.
VIRTUAL_START = 1767225600.0


class _GreenTask:
    def __init__(self, function: Callable[[], object], name: str, world: VirtualWorld) -> None:
        self.name = name
        self._function = function
        self._world = world
        self.ended = False
        self.waiting: list[greenlet] = []
        self.green = greenlet(self._main, world.hub)

    def _main(self) -> None:
        try:
            self._function()
        except Cancelled:
            pass
        except BaseException as error:  # noqa: BLE001 - ends the whole run
            error.add_note(f"in the task {self.name}")
            self._world.failures.append(error)
        finally:
            self.end()

    def end(self) -> None:
        """Note that it has ended and wake who waits for that."""
        self.ended = True
        for waiter in self.waiting:
            self._world.at(self._world.now(), waiter)

    def done(self) -> bool:
        return self.ended

    def join(self, timeout: float | None = None) -> bool:
        if not self.ended:
            me = getcurrent()
            self.waiting.append(me)
            if timeout is not None:
                self._world.at(self._world.now() + timeout, me)
            deadline = None if timeout is None else self._world.now() + timeout
            while not self.ended and (deadline is None or self._world.now() < deadline):
                self._world.yield_to_hub()
            if me in self.waiting:
                self.waiting.remove(me)
        return self.ended

    def cancel(self) -> None:
        self._world.cancel(self)


class _VirtualSignal:
    """See ``Signal``."""

    def __init__(self, world: VirtualWorld) -> None:
        self._world = world
        self._waiting: list[greenlet] = []

    def wait(self, timeout: float) -> bool:
        """Wait for it, but no longer than so many seconds; tell whether it came."""
        me, until = getcurrent(), self._world.now() + timeout
        self._waiting.append(me)
        self._world.at(until, me)
        try:
            while me in self._waiting and self._world.now() < until:
                self._world.yield_to_hub()
            return me not in self._waiting
        finally:
            if me in self._waiting:
                self._waiting.remove(me)

    def give(self) -> None:
        """Let those who wait go on."""
        waiting, self._waiting = self._waiting, []
        for green in waiting:
            self._world.at(self._world.now(), green)


class VirtualWorld:
    """Greenlets and a clock that jumps: one seed is one history."""

    virtual = True

    def __init__(self, seed: int, start: float = VIRTUAL_START) -> None:
        self.random = random.Random(seed)
        self.failures: list[BaseException] = []
        self._now = start
        self._heap: list[tuple[float, int, greenlet]] = []
        self._sequence = 0
        self._tasks: dict[greenlet, _GreenTask] = {}
        self._cancelled: set[greenlet] = set()
        self.hub = getcurrent()
        self._clock: time_machine.Traveller

    def now(self) -> float:
        """Give the virtual time in seconds since the epoch."""
        return self._now

    def at(self, when: float, green: greenlet) -> None:
        """Have a greenlet go on at a time."""
        self._sequence += 1
        heapq.heappush(self._heap, (when, self._sequence, green))

    def yield_to_hub(self) -> None:
        """Let others run until somebody wakes the calling greenlet."""
        me = getcurrent()
        if me not in self._cancelled:
            self.hub.switch()
        if me in self._cancelled:  # and stays so: its end must not take time
            raise Cancelled

    def sleep(self, seconds: float) -> None:
        """Wait in virtual time."""
        until = self._now + max(0.0, seconds)
        me = getcurrent()
        if me not in self._cancelled and (not self._heap or self._heap[0][0] > until):
            # Nobody else is due before: the same comes of it without the way through the hub.
            self._move_to(until)
            return
        self.at(until, me)
        self.yield_to_hub()
        while self._now < until:  # woken by somebody else's wish
            self.yield_to_hub()

    def spawn(self, function: Callable[[], object], name: str) -> Task:
        """Run a function in a greenlet, from the next switch on."""
        task = _GreenTask(function, name, self)
        self._tasks[task.green] = task
        self.at(self._now, task.green)
        return task

    def cancel(self, task: _GreenTask) -> None:
        """Have a task end when the hub runs next."""
        if not task.ended and task.green is not getcurrent():
            self._cancelled.add(task.green)
            self.at(self._now, task.green)

    def signal(self) -> Signal:
        """Make something that tasks can wait for."""
        return _VirtualSignal(self)

    def together(self, calls: Sequence[Callable[[], Any]]) -> list[Any]:
        """Make all calls at the same virtual time."""
        return call_together(self, calls)

    def run(self, main: Callable[[], T]) -> T:
        """Run main to its end, with the clocks of this process at virtual time."""
        self.hub = getcurrent()
        result = Result(main)
        traveller = time_machine.travel(self._now, tick=False)
        self._clock = traveller.start()
        try:
            task = self.spawn(result, "main")
            while not task.done() and not self.failures:
                if not self._heap:
                    raise RuntimeError("every task of the virtual world waits for another")
                self._step()
            for other in [t for t in self._tasks.values() if not t.ended]:
                self.cancel(other)
            while any(not t.ended for t in self._tasks.values()) and self._heap:
                self._step()
        finally:
            traveller.stop()
        if self.failures:
            raise self.failures[0]
        value: T = results_of([result])[0]
        return value

    def _move_to(self, when: float) -> None:
        if when > self._now:
            self._now = when
            # As good as its move_to, in a fifth of the time; what it lacks in precision does not add up.
            self._clock.shift(when - self._clock.time_ns() / 1e9)

    def _step(self) -> None:
        when, _, green = heapq.heappop(self._heap)
        task = self._tasks.get(green)
        if green.dead or task is None:
            return
        self._move_to(when)
        if green in self._cancelled and not green:
            # It has never begun to run.
            task.end()
        else:
            green.switch()
        if green.dead or task.ended:
            self._tasks.pop(green, None)
            self._cancelled.discard(green)
