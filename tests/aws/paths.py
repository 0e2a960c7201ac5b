"""Whether a host reaches the Internet, watched from the host itself: a ping in a new flow, several times a second."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from tests.aws.deployment import Deployment

# Run Command keeps 2,500 characters of output, so only changes are told.
SCRIPT = """\
end=$(($(date +%s) + {seconds}))
last=
while [ "$(date +%s)" -lt "$end" ]; do
if ping -n -q -c 1 -W 0.3 {target} >/dev/null 2>&1; then now=up; else now=down; fi
[ "$now" = "$last" ] || echo "$(date +%s.%N) $now"
last=$now
sleep 0.1
done
"""
# A command takes a while to begin, and its result a while to arrive.
SLACK = 60.0


@dataclass(frozen=True)
class Change:
    """From when on a host is online, or offline; seconds since the epoch, by the host's clock."""

    at: float
    online: bool


def read(output: str) -> list[Change]:
    """Read what the script has printed.

    Raises:
        ValueError: it has printed something else.
    """
    found = []
    for line in output.splitlines():
        at, _, change = line.partition(" ")
        if change not in ("up", "down"):
            raise ValueError(f"not a change: {line!r}")
        found.append(Change(float(at), change == "up"))
    return found


def longest_outage(changes: Sequence[Change], since: float) -> float | None:
    """Give the longest time offline that began after then, in seconds: 0.0 if there was none, None if one lasts."""
    longest, offline_from = 0.0, None
    for change in changes:
        if not change.online and change.at >= since:
            offline_from = change.at
        elif change.online and offline_from is not None:
            longest, offline_from = max(longest, change.at - offline_from), None
    return None if offline_from is not None else longest


def online_from(changes: Sequence[Change], since: float) -> float:
    """Give when a host came online for the first time after then.

    Raises:
        ValueError: it did not.
    """
    found = [change.at for change in changes if change.online and change.at >= since]
    if not found:
        raise ValueError("the host has not come online")
    return found[0]


@contextmanager
def watching(of: Deployment, hosts: Sequence[str], seconds: int) -> Iterator[dict[str, list[Change]]]:
    """Watch hosts; what they have seen is there when the block has ended, and the time is over.

    Args:
        seconds: how long they watch, longer than the block takes.
    """
    changes: dict[str, list[Change]] = {}
    command = of.send(hosts, SCRIPT.format(seconds=seconds, target=of.settings.targets[0]))
    yield changes
    for host, spoken in of.results(command, hosts, seconds + SLACK).items():
        changes[host] = read(spoken.output)
