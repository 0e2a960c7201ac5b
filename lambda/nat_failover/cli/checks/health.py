"""Pure checks of what goes before a NAT's death, full tables and lost packets, and of what each can carry."""

from __future__ import annotations

from nat_failover.cli.checks.finding import Findings, warning
from nat_failover.cli.snapshot.snapshot import Raw, Snapshot
from nat_failover.judging.loss import LOSSY, loss
from nat_failover.probing.nat_health import NEARLY_FULL, Health
from nat_failover.telling.formats import iso

# The documentation asks for an update a month: three were missed.
OUTDATED = 90 * 86_400.0
RUNBOOK = "see infra/RUNBOOK.md, {}"


def health_of(s: Snapshot, nat: str) -> Health | None:
    """Return what a NAT has told of itself last; None where it has not."""
    observations = [o for o in s.view.observations if o.host == nat and o.health is not None] if s.view else []
    return max(observations, key=lambda o: o.at).health if observations else None


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
    percent = loss(s.view.backends, s.settings) if s.view else None
    if percent is not None and percent >= LOSSY:
        yield warning(
            "packets-lost",
            f"the backends lose {percent:.0f} % of their pings and connections",
            "the active NAT may be about to fail, or be too small",
            RUNBOOK.format("packets-lost"),
        )


def bandwidth(s: Snapshot) -> Findings:
    """A NAT that carries less for long than the other, by EC2's baseline of its instance type, where EC2 names one.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-network-bandwidth.html
    """
    types = {nat: str((s.instances or {}).get(nat, {}).get("InstanceType", "")) for nat in s.settings.nats}
    known = {nat: _baseline((s.types or {}).get(name, {})) for nat, name in types.items()}
    weak, strong = sorted(s.settings.nats, key=lambda nat: known[nat] or 0.0)
    less, more = known[weak], known[strong]
    if less is not None and more is not None and less < more:
        yield warning(
            "nat-smaller",
            f"{s.nat_name(weak)} is a {types[weak]} with a baseline of {less:g} Gbit/s, the other a {types[strong]} "
            f"with {more:g}",
            "while the smaller one is active, traffic that the other carries may be dropped",
            "give both the same type (standbyInstanceType), and cdk deploy while the primary is active",
        )


def _baseline(raw: Raw) -> float | None:
    """Return a type's baseline, in Gbit/s, all its network cards together; None where EC2 does not say."""
    bandwidths = [card.get("BaselineBandwidthInGbps") for card in raw.get("NetworkInfo", {}).get("NetworkCards", [])]
    found = [float(each) for each in bandwidths if each is not None]
    return sum(found) if found else None


def cpu_credits(s: Snapshot) -> Findings:
    """One burstable NAT that is slowed down when its credits are used up, and another that is not.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/burstable-performance-instances-unlimited-mode.html
    """
    credit_options = s.credits or {}
    slowed = [nat for nat in s.settings.nats if credit_options.get(nat) == "standard"]
    if len(slowed) == 1 and "unlimited" in credit_options.values():
        yield warning(
            "nat-credits",
            f"{s.nat_name(slowed[0])} has standard CPU credits, the other has unlimited ones",
            "once its credits are used up it is slowed down, and the other is not",
            f"aws ec2 modify-instance-credit-specification --instance-credit-specification "
            f"InstanceId={slowed[0]},CpuCredits=unlimited{s.options}",
        )


def outdated(s: Snapshot) -> Findings:
    """A NAT whose release of Amazon Linux 2023 is old: nothing updates it by itself, and it stands in the Internet."""
    for nat, found in (s.kernels or {}).items():
        if found.released_at is None or s.now - found.released_at < OUTDATED:
            continue
        way = (
            "raise standbyRevision and cdk deploy while the primary is active"
            if nat == s.settings.standby_instance
            else "update it while the standby is active"
        )
        yield warning(
            "nat-outdated",
            f"{s.nat_name(nat)} runs a release of Amazon Linux of {iso(found.released_at)[:10]}",
            "it lacks the security updates since",
            f"{way}; infra/MIGRATION.md, updates of the standby",
        )


CHECKS = (full, lost, bandwidth, cpu_credits, outdated)
