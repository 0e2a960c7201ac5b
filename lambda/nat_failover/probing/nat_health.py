"""Pure: what a NAT's probe tells of its NAT: how full it is, what is left of its memory, what EC2 has dropped."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# Of so many minutes a result has room at most; see LONGEST_WINDOW in settings.py.
MOST_MINUTES = 60
MINUTE = 60.0
# From how many per cent of the connections that it can track a NAT is nearly full; the probe has the same.
NEARLY_FULL = 80
_MINUTE = re.compile(r"(\d{1,10}),(\d{1,10})(?:,(\d{1,15}))?")


@dataclass(frozen=True)
class Minute:
    """The worst of a minute, or of what has passed of the last.

    Attributes:
        connections: the most that the kernel has tracked.
        memory: megabytes available, the least.
        dropped: packets that EC2 has dropped at a limit of the instance; None where that is not known.
    """

    connections: int
    memory: int
    dropped: int | None


@dataclass(frozen=True)
class Health:
    """What a probe has measured at its NAT.

    Attributes:
        limit: how many connections the kernel can track; 0 where it tracks none.
        memory: of the instance, in megabytes.
        exceeded: limits of the instance at which EC2 has dropped packets meanwhile, as in ``pps``.
        minutes: the oldest first, one at least.
    """

    limit: int
    memory: int
    exceeded: tuple[str, ...]
    minutes: tuple[Minute, ...]

    @property
    def connections_percent(self) -> float:
        """How full it was last; full as well where EC2 itself has tracked as many connections as it does."""
        return 100.0 if "conntrack" in self.exceeded else self.connections_percent_in(self.minutes[-1])

    def connections_percent_in(self, minute: Minute) -> float:
        """Return how many of the connections that the kernel can track there were."""
        return min(100.0, 100.0 * minute.connections / self.limit) if self.limit else 0.0

    def memory_percent_in(self, minute: Minute) -> float:
        """Return how much of the memory was available."""
        return min(100.0, 100.0 * minute.memory / self.memory) if self.memory else 100.0

    def dated(self, ended_at: float, elapsed: float) -> Sequence[tuple[float, Minute]]:
        """Return when each minute ended.

        Args:
            ended_at: when the watch did, and with it the last of them.
            elapsed: for how long it had watched.
        """
        whole, count = elapsed // MINUTE, len(self.minutes)
        begun_at = ended_at - elapsed
        ends = [begun_at + MINUTE * (whole - number) for number in reversed(range(count - 1))]
        return list(zip([*ends, ended_at], self.minutes, strict=True))


def read_health(fields: object) -> Health | None:
    """Return what a probe's line has of its NAT's health; None where that is nothing, or makes no sense."""
    if not isinstance(fields, Mapping):
        return None
    limit, memory, exceeded, minutes = (fields.get(key) for key in ("limit", "memory", "exceeded", "minutes"))
    if not (_is_size(limit) and _is_size(memory) and isinstance(exceeded, str) and isinstance(minutes, str)):
        return None
    found = [_MINUTE.fullmatch(minute) for minute in minutes.split(" ")[-MOST_MINUTES:]]
    known = tuple(_minute(match) for match in found if match is not None)
    if not known or len(known) != len(found):
        return None
    names = tuple(name for name in exceeded.split(" ")[:10] if re.fullmatch(r"[a-z_]{1,30}", name))
    return Health(limit, memory, names, known)  # type: ignore[arg-type]


def _is_size(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1e10


def _minute(match: re.Match[str]) -> Minute:
    connections, memory, dropped = match.groups()
    return Minute(int(connections), int(memory), None if dropped is None else int(dropped))
