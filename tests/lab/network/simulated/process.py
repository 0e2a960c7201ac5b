"""What runs on a host of the simulated network: it has a task of the world, and ends with an outcome."""

from __future__ import annotations

from abc import ABC, abstractmethod

from tests.lab.network.network import ProbeOutcome
from tests.lab.world.world import World


class SimulatedProcess(ABC):
    """A process, started when it is made.

    Args:
        world: where it runs.
        name: of its task.
    """

    def __init__(self, world: World, name: str) -> None:
        self._outcome = ProbeOutcome(-9, "")
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

    @abstractmethod
    def _main(self) -> None:
        """Run to the end, and leave the outcome."""
