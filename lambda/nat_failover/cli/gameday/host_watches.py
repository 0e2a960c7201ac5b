"""The independent measure of a drill on the real deployment: every backend watches for itself, and tells at the end."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nat_failover.cli.operator.operator import POLL, Hand, Host
from nat_failover.cli.report.report import Span, spans_of
from nat_failover.cli.scripts.documents import INTERVAL, Task
from nat_failover.foreign_text import read_json
from nat_failover.probing.invocation import Invocation
from nat_failover.probing.run_command import MOST_HOSTS

# How long the watches are given to begin on every host, and to tell after they were stopped, in seconds.
BEGIN_WITHIN, TELL_WITHIN = 15.0, 20.0
# From when Systems Manager has sent a command to a host until its script has pinged, in seconds.
FIRST_PING = 2.0
# https://docs.aws.amazon.com/systems-manager/latest/userguide/monitor-commands.html
NOT_SENT = frozenset({"Pending", "Delayed"})


@dataclass(frozen=True)
class Watched:
    """What a backend has seen; times in seconds since the epoch, by its own clock.

    Attributes:
        why: why it has seen nothing; None where it has.
    """

    host: Host
    spans: tuple[Span, ...]
    why: str | None = None

    @property
    def begun(self) -> float | None:
        """When it began to watch; None where it has seen nothing."""
        return self.spans[0].begun if self.spans else None


class Watches:
    """The watches of all backends of a drill's part.

    Args:
        hand: means of the person.
        hosts: that watch.
        lasts: when they stop by themselves, in seconds.
    """

    def __init__(self, hand: Hand, hosts: Sequence[Host], lasts: float) -> None:
        self._hand = hand
        self._hosts = hosts
        self._lasts = lasts
        self._drill = hand.runtime.now()
        self._commands: list[str] = []

    def begin(self) -> list[Host]:
        """Begin, and wait until they have.

        Returns:
            Those who have not in time; they may still.

        Raises:
            botocore.exceptions.ClientError: SSM refuses.
        """
        self._commands = [
            self._hand.start(group, Task.WATCH, "drill, watch", lasts=self._lasts, drill=self._drill)
            for group in self._groups()
        ]
        late = self._until_begun()
        self._hand.runtime.sleep(FIRST_PING)
        return late

    def _until_begun(self) -> list[Host]:
        runtime = self._hand.runtime
        deadline = runtime.now() + BEGIN_WITHIN
        while True:
            reads = [self._hand.probe.reading_now(command) for command in self._commands]
            invocations = [invocation for read in reads if read is not None for invocation in read.invocations.values()]
            begun = {
                invocation.host
                for invocation in invocations
                if invocation.status not in NOT_SENT and invocation.details not in NOT_SENT
            }
            late = [host for host in self._hosts if host.instance not in begun]
            if not late or runtime.now() >= deadline:
                return late
            runtime.sleep(POLL)

    def end(self) -> list[Watched]:
        """Stop them, and read what they have seen.

        Raises:
            botocore.exceptions.ClientError: SSM refuses.
        """
        for group in self._groups():
            self._hand.start(group, Task.STOP, "drill, end of watch", drill=self._drill)
        invocations: dict[str, Invocation] = {}
        for command, group in zip(self._commands, self._groups(), strict=True):
            invocations |= self._hand.results(command, group, TELL_WITHIN)
        return read_watches(self._hosts, invocations)

    def _groups(self) -> list[list[str]]:
        ids = [host.instance for host in self._hosts]
        return [ids[start : start + MOST_HOSTS] for start in range(0, len(ids), MOST_HOSTS)]


def read_watches(hosts: Sequence[Host], invocations: Mapping[str, Invocation]) -> list[Watched]:
    """Pure: understand what the hosts have printed."""
    return [_read(host, invocations.get(host.instance)) for host in hosts]


def _read(host: Host, invocation: Invocation | None) -> Watched:
    if invocation is None:
        return Watched(host, (), "it has not reported what it saw")
    for line in invocation.output.splitlines():
        try:
            found = read_json(line)
            if found["watch"] != 1:
                continue
            if "why" in found:
                return Watched(host, (), str(found["why"]))
            begun, lasted = _number(found["begun"]), _number(found["lasted"])
            samples = [(begun + _number(at), bool(_number(online))) for at, online in found["changes"]]
        except (ValueError, KeyError, TypeError):
            continue
        return Watched(host, spans_of(samples, begun + lasted + INTERVAL))
    return Watched(host, (), f"its answer can't be understood: {' '.join(invocation.output.split())[:80]!r}")


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TypeError(value)
    return float(value)
