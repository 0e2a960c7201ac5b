"""Faults of security groups and network ACLs, and rules of groups that are none."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tests.cli.deployed import Deployment
from tests.cli.planted.reading import EVERYWHERE, Undo, backends, ec2, nat


def closed_group(d: Deployment) -> Undo:
    """The standby's group lets in nothing but SSH."""
    return _rules(d, "ingress", [_tcp(22, 22)])


def no_pings(d: Deployment) -> Undo:
    """The standby's group lets TCP in, and no ping."""
    return _rules(d, "ingress", [_tcp(0, 65535)])


def no_signals(d: Deployment) -> Undo:
    """The standby's group lets pings and HTTPS in, but nobody signal that it is offline."""
    pings = {"IpProtocol": "icmp", "FromPort": -1, "ToPort": -1, "IpRanges": [{"CidrIp": EVERYWHERE}]}
    return _rules(d, "ingress", [pings, _tcp(443, 443)])


def group_of_nobody(d: Deployment) -> Undo:
    """The standby's group lets in a group that no server is in."""
    return _rules(d, "ingress", [of_group(servers(d, []))])


def group_without_one(d: Deployment) -> Undo:
    """The standby's group lets in the servers' group, and one of them is not in it."""
    group = servers(d, backends(d)[1:])
    undo = _rules(d, "ingress", [of_group(group)])
    return both(undo, lambda: dismiss(d))


def list_of_others(d: Deployment) -> Undo:
    """The standby's group lets in a prefix list that has other networks."""
    return _rules(d, "ingress", [of_list(prefix_list(d, "10.77.0.0/16"))])


def out_to_servers_only(d: Deployment) -> Undo:
    """The standby's group lets out to the servers' group, and so nothing to the Internet."""
    group = servers(d, backends(d))
    undo = _rules(d, "egress", [of_group(group)])
    return both(undo, lambda: dismiss(d))


def both(one: Undo, other: Undo) -> Undo:
    """Undo one thing, then another."""

    def undo() -> None:
        one()
        other()

    return undo


def servers(d: Deployment, members: list[str]) -> str:
    """Make a security group that these backends are in, beside those that they have."""
    name = f"servers-{time.time_ns()}"
    group = ec2(d).create_security_group(GroupName=name, Description=name, VpcId=d.pair["vpcId"])["GroupId"]
    for backend in members:
        interface, groups = _groups(d, backend)
        ec2(d).modify_network_interface_attribute(NetworkInterfaceId=interface, Groups=[*groups, group])
    return str(group)


def dismiss(d: Deployment) -> None:
    """Leave every backend the first of its groups only."""
    for backend in backends(d):
        interface, groups = _groups(d, backend)
        ec2(d).modify_network_interface_attribute(NetworkInterfaceId=interface, Groups=groups[:1])


def _groups(d: Deployment, instance: str) -> tuple[str, list[str]]:
    """Give an instance's network interface, and the groups that it is in."""
    attached = [{"Name": "attachment.instance-id", "Values": [instance]}]
    (interface,) = ec2(d).describe_network_interfaces(Filters=attached)["NetworkInterfaces"]
    return interface["NetworkInterfaceId"], [group["GroupId"] for group in interface["Groups"]]


def prefix_list(d: Deployment, *networks: str) -> str:
    """Make a prefix list."""
    made = ec2(d).create_managed_prefix_list(
        PrefixListName="networks", AddressFamily="IPv4", MaxEntries=5, Entries=[{"Cidr": each} for each in networks]
    )
    return str(made["PrefixList"]["PrefixListId"])


def of_group(group: str) -> dict[str, Any]:
    """Give the rule that lets everything of a group's members through."""
    return {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]}


def of_list(prefixes: str) -> dict[str, Any]:
    """Give the rule that lets everything of a prefix list's networks through."""
    return {"IpProtocol": "-1", "PrefixListIds": [{"PrefixListId": prefixes}]}


def lets_in(rule: dict[str, Any]) -> Callable[[Deployment], Undo]:
    """Have the standby's group let in what one rule says."""
    return lambda d: _rules(d, "ingress", [rule])


def no_way_out(d: Deployment) -> Undo:
    """The standby's group lets nothing out."""
    return _rules(d, "egress", [])


def _tcp(first: int, last: int) -> dict[str, Any]:
    return {"IpProtocol": "tcp", "FromPort": first, "ToPort": last, "IpRanges": [{"CidrIp": EVERYWHERE}]}


def _rules(d: Deployment, direction: str, instead: list[dict[str, Any]]) -> Undo:
    group = nat(d, "STANDBY")["SecurityGroups"][0]["GroupId"]
    (described,) = ec2(d).describe_security_groups(GroupIds=[group])["SecurityGroups"]
    before = described["IpPermissions" if direction == "ingress" else "IpPermissionsEgress"]
    client = ec2(d)

    def put(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> None:
        if old:
            getattr(client, f"revoke_security_group_{direction}")(GroupId=group, IpPermissions=old)
        if new:
            getattr(client, f"authorize_security_group_{direction}")(GroupId=group, IpPermissions=new)

    put(before, instead)
    return lambda: put(instead, before)


def network_acl(d: Deployment) -> Undo:
    """An ACL denies what comes back to ephemeral ports."""
    (acl,) = ec2(d).describe_network_acls(Filters=[{"Name": "vpc-id", "Values": [d.pair["vpcId"]]}])["NetworkAcls"]
    entry = {"NetworkAclId": acl["NetworkAclId"], "RuleNumber": 50, "Egress": False}
    ec2(d).create_network_acl_entry(
        **entry, Protocol="6", RuleAction="deny", CidrBlock=EVERYWHERE, PortRange={"From": 32768, "To": 65535}
    )
    return lambda: ec2(d).delete_network_acl_entry(**entry)
