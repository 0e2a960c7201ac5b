"""Watches that are started together on hosts of a network, and what they tell."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from tests.lab.network.bench import EVERYBODY, Bench
from tests.lab.network.network import ProbeOutcome

ACTIVE, PASSIVE = "nat01", "nat02"


class Round:
    """Watches on hosts, and what they have come to."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.outcomes: dict[str, ProbeOutcome] = {}

    def start(
        self, hosts: Sequence[str], window: float, active: str = ACTIVE, passive: str = PASSIVE, **values: Any
    ) -> None:
        """Start them; the probe's values where they are to be others."""
        for host in hosts:
            run = self.bench.start_watch(host, window, active, passive, **values)

            def ends(host: str = host, wait: Callable[[], ProbeOutcome] = run.wait) -> None:
                self.outcomes[host] = wait()

            self.bench.world.spawn(ends, f"watch on {host}")

    def start_all(self, window: float = 60) -> None:
        """Start them everywhere: the listeners first and for longer, so that they hear all from beginning to end."""
        self.start((ACTIVE, PASSIVE), window + 3)
        self.bench.world.sleep(1)
        self.start(sorted(EVERYBODY), window)

    def wait_for(self, hosts: set[str], within: float) -> None:
        """Wait until hosts have told how it is.

        On real packets it may take longer (how long, `make bench` measures), and one of many may have yet to tell: all
        of them have a machine of few cores to themselves, on which a connection is now and then too late. A backend to
        which that happens with its first one can't tell for a while that no more come about.
        """
        until = self.bench.world.now() + (within if self.bench.world.virtual else 2 * within)
        while left := hosts - set(self.outcomes):
            if self.bench.world.now() >= until:
                late = left & EVERYBODY if len(left) <= self._spared(hosts & EVERYBODY) else set()
                assert left == late, f"{sorted(left)} still watch"
                return
            self.bench.world.sleep(0.05)

    def report(self, host: str) -> tuple[int, dict[str, Any]]:
        """Return a host's exit status and line."""
        outcome = self.outcomes[host]
        return outcome.exit_code, json.loads(outcome.stdout)

    def columns(self, hosts: set[str] = EVERYBODY) -> set[tuple[object, ...]]:
        """Return how hosts are, by which ways; on real packets one of many may differ, or have yet to tell."""
        reports = [self.report(host) for host in sorted(hosts & set(self.outcomes))]
        rows = Counter(
            (code, fields["state"], fields["route"], fields["active"], fields["passive"]) for code, fields in reports
        )
        return {row for row, number in rows.items() if number > self._spared(hosts)}

    def _spared(self, hosts: set[str]) -> int:
        return 0 if self.bench.world.virtual or len(hosts) < 3 else 1

    def have_all_signalled(self, nat: str, hosts: set[str], signal: str, *, through: bool) -> bool:
        """Return whether a NAT has heard this of hosts, and nothing of others; one of many may differ as above."""
        signals = self.signals(nat)
        agreeing = {host for host in hosts if signals.get(host) == (signal, through)}
        return signals.keys() <= hosts and len(hosts - agreeing) <= self._spared(hosts)

    def signals(self, nat: str) -> dict[str, tuple[str, bool]]:
        """Return which host a NAT has heard as what, and whether it came through."""
        names = {host.address: host.name for host in self.bench.layout.hosts}
        fields = [each.split(",") for each in self.report(nat)[1]["heard"].split()]
        assert all(0 <= float(age) < 12 for _, _, age, _ in fields)
        return {names[address]: (signal, through == "1") for address, signal, _, through in fields}
