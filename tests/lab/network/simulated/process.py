"""What runs on a host of the simulated network: it has a task of the world, and ends with an outcome."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

from tests.lab.network.network import ProbeOutcome
from tests.lab.world.world import Task, World

# Times are sums of many slots, and of virtual seconds since 1970 a float has no more.
TINY = 1e-4


class SimulatedProcess(ABC):
    """A process, started when it is made.

    Args:
        world: where it runs.
        name: of its task.
    """

    def __init__(self, world: World, name: str) -> None:
        self._outcome = ProbeOutcome(-9, "")
        self._world = world
        self._going_on: Task | None = None
        self._task = world.spawn(self._main, name)

    def wait(self) -> ProbeOutcome:
        """Wait until it has ended."""
        self._task.join()
        return self._outcome

    def kill(self, outcome: ProbeOutcome | None = None) -> None:
        """End it, without a word of its own."""
        self._outcome = outcome or self._outcome
        self._task.cancel()

    def done(self) -> bool:
        """Tell whether it has ended."""
        return self._task.done()

    def lives(self) -> bool:
        """Tell whether anything of it still runs."""
        return not self.done() or (self._going_on is not None and not self._going_on.done())

    def end(self) -> None:
        """End it with its host, and what goes on after it."""
        self.kill()
        if self._going_on is not None:
            self._going_on.cancel()

    def stir(self) -> None:  # noqa: B027 - most do not wait for that
        """Let it see that something of the network has changed."""

    def _go_on(self, function: Callable[[], None]) -> None:
        """Have something outlive it."""
        self._going_on = self._world.spawn(function, "what goes on after it")

    @abstractmethod
    def _main(self) -> None:
        """Run to the end, and leave the outcome."""
