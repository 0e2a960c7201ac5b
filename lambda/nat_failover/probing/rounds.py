"""Pure: rounds of the probe, which of them are worth reading, and which hosts are due for the next one."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from nat_failover.settings import Settings

# How long before its end a watch counts as over, so that the next one is running when it ends.
OVERLAP = 20.0
# A host's newest round may not have reached it yet, and the one before then still tells: until so many seconds after
# what that may have told is too old to be evidence.
ROUNDS_A_HOST = 2
YOUNG = 15.0
MOST_ROUNDS_READ = 12
# For so long, in seconds, after its mark a drill keeps a NAT from forwarding; then that NAT forwards again by itself.
DRILL_LASTS = 240.0


class Kind(StrEnum):
    """What a round is for; the first word of the command's comment.

    DRILL is the mark of a drill, sent to the NAT that it is about to break. ECHO is a second command on the NAT that
    listens, which ends as the listener does when it has something to tell: one of two events may get lost. What these
    answer is not read.
    """

    WATCH = "watch"
    CHECK = "check"
    VERIFY = "verify"
    DRILL = "drill"
    ECHO = "echo"


UNREAD = frozenset({Kind.DRILL, Kind.ECHO})


@dataclass(frozen=True)
class Round:
    """One Run Command command: what was asked, of whom, when (seconds since the epoch, by SSM's clock).

    Attributes:
        active: private address of the NAT that was the active one; empty where none was named.
        passive: the same of the passive one, to which the hosts signal.
    """

    command_id: str
    kind: Kind
    window: int
    asked_at: float
    hosts: tuple[str, ...]
    active: str = ""
    passive: str = ""

    @property
    def ends_at(self) -> float:
        """When its watch ends by itself, counted from the asking (delivery comes on top)."""
        return self.asked_at + self.window


def look_back(settings: Settings) -> float:
    """Return how many seconds old a round may be to say anything yet."""
    longest = settings.window if settings.watches else 0
    return longest + settings.period + 2 * settings.freshness


def worth_reading(rounds: Iterable[Round], now: float, settings: Settings, *, watches: int = 1) -> list[Round]:
    """Choose the rounds that still say something: each host's newest, the one before a young one, its newest watches.

    Newest first, twelve at most. Quick checks that came after a watch must not hide it: it may be the one under way.

    Args:
        watches: how many of a host; two where what the last one said at its end has to hold as long as the next one.
    """
    left: dict[str, int] = {}
    seen = Counter[str]()
    chosen: list[Round] = []
    candidates = [r for r in rounds if r.kind not in UNREAD]
    for candidate in sorted(candidates, key=lambda r: (r.asked_at, r.command_id), reverse=True):
        newest = [host for host in candidate.hosts if left.setdefault(host, ROUNDS_A_HOST) > 0]
        watched = [host for host in candidate.hosts if seen[host] < watches] if candidate.kind is Kind.WATCH else []
        if (newest or watched) and len(chosen) < MOST_ROUNDS_READ:
            chosen.append(candidate)
            seen.update(watched)
            for host in newest:
                left[host] -= 1 if now - candidate.asked_at <= settings.freshness + YOUNG else ROUNDS_A_HOST
    return chosen


def drills_of(rounds: Iterable[Round]) -> tuple[Round, ...]:
    """Return the marks of drills."""
    return tuple(r for r in rounds if r.kind is Kind.DRILL)


def in_drill(marks: Iterable[Round], nat: str, now: float) -> bool:
    """Return whether a drill of this very NAT may be under way, by its mark.

    SSM says to whom the mark was sent and when, whatever its sender says.
    """
    return any(r.hosts == (nat,) and now - r.asked_at <= DRILL_LASTS for r in marks)


@dataclass(frozen=True)
class Running:
    """A watch that a host has under way."""

    host: str
    ends_at: float


def watched_beyond(running: Sequence[Running], now: float, settings: Settings) -> frozenset[str]:
    """Return which hosts stay watched until after the next tick has had its turn."""
    horizon = now + settings.period + OVERLAP
    return frozenset(watch.host for watch in running if watch.ends_at >= horizon)


def choose(
    online: Sequence[str],
    watched: frozenset[str],
    again: frozenset[str],
    unfit: frozenset[str],
    settings: Settings,
    chance: random.Random,
) -> tuple[str, ...]:
    """Choose the backends for the next round: those to be asked again, and a random sample of the rest.

    Args:
        online: the pair's backends whose agent is online.
        watched: hosts that stay watched anyway.
        again: hosts whose watch has ended early; they come first, so that failures that trickle in meet.
        unfit: hosts that can't probe; taken only where there is nobody else.
        settings: for the size of the sample.
        chance: source of randomness.

    Returns:
        The instance ids to ask now: with those watched, at most ``sample_size``.
    """
    free = settings.sample_size - len(watched.intersection(online))
    if free <= 0:
        return ()
    urgent = sorted(again.intersection(online) - watched)
    chosen = urgent if len(urgent) <= free else chance.sample(urgent, free)
    for pool in (
        sorted(set(online) - watched - again - unfit),
        sorted(unfit.intersection(online) - watched - again),
    ):
        room = free - len(chosen)
        chosen = chosen + chance.sample(pool, min(room, len(pool)))
    return tuple(chosen)
