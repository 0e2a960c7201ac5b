"""The passive NAT while it listens: what starts it, and what shows of it."""

from __future__ import annotations

import shutil

from tests.integration.probe.network import BACKEND, TARGETS, Network
from tests.integration.probe.shells import Run
from tests.lab.network.real.netns import Namespace, eventually

# By what a NAT may have; nft where there is nothing else to say.
IPTABLES = [name for name in ("iptables-nft", "iptables-legacy") if shutil.which(name)]
MANY = [f"10.8.2.{number}" for number in range(101, 150)]
TARGET_SET = f"ip daddr {{ {', '.join(TARGETS)} }}"


def listening(network: Network, window: int = 60, on: Namespace | None = None) -> Run:
    """Let a NAT listen, the passive one by default, and wait until its rules are there, a moment after their table."""
    nat = on or network.passive
    run = network.probe(window, on=nat)
    assert eventually(lambda: "dnat" in nat.run("nft", "list", "ruleset").stdout, 5)
    return run


def listens(network: Network) -> bool:
    """Return whether a signal to the passive NAT comes through."""
    return network.signal_from([BACKEND], 443)[0]


def rules(network: Network) -> str:
    """Return all that probes have put into the passive NAT's firewall, by nft or by iptables."""
    found = [network.tables(network.passive)]
    for name in IPTABLES:
        for table in ("mangle", "nat"):
            found += network.passive.run(name, "-w", "5", "-t", table, "-S").stdout.splitlines()
    return "\n".join(line for line in found if "nat-failover" in line)
