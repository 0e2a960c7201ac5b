"""Pure: whether security groups and network ACLs let a packet through."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from nat_failover.cli.snapshot.snapshot import Raw

ALL = "-1"
# IANA's numbers, by which network ACLs name protocols; security groups take either.
NUMBERS = {"icmp": "1", "tcp": "6", "udp": "17"}
# Of Linux: https://www.kernel.org/doc/html/latest/networking/ip-sysctl.html (ip_local_port_range)
EPHEMERAL = (32768, 60999)
ECHO_REPLY, ECHO_REQUEST = 0, 8


@dataclass(frozen=True)
class Flow:
    """One kind of packet.

    Attributes:
        protocol: ``tcp``, or ``icmp``.
        peer: the other end's IPv4 address.
        port: the destination's; for ICMP the type.
    """

    protocol: str
    peer: str
    port: int

    @property
    def in_words(self) -> str:
        """The flow, in a few words."""
        if self.protocol == "icmp":
            return "pings" if self.port == ECHO_REQUEST else "answers to pings"
        return "HTTPS" if self.port == 443 else f"TCP to port {self.port}"


@dataclass(frozen=True)
class Named:
    """Whom rules of security groups name other than by a network; what was not read has the benefit of the doubt.

    Attributes:
        members: of a group, by its id: subnet ids by the addresses of its network interfaces; None where unread.
        prefixes: of a prefix list, by its id: its networks; None where unread.
    """

    members: Mapping[str, Mapping[str, str]] | None = None
    prefixes: Mapping[str, Sequence[str]] | None = None

    def has(self, rule: Raw, peer: str) -> bool:
        """Return whether a rule names the peer by a group or a prefix list, as far as is known."""
        groups = [str(pair.get("GroupId")) for pair in rule.get("UserIdGroupPairs", [])]
        lists = [str(named.get("PrefixListId")) for named in rule.get("PrefixListIds", [])]
        if any(group not in (self.members or {}) for group in groups):
            return True
        if any(each not in (self.prefixes or {}) for each in lists):
            return True
        if any(peer in (self.members or {})[group] for group in groups):
            return True
        return any(_within(peer, network) for each in lists for network in (self.prefixes or {})[each])


def lets_in(groups: Iterable[Raw], flow: Flow, named: Named) -> bool:
    """Return whether security groups let a packet of the peer's in."""
    return any(_permits(rule, flow, named) for group in groups for rule in group.get("IpPermissions", []))


def lets_out(groups: Iterable[Raw], flow: Flow, named: Named) -> bool:
    """Return whether security groups let a packet out to the peer."""
    return any(_permits(rule, flow, named) for group in groups for rule in group.get("IpPermissionsEgress", []))


def _permits(rule: Raw, flow: Flow, named: Named) -> bool:
    protocol = str(rule.get("IpProtocol"))
    if protocol not in (ALL, flow.protocol, NUMBERS[flow.protocol]):
        return False
    if protocol != ALL:
        first, last = rule.get("FromPort", -1), rule.get("ToPort", -1)
        if flow.protocol == "icmp":
            if first not in (-1, flow.port):
                return False
        elif not first <= flow.port <= last:
            return False
    if any(_within(flow.peer, str(r.get("CidrIp"))) for r in rule.get("IpRanges", [])):
        return True
    return named.has(rule, flow.peer)


def passes(acl: Raw, flow: Flow, *, egress: bool) -> bool:
    """Return whether a network ACL lets a packet pass: the first rule that matches says so.

    https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html
    """
    rules: Sequence[Raw] = [entry for entry in acl.get("Entries", []) if bool(entry.get("Egress")) is egress]
    for rule in sorted(rules, key=lambda entry: int(entry["RuleNumber"])):
        if _matches(rule, flow):
            return str(rule["RuleAction"]) == "allow"
    return False


def _matches(rule: Raw, flow: Flow) -> bool:
    protocol = str(rule.get("Protocol"))
    if protocol not in (ALL, NUMBERS[flow.protocol]) or not rule.get("CidrBlock"):
        return False
    if protocol != ALL and flow.protocol == "icmp":
        if rule.get("IcmpTypeCode", {}).get("Type", -1) not in (-1, flow.port):
            return False
    elif protocol != ALL:
        ports = rule.get("PortRange", {})
        if not int(ports.get("From", 0)) <= flow.port <= int(ports.get("To", 65535)):
            return False
    return _within(flow.peer, str(rule["CidrBlock"]))


def _within(address: str, network: str) -> bool:
    try:
        return ip_address(address) in ip_network(network, strict=False)
    except ValueError:
        return False
