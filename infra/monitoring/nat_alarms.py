"""Pure: what goes before a NAT's death, and is a reason to wake people."""

from __future__ import annotations

from infra.config import PairConfig
from infra.monitoring.alarm_definitions import AlarmDefinition
from nat_failover.judging.loss import LOSSY
from nat_failover.names import Metric
from nat_failover.probing.nat_health import NEARLY_FULL
from nat_failover.telling.commands import Place, read_log, read_tables


def about_nats(pair: PairConfig, place: Place) -> list[AlarmDefinition]:
    """Return what tells that a NAT may soon be dead."""
    return [
        AlarmDefinition(
            "nat-nearly-full",
            Metric.CONNECTIONS_NEARLY_FULL,
            f"A NAT tracks {NEARLY_FULL} % of the connections that it can: when it is full, new ones are dropped. "
            "Which NAT: PrimaryConnections, StandbyConnections on the dashboard. On it: sysctl "
            "net.netfilter.nf_conntrack_count net.netfilter.nf_conntrack_max; raise the latter with sysctl -w "
            "net.netfilter.nf_conntrack_max=..., or take a larger instance. Which backends open so many: conntrack -L. "
            f"Since when: {read_log(place)}",
            period=pair.period,
            threshold=NEARLY_FULL,
        ),
        AlarmDefinition(
            "packets-lost",
            Metric.PACKETS_LOST,
            "Backends are online, but half of them have lost a tenth or more of their pings and connections for "
            "minutes: the active NAT may be about to fail, or be too small, or the Internet loses packets. See both "
            f"NATs on the dashboard. Which is active: {read_tables(place)}\n"
            "If it is the NAT, fail over on purpose with nat-failover failover.",
            period=pair.period,
            periods=3,
            bad=2,
            threshold=LOSSY,
        ),
    ]
