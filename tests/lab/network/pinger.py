"""The independent measure of who is online, and what an outage is by it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

PINGS_A_SECOND = 5
ANSWER_WITHIN = 1.0


class Pinger(ABC):
    """The independent measure: in every backend, five times a second, a new flow to every target."""

    @abstractmethod
    def start(self) -> None:
        """Begin."""

    @abstractmethod
    def stop(self) -> None:
        """End; what was measured can still be asked for."""

    @abstractmethod
    def online(self, host: str) -> bool:
        """Tell whether the latest finished slot was answered."""

    @abstractmethod
    def slots(self, host: str) -> list[Slot]:
        """Give the finished slots, oldest first."""

    def outage(self, host: str, since: float) -> float | None:
        """Give the longest outage since then, from the sending of the first lost slot to that of the next answered.

        None: it has not ended. 0.0: there was none.
        """
        longest = longest_outage(self.slots(host), since)
        if longest is None:
            return 0.0
        begun, ended = longest
        return None if ended is None else ended - begun

    def back_online_at(self, host: str, since: float) -> float | None:
        """Give the end of the longest outage since then; None where there was none or it has not ended."""
        longest = longest_outage(self.slots(host), since)
        return None if longest is None else longest[1]


@dataclass(frozen=True)
class Slot:
    """One slot of the pinger: when it was sent, and whether any target answered in time."""

    sent_at: float
    answered: bool


def longest_outage(slots: Sequence[Slot], since: float) -> tuple[float, float | None] | None:
    """Give beginning and end of the longest run of lost slots since then; the end is None while it lasts."""
    runs: list[tuple[float, float | None]] = []
    begun: float | None = None
    for slot in slots:
        if slot.sent_at < since:
            continue
        if not slot.answered and begun is None:
            begun = slot.sent_at
        elif slot.answered and begun is not None:
            runs.append((begun, slot.sent_at))
            begun = None
    if begun is not None:
        runs.append((begun, None))
    if not runs:
        return None
    return max(runs, key=lambda run: float("inf") if run[1] is None else run[1] - run[0])
