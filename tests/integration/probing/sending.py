"""Sends rounds of the pair's, and counts the calls that they take."""

from __future__ import annotations

from nat_failover.probing.rounds import Kind, Round
from nat_failover.probing.run_command import Addresses, Probe
from tests.integration.account import Account

NATS = Addresses("10.0.0.4", "10.0.0.5")
PARAMETERS = {"window": ["600"], "active": ["10.0.0.4"], "passive": ["10.0.0.5"]}


def sent(probe: Probe, kind: Kind, hosts: tuple[str, ...]) -> Round:
    """Send a round, which has to succeed as one command."""
    (round_,) = probe.send(kind, hosts, NATS)
    return round_


def calls(account: Account, operation: str) -> int:
    """Return how often an operation was called."""
    return len([name for name, _ in account.run_command.calls if name == operation])
