"""Who acts in a history, and what breaks a rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nat_failover.settings import Settings


@dataclass(frozen=True)
class Violation:
    """A rule was broken; ``at`` in seconds since the epoch."""

    rule: int
    at: float
    sentence: str


@dataclass
class Actor:
    """An invocation, as far as it acts.

    Attributes:
        begun: when its first call took effect.
        until: end of its claim; 0 where it has none.
        claimed_at: when it got the claim.
        record: the record that it has last written into the lock; empty where none.
        text: the same as it stands in the lock.
        put_back: what it has put back into the lock, having written over it.
        over: it has ended, or was killed, or has written what came of it.
    """

    serial: int
    settings: Settings
    begun: float
    until: float = 0.0
    claimed_at: float = 0.0
    record: Mapping[str, Any] | None = None
    text: str = ""
    put_back: str | None = None
    over: bool = False
