"""Pure checks of what stands between backends, NATs and the Internet: security groups and network ACLs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import ip_address, ip_network

from nat_failover.cli.checks.finding import Findings, error
from nat_failover.cli.checks.packets import ECHO_REPLY, ECHO_REQUEST, EPHEMERAL, Flow, Named, lets_in, lets_out, passes
from nat_failover.cli.snapshot.snapshot import Raw, Snapshot

# Stands for the Internet where all ping targets are names.
SOMEWHERE = "1.1.1.1"
# Ports of the passive NAT by which backends signal that they are online, and offline.
SIGNALS = (443, 80)


def _target(s: Snapshot) -> str:
    for target in s.settings.targets:
        try:
            return str(ip_address(target))
        except ValueError:
            continue
    return SOMEWHERE


def _peers(s: Snapshot) -> dict[str, list[str]]:
    """Return, by protected subnet, the addresses of its backends; without any, of whoever is known to be in it."""
    found: dict[str, list[str]] = {}
    members = {address: subnet for group in (s.members or {}).values() for address, subnet in group.items()}
    for subnet in s.protected():
        raw = (s.subnets or {}).get(subnet)
        if raw is None:
            continue
        within = [backend for backend in s.backends.values() if backend.get("SubnetId") == subnet]
        addresses = [str(backend["PrivateIpAddress"]) for backend in within if backend.get("PrivateIpAddress")]
        addresses = addresses or [address for address, there in members.items() if there == subnet][:1]
        # The first four addresses of a subnet are AWS's own: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
        found[subnet] = sorted(addresses) or [str(ip_network(raw["CidrBlock"])[4])]
    return found


def groups_of_nats(s: Snapshot) -> Findings:
    """Security groups of a NAT that keep its subnets out, or it from the Internet."""
    if s.groups is None or s.instances is None:
        return
    target, named = _target(s), Named(s.members, s.prefixes)
    for nat in s.settings.nats:
        ids = [g["GroupId"] for g in s.instances.get(nat, {}).get("SecurityGroups", [])]
        groups = [s.groups[i] for i in ids if i in s.groups]
        if not groups:
            continue
        effect = "what it should forward is dropped"
        for subnet, peers in _peers(s).items():
            flows = [f for peer in peers for f in _to_nat(peer)]
            shut = [f for f in flows if not lets_in(groups, f, named)]
            if shut:
                out = sorted({f.peer for f in shut})
                whom = subnet if len(out) == len(peers) else f"{', '.join(out)} in {subnet}"
                yield error(
                    "nat-group-ingress",
                    f"the security groups of {s.nat_name(nat)} keep out {_in_words(shut)} from {whom}",
                    effect,
                    f"aws ec2 authorize-security-group-ingress --group-id {ids[0]} --protocol all "
                    f"--cidr {(s.subnets or {})[subnet]['CidrBlock']}{s.options}",
                )
        flows = [Flow("icmp", target, ECHO_REQUEST), Flow("tcp", target, 443)]
        shut = [f for f in flows if not lets_out(groups, f, named)]
        if shut:
            yield error(
                "nat-group-egress",
                f"the security groups of {s.nat_name(nat)} let no {_in_words(shut)} out",
                effect,
                f"aws ec2 authorize-security-group-egress --group-id {ids[0]} --protocol all --cidr 0.0.0.0/0"
                f"{s.options}",
            )


def _to_nat(peer: str) -> list[Flow]:
    """Return what a NAT has to let in from a backend: what it forwards, and signals of being online or offline."""
    return [Flow("icmp", peer, ECHO_REQUEST), *(Flow("tcp", peer, port) for port in SIGNALS)]


def _in_words(flows: Sequence[Flow]) -> str:
    return " and ".join(dict.fromkeys(flow.in_words for flow in flows))


def acls(s: Snapshot) -> Findings:
    """Network ACLs that stop what backends send through a NAT, or the answers."""
    if s.acls is None or s.instances is None:
        return
    shut: dict[tuple[str, str, bool], list[Flow]] = {}
    for nat in s.settings.nats:
        public = s.instances.get(nat, {}).get("SubnetId")
        for private, peers in _peers(s).items():
            # An ACL sees networks only: one address of a subnet tells for all.
            for subnet, egress, flow in _path(str(public), private, peers[0], _target(s)):
                acl = _acl_of(s.acls, subnet)
                if acl is not None and not passes(acl, flow, egress=egress):
                    flows = shut.setdefault((acl["NetworkAclId"], subnet, egress), [])
                    flows += [flow] if flow not in flows else []
    for (acl_id, subnet, egress), flows in shut.items():
        way, whom = ("out", "to") if egress else ("in", "from")
        blocked = " and ".join(sorted({f"{f.in_words} {whom} {f.peer}" for f in flows})[:3])
        yield error(
            "network-acl",
            f"the network ACL {acl_id} of {subnet} does not let {way} {blocked}",
            "it is lost on the way through the NAT",
            f"aws ec2 create-network-acl-entry --network-acl-id {acl_id} --{'egress' if egress else 'ingress'} "
            f"--rule-number 1 --protocol all --rule-action allow --cidr-block 0.0.0.0/0{s.options}",
        )


def _path(public: str, private: str, peer: str, target: str) -> Iterator[tuple[str, bool, Flow]]:
    """Return every point where an ACL sees a ping, a request, a signal or an answer: subnet, direction, packet."""
    for subnet, egress, other in ((private, True, target), (public, True, target)):
        yield subnet, egress, Flow("icmp", other, ECHO_REQUEST)
        yield subnet, egress, Flow("tcp", other, 443)
    for flow in _to_nat(peer):
        yield public, False, flow
    for subnet, egress, other in ((public, False, target), (public, True, peer), (private, False, target)):
        yield subnet, egress, Flow("icmp", other, ECHO_REPLY)
        for port in EPHEMERAL:
            yield subnet, egress, Flow("tcp", other, port)


def _acl_of(acls: Sequence[Raw], subnet: str) -> Raw | None:
    default: Raw | None = None
    for acl in acls:
        if any(association.get("SubnetId") == subnet for association in acl.get("Associations", [])):
            return acl
        if acl.get("IsDefault"):
            default = acl
    return default


CHECKS = (groups_of_nats, acls)
