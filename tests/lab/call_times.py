"""When the product called what: AWS counts by the second."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from tests.lab.lab import Lab


class CallTimes:
    """Notes every try of every call; a fault of the gateway that never is one.

    Attributes:
        times: when each operation was called, seconds since the epoch.
    """

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self.times: dict[str, list[float]] = {}

    def __call__(self, operation: str, arguments: Mapping[str, Any]) -> None:
        """Note a call."""
        del arguments
        self.times.setdefault(operation, []).append(self._lab.world.now())

    def since(self, begun: float, seconds: float) -> Counter[str]:
        """Return how often each operation was called in so many seconds."""
        return Counter({o: sum(begun <= at < begun + seconds for at in times) for o, times in self.times.items()})

    def beside(self, others: Iterable[tuple[float, float]], begun: float) -> int:
        """Return how many calls were made since a time, but for those in some spans of time."""
        spans = list(others)
        every = [at for times in self.times.values() for at in times if at >= begun]
        return sum(not any(first <= at <= last for first, last in spans) for at in every)

    def most_in_a_second(self, operation: str, begun: float) -> int:
        """Return how often an operation was called in its busiest second."""
        times = [at for at in self.times.get(operation, []) if at >= begun]
        return max((sum(first <= at < first + 1 for at in times) for first in times), default=0)

    @staticmethod
    def of(lab: Lab) -> CallTimes:
        """Return that of a lab, where a step has begun to note."""
        return next(fault for fault in lab.gateway.faults if isinstance(fault, CallTimes))
