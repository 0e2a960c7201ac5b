"""What Systems Manager tells of one host's part in a command, and what that can come to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """What is known of a host."""

    REACHABLE = "REACHABLE"
    UNREACHABLE = "UNREACHABLE"
    SILENT = "SILENT"
    BROKEN = "BROKEN"
    PENDING = "PENDING"


@dataclass(frozen=True)
class Invocation:
    """One host's part of a round, as SSM tells it.

    Attributes:
        status: ``Pending``, ``InProgress``, ``Success``, ``Failed``, ...
        details: the finer ``StatusDetails``, e.g. ``Undeliverable``.
        exit_code: of the script; None while it runs.
        finished_at: by the host's own clock, seconds since the epoch; None while it runs.
    """

    host: str
    status: str
    details: str
    exit_code: int | None
    finished_at: float | None
    output: str

    @property
    def has_answered(self) -> bool:
        """Whether the host will say nothing more; one that was given up may."""
        return self.status in ("Success", "Failed")


def unknown_yet(host: str) -> Invocation:
    """Stand for an invocation that SSM does not list yet."""
    return Invocation(host, "Pending", "Pending", None, None, "")
