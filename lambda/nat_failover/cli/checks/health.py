"""Pure checks of what goes before a NAT's death: a full table of connections, packets that are lost."""

from __future__ import annotations

from nat_failover.cli.checks.finding import Findings, warning
from nat_failover.cli.snapshot.snapshot import Snapshot
from nat_failover.judging.loss import LOSSY, loss
from nat_failover.probing.nat_health import NEARLY_FULL, Health

RUNBOOK = "see infra/RUNBOOK.md, {}"


def health_of(s: Snapshot, nat: str) -> Health | None:
    """Return what a NAT has told of itself last; None where it has not."""
    told = [o for o in s.view.observations if o.host == nat and o.health is not None] if s.view else []
    return max(told, key=lambda o: o.at).health if told else None


def full(s: Snapshot) -> Findings:
    """A NAT that can soon track no more connections."""
    for nat in s.settings.nats:
        health = health_of(s, nat)
        if health is not None and health.connections_percent >= NEARLY_FULL:
            yield warning(
                "nat-nearly-full",
                f"{s.nat_name(nat)} tracks {health.connections_percent:.0f} % of the connections that it can",
                "when it is full it drops new ones",
                RUNBOOK.format("nat-nearly-full"),
            )


def lost(s: Snapshot) -> Findings:
    """Packets that most backends lose though they are online."""
    percent = loss(s.view.backends(s.settings), s.settings) if s.view else None
    if percent is not None and percent >= LOSSY:
        yield warning(
            "packets-lost",
            f"the backends lose {percent:.0f} % of their pings and connections",
            "the active NAT may be about to die, or to be too small",
            RUNBOOK.format("packets-lost"),
        )


CHECKS = (full, lost)
