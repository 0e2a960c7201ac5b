"""A game day as it was measured; times in seconds since the epoch."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from nat_failover.cli.watches import Watched
from nat_failover.record import Record


class Failure(StrEnum):
    """How the failover is caused."""

    FORWARDING = "forwarding"
    SWAP = "swap"


@dataclass
class Part:
    """The failover or the failback of a drill, as it was measured.

    Attributes:
        at: when it began: the failure, or the passage.
        broken: whether it began with a failure.
        record: the lock's record of it.
        detected_at: when a backend first said that it was offline.
        swapped_at: when the last association was replaced.
        reached: whether all subnets are where they were to go.
        log: what happened, and when.
    """

    name: str
    told: str
    at: float = 0.0
    broken: bool = False
    watched: list[Watched] = field(default_factory=list)
    record: Record | None = None
    detected_at: float | None = None
    swapped_at: float | None = None
    subnets: int = 0
    reached: bool = False
    problems: list[str] = field(default_factory=list)
    log: list[tuple[float, str]] = field(default_factory=list)


@dataclass
class Day:
    """What a game day came to."""

    parts: list[Part] = field(default_factory=list)
    armed: bool = False

    @property
    def problems(self) -> list[str]:
        """Give a sentence for each thing that went wrong."""
        return [problem for part in self.parts for problem in part.problems] + (
            [] if self.armed else ["the pair is not armed: nothing fails over"]
        )
