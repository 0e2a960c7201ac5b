"""A game day as it was measured; times in seconds since the epoch."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from nat_failover.cli.gameday.host_watches import Watched
from nat_failover.lock.record import Record


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
    description: str
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
    """What a game day came to.

    Attributes:
        begun: when it began.
        armed: whether the lock says so at its end; None where it can't be read.
        not_sent: messages that should have been sent and were not, a sentence each.
        left: commands that are left to run, after a drill that was interrupted.
    """

    begun: float
    parts: list[Part] = field(default_factory=list)
    armed: bool | None = None
    not_sent: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    @property
    def problems(self) -> list[str]:
        """Return a sentence for each thing that went wrong."""
        unarmed = {
            True: [],
            False: ["the pair is not armed: nothing fails over"],
            None: ["whether the pair is armed could not be read"],
        }[self.armed]
        return [*(problem for part in self.parts for problem in part.problems), *unarmed, *self.not_sent]
