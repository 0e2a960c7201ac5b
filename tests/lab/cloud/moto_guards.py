"""What moto's account says of groups, ACLs and checks, and what its CloudFormation leaves out of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tests.lab.network.guards import NUMBERS, Guard, Rule, of_acl, of_groups
from tests.lab.network.layout import ENDPOINT, VPC_CIDR


class MotoGuards:
    """Reads them through EC2's API, as anybody could.

    Args:
        ec2: client.
        addresses: of hosts, by name.
        interface: gives the id of a host's primary network interface.
    """

    def __init__(self, ec2: Any, vpc: str, addresses: Mapping[str, str]) -> None:
        self._ec2 = ec2
        self._vpc = vpc
        self._addresses = addresses

    def make_group(self, name: str, *permissions: Mapping[str, Any]) -> str:
        """Make a group with inbound rules, and the outbound one that EC2 gives to every group; return its id."""
        made = self._ec2.create_security_group(GroupName=name, Description=name, VpcId=self._vpc)
        group = str(made["GroupId"])
        if permissions:
            self._ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=list(permissions))
        return group

    def deployed(self, body: str, stack: str, cloudformation: Any, interfaces: Mapping[str, str]) -> None:
        """Give the stack's instances what their template says: moto's CloudFormation leaves it out.

        Args:
            body: the stack's template, as JSON.
            stack: its name.
            cloudformation: client.
            interfaces: primary network interface of each instance, by instance id.
        """
        described = cloudformation.describe_stack_resources(StackName=stack)["StackResources"]
        # moto tells its own marks of what it has left out, too.
        made = {
            each["LogicalResourceId"]: each["PhysicalResourceId"] for each in described if "PhysicalResourceId" in each
        }
        for name, resource in json.loads(body)["Resources"].items():
            if resource["Type"] != "AWS::EC2::Instance":
                continue
            properties = resource["Properties"]
            groups = [made[group["Fn::GetAtt"][0]] for group in properties["NetworkInterfaces"][0]["GroupSet"]]
            interface = interfaces[made[name]]
            self._ec2.modify_network_interface_attribute(NetworkInterfaceId=interface, Groups=groups)
            self._ec2.modify_network_interface_attribute(
                NetworkInterfaceId=interface, SourceDestCheck={"Value": properties.get("SourceDestCheck", True)}
            )

    def set_inbound(self, interface: str, rules: Sequence[Rule]) -> None:
        """Let the one group of an interface admit this and nothing else."""
        (face,) = self._ec2.describe_network_interfaces(NetworkInterfaceIds=[interface])["NetworkInterfaces"]
        (group,) = (g["GroupId"] for g in face["Groups"])
        (described,) = self._ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
        if described["IpPermissions"]:
            self._ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=described["IpPermissions"])
        if rules:
            permissions = [
                {"IpProtocol": r.protocol, "FromPort": r.first, "ToPort": r.last, "IpRanges": [{"CidrIp": r.cidr}]}
                for r in rules
            ]
            self._ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=permissions)

    def set_acl(self, subnet: str, acl: Guard) -> None:
        """Give a subnet an ACL of its own."""
        made = self._ec2.create_network_acl(VpcId=self._vpc)["NetworkAcl"]["NetworkAclId"]
        for egress, rules in ((False, acl.inbound), (True, acl.outbound)):
            for number, rule in enumerate(rules, 1):
                self._ec2.create_network_acl_entry(
                    NetworkAclId=made,
                    RuleNumber=10 * number,
                    Protocol=next((n for n, name in NUMBERS.items() if name == rule.protocol), rule.protocol),
                    RuleAction="allow" if rule.allows else "deny",
                    Egress=egress,
                    CidrBlock=rule.cidr,
                    PortRange={"From": rule.first, "To": rule.last},
                )
        (association,) = (
            a["NetworkAclAssociationId"]
            for described in self._ec2.describe_network_acls()["NetworkAcls"]
            for a in described["Associations"]
            if a["SubnetId"] == subnet
        )
        self._ec2.replace_network_acl_association(AssociationId=association, NetworkAclId=made)

    def groups(self, interfaces: Mapping[str, str]) -> dict[str, Guard]:
        """Return what the groups of each host admit, and those of the endpoint where there is one.

        Args:
            interfaces: primary network interface of each host, by the host's name.
        """
        described = {g["GroupId"]: g for g in self._ec2.describe_security_groups()["SecurityGroups"]}
        faces = {i["NetworkInterfaceId"]: i for i in self._ec2.describe_network_interfaces()["NetworkInterfaces"]}
        of = {host: [g["GroupId"] for g in faces[face]["Groups"]] for host, face in interfaces.items()}
        members: dict[str, list[str]] = {}
        for host, ids in of.items():
            for group in ids:
                members.setdefault(group, []).append(self._addresses[host])
        of[ENDPOINT] = self._endpoint_groups()
        return {name: of_groups([described[group] for group in ids], members) for name, ids in of.items()}

    def _endpoint_groups(self) -> list[str]:
        """Return the groups of the VPC's endpoint of Systems Manager; none where there is none, which admit nobody."""
        for endpoint in self._ec2.describe_vpc_endpoints()["VpcEndpoints"]:
            if endpoint["VpcId"] == self._vpc and endpoint["ServiceName"].endswith(".ssm"):
                return [group["GroupId"] for group in endpoint["Groups"]]
        return []

    def acls(self, subnets: Mapping[str, str]) -> dict[str, Guard]:
        """Return the network ACL of each subnet, by its name."""
        described = self._ec2.describe_network_acls()["NetworkAcls"]
        by_subnet = {a["SubnetId"]: of_acl(acl) for acl in described for a in acl["Associations"]}
        return {name: by_subnet[subnet] for name, subnet in subnets.items() if subnet in by_subnet}

    def checks(self, interfaces: Mapping[str, str]) -> dict[str, bool]:
        """Return whether the source/destination check of each host is on."""
        faces = {i["NetworkInterfaceId"]: i for i in self._ec2.describe_network_interfaces()["NetworkInterfaces"]}
        return {host: bool(faces[face]["SourceDestCheck"]) for host, face in interfaces.items()}


def from_vpc(protocol: str, port: int = -1) -> dict[str, Any]:
    """Return the permission that admits a protocol from all of the VPC, to one port or to all."""
    ports = {} if protocol == "-1" else {"FromPort": port, "ToPort": port}
    return {"IpProtocol": protocol, **ports, "IpRanges": [{"CidrIp": VPC_CIDR}]}
