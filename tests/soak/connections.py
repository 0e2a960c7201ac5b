"""What became of every connection, and whether it may have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Fate(StrEnum):
    """How a connection ended."""

    DONE = "done"
    REFUSED = "refused"
    RESET = "reset"
    NO_ANSWER = "no answer"
    STALLED = "stalled"
    WRONG = "wrong data"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True)
class Connection:
    """One TCP connection from a backend to a server in the Internet.

    Attributes:
        host: name of the backend.
        target: address of the server.
        opened_at: when it was asked for, in seconds since the epoch.
        ended_at: when it was done, or known to be lost.
        size: how many bytes were asked for.
        seen_as: the address that the server saw it come from; None where it has not said so.
    """

    host: str
    target: str
    opened_at: float
    ended_at: float
    size: int
    fate: Fate
    seen_as: str | None = None

    @property
    def lost(self) -> bool:
        """Tell whether it did not do what it was opened for."""
        return self.fate is not Fate.DONE


@dataclass
class Window:
    """A time in which connections may be lost, because something that they need is broken.

    Attributes:
        hosts: of which backends.
        targets: to which servers; to all where there are none here.
        begins: seconds since the epoch.
        ends: of each backend, when it was back, by the independent pinger; one that is not listed is not back.
    """

    description: str
    hosts: Sequence[str]
    begins: float
    targets: Sequence[str] = ()
    ends: dict[str, float] = field(default_factory=dict)

    def excuses(self, connection: Connection) -> bool:
        """Tell whether a connection was open, or asked for, while this lasted."""
        return (
            connection.host in self.hosts
            and (not self.targets or connection.target in self.targets)
            and connection.ended_at >= self.begins
            and connection.opened_at <= self.ends.get(connection.host, float("inf"))
        )


@dataclass(frozen=True)
class Tally:
    """Connections, counted.

    Attributes:
        opened: all of them.
        downloads: those that were to last.
        bytes: that arrived as they should.
        lost_in_windows: by fate.
        lost_outside: each one.
        by_nat: how many were done through the NAT with each public address.
    """

    opened: int
    downloads: int
    bytes: int
    lost_in_windows: Counter[str]
    lost_outside: tuple[Connection, ...]
    by_nat: Counter[str]


def tally(connections: Iterable[Connection], windows: Sequence[Window], download: int) -> Tally:
    """Count connections.

    Args:
        connections: all that have ended.
        windows: in which they may have been lost.
        download: from how many bytes on it is a download.
    """
    opened = downloads = arrived = 0
    inside: Counter[str] = Counter()
    by_nat: Counter[str] = Counter()
    outside = []
    for connection in connections:
        opened += 1
        downloads += connection.size >= download
        if not connection.lost:
            arrived += connection.size
            by_nat[str(connection.seen_as)] += 1
        elif any(window.excuses(connection) for window in windows):
            inside[connection.fate.value] += 1
        else:
            outside.append(connection)
    return Tally(opened, downloads, arrived, inside, tuple(outside), by_nat)
