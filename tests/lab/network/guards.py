"""What security groups and network ACLs let through.

https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html
https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from tests.lab.network.layout import S3_CIDR, VPC_CIDR

ANYWHERE = "0.0.0.0/0"
ALL = "-1"
# IANA's numbers, by which network ACLs name protocols.
NUMBERS = {"1": "icmp", "6": "tcp", "17": "udp"}


@dataclass(frozen=True)
class Rule:
    """Traffic with a network: of a protocol, or of all (``-1``), to ports of which the first may be -1, any.

    In a group every rule admits; in an ACL the first that fits decides.
    """

    cidr: str
    protocol: str = ALL
    first: int = -1
    last: int = -1
    allows: bool = True

    def fits(self, address: str, protocol: str, port: int) -> bool:
        """Return whether a packet with the other end is meant; ``port`` is where it goes, of a ping any."""
        if self.protocol != ALL:
            if self.protocol != protocol:
                return False
            if protocol != "icmp" and self.first >= 0 and not self.first <= port <= self.last:
                return False
        return _within(address, self.cidr)


@dataclass(frozen=True)
class Guard:
    """The groups of an interface, or the ACL of a subnet."""

    inbound: tuple[Rule, ...]
    outbound: tuple[Rule, ...]

    def admits(self, address: str, protocol: str, port: int) -> bool:
        """Return whether a packet from an address to a port may come in."""
        return _allowed(self.inbound, address, protocol, port)

    def lets_out(self, address: str, protocol: str, port: int) -> bool:
        """Return whether a packet to a port of an address may go out."""
        return _allowed(self.outbound, address, protocol, port)


# As a VPC's own ACL is; and a group that trusts the VPC, with the outbound rule that EC2 gives to every group.
OPEN_ACL = Guard((Rule(ANYWHERE),), (Rule(ANYWHERE),))
VPC_GROUP = Guard((Rule(VPC_CIDR),), (Rule(ANYWHERE),))


# AWS's own example of a NAT's group: what is not the web does not pass, pings among it.
# https://docs.aws.amazon.com/vpc/latest/userguide/work-with-nat-instances.html
WEB_GROUP = Guard((Rule(VPC_CIDR, "tcp", 80, 80), Rule(VPC_CIDR, "tcp", 443, 443)), (Rule(ANYWHERE),))


def _allowed(rules: Sequence[Rule], address: str, protocol: str, port: int) -> bool:
    return next((rule.allows for rule in rules if rule.fits(address, protocol, port)), False)


@cache
def _within(address: str, cidr: str) -> bool:
    return ipaddress.ip_address(address) in ipaddress.ip_network(cidr, strict=False)


def of_groups(groups: Sequence[Mapping[str, Any]], members: Mapping[str, Sequence[str]]) -> Guard:
    """Return what the groups of one interface admit together.

    Args:
        groups: as DescribeSecurityGroups tells them.
        members: private addresses of the interfaces in each group, by the group's id.
    """

    def rules(key: str) -> tuple[Rule, ...]:
        return tuple(rule for group in groups for permission in group[key] for rule in _rules(permission, members))

    return Guard(rules("IpPermissions"), rules("IpPermissionsEgress"))


def _rules(permission: Mapping[str, Any], members: Mapping[str, Sequence[str]]) -> list[Rule]:
    cidrs = [network["CidrIp"] for network in permission.get("IpRanges", [])]
    for pair in permission.get("UserIdGroupPairs", []):
        cidrs += [f"{address}/32" for address in members.get(pair["GroupId"], ())]
    # The one prefix list that the lab knows is S3's.
    cidrs += [S3_CIDR for _ in permission.get("PrefixListIds", [])]
    ports = permission.get("FromPort", -1), permission.get("ToPort", -1)
    return [Rule(cidr, str(permission["IpProtocol"]), *ports) for cidr in cidrs]


def of_acl(acl: Mapping[str, Any]) -> Guard:
    """Return what a network ACL lets through, as DescribeNetworkAcls tells it."""
    entries = sorted(acl["Entries"], key=lambda entry: int(entry["RuleNumber"]))

    def rules(*, egress: bool) -> tuple[Rule, ...]:
        return tuple(_entry(entry) for entry in entries if entry["Egress"] is egress and entry.get("CidrBlock"))

    return Guard(rules(egress=False), rules(egress=True))


def _entry(entry: Mapping[str, Any]) -> Rule:
    ports = entry.get("PortRange") or {"From": -1, "To": -1}
    protocol = NUMBERS.get(str(entry["Protocol"]), str(entry["Protocol"]))
    return Rule(entry["CidrBlock"], protocol, ports["From"], ports["To"], entry["RuleAction"] == "allow")
