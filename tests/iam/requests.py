"""From a call of the function to what AWS authorizes: every action on every resource that the call needs.

Which resources an action is authorized on is in the service authorization reference:
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html,
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2autoscaling.html and
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.iam.evaluator import Request
from tests.lab.cloud.cloud import REGION
from tests.lab.cloud.moto_cloud import MotoCloud

ACCOUNT = "123456789012"
# Actions that know no resource.
WIDE = {
    "DescribeAddresses": "ec2",
    "DescribeAutoScalingInstances": "autoscaling",
    "DescribeInstanceStatus": "ec2",
    "DescribeInstances": "ec2",
    "DescribeRouteTables": "ec2",
    "DescribeSpotInstanceRequests": "ec2",
    "DescribeTags": "ec2",
    "DescribeDocument": "ssm",  # people read all
    "DescribeInstanceInformation": "ssm",
    "ListCommandInvocations": "ssm",
    "ListCommands": "ssm",
}


def arn(service: str, resource: str) -> str:
    """Give the ARN of a resource of the lab's account and region."""
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


@dataclass(frozen=True)
class Association:
    """What an association id stands for at the time of the call."""

    subnet: str
    table: str


class Account:
    """What AWS knows of the resources that a call names."""

    def __init__(self, cloud: MotoCloud) -> None:
        self._cloud = cloud

    def tags(self, instance: str) -> dict[str, str]:
        """Tags of an instance."""
        return self._cloud.tags(instance)

    def vpc_of(self, subnet: str) -> str:
        """VPC of a subnet."""
        (described,) = self._cloud.ec2.describe_subnets(SubnetIds=[subnet])["Subnets"]
        return str(described["VpcId"])

    def interface(self, interface: str) -> tuple[str, str]:
        """VPC of a network interface, and the instance that it is attached to."""
        (described,) = self._cloud.ec2.describe_network_interfaces(NetworkInterfaceIds=[interface])["NetworkInterfaces"]
        return str(described["VpcId"]), str(described["Attachment"]["InstanceId"])

    def association(self, association: str) -> Association:
        """What an association id stands for now."""
        for table_id, table in self._cloud.tables().items():
            for described in table["Associations"]:
                if described["RouteTableAssociationId"] == association:
                    return Association(described["SubnetId"], table_id)
        raise LookupError(association)


def requests_of(operation: str, arguments: Mapping[str, Any], account: Account) -> list[Request]:
    """Give all that has to be allowed for a call to be.

    Raises:
        LookupError: the call is none that is known here.
    """
    if operation in WIDE:
        return [Request(f"{WIDE[operation]}:{operation}", "*")]
    return _RESOURCES[operation](arguments, account)


def _parameters(operation: str) -> Callable[[Mapping[str, Any], Account], list[Request]]:
    def requests(arguments: Mapping[str, Any], account: Account) -> list[Request]:
        del account
        # A version is no resource of its own: "name:3" is authorized as "name".
        names = dict.fromkeys(name.partition(":")[0] for name in arguments.get("Names") or [arguments["Name"]])
        return [Request(f"ssm:{operation}", arn("ssm", f"parameter{name}")) for name in names]

    return requests


def _get_document(arguments: Mapping[str, Any], account: Account) -> list[Request]:
    del account
    return [Request("ssm:GetDocument", arn("ssm", f"document/{arguments['Name']}"))]


def _send_command(arguments: Mapping[str, Any], account: Account) -> list[Request]:
    action = "ssm:SendCommand"
    instances = [
        Request(
            action,
            arn("ec2", f"instance/{instance}"),
            {f"ssm:resourceTag/{key}": value for key, value in account.tags(instance).items()},
        )
        for instance in arguments["InstanceIds"]
    ]
    return [Request(action, arn("ssm", f"document/{arguments['DocumentName']}")), *instances]


def _replace_association(arguments: Mapping[str, Any], account: Account) -> list[Request]:
    action = "ec2:ReplaceRouteTableAssociation"
    now = account.association(arguments["AssociationId"])
    tables = [arguments["RouteTableId"], now.table]
    vpc = {"ec2:Vpc": arn("ec2", f"vpc/{account.vpc_of(now.subnet)}")}
    return [
        *(Request(action, arn("ec2", f"route-table/{table}")) for table in tables),
        Request(action, arn("ec2", f"subnet/{now.subnet}"), vpc),
    ]


def _on_table(operation: str) -> Callable[[Mapping[str, Any], Account], list[Request]]:
    def requests(arguments: Mapping[str, Any], account: Account) -> list[Request]:
        del account
        return [Request(f"ec2:{operation}", arn("ec2", f"route-table/{arguments['RouteTableId']}"))]

    return requests


def _modify_endpoint(arguments: Mapping[str, Any], account: Account) -> list[Request]:
    del account
    action = "ec2:ModifyVpcEndpoint"
    return [
        Request(action, arn("ec2", f"vpc-endpoint/{arguments['VpcEndpointId']}")),
        *(Request(action, arn("ec2", f"route-table/{table}")) for table in arguments["AddRouteTableIds"]),
    ]


def _propagate(arguments: Mapping[str, Any], account: Account) -> list[Request]:
    action = "ec2:EnableVgwRoutePropagation"
    gateway = Request(action, arn("ec2", f"vpn-gateway/{arguments['GatewayId']}"))
    return [*_on_table("EnableVgwRoutePropagation")(arguments, account), gateway]


def _associate_address(arguments: Mapping[str, Any], account: Account) -> list[Request]:
    """Ask for the instance, too: the reference names it, and does not say that an interface stands for it."""
    action = "ec2:AssociateAddress"
    vpc, instance = account.interface(arguments["NetworkInterfaceId"])
    interface = arn("ec2", f"network-interface/{arguments['NetworkInterfaceId']}")
    return [
        Request(action, arn("ec2", f"elastic-ip/{arguments['AllocationId']}")),
        Request(action, arn("ec2", f"instance/{instance}")),
        Request(action, interface, {"ec2:Vpc": arn("ec2", f"vpc/{vpc}")}),
    ]


def _complete(arguments: Mapping[str, Any], account: Account) -> list[Request]:
    del account
    name = f"autoScalingGroup:{uuid.UUID(int=0)}:autoScalingGroupName/{arguments['AutoScalingGroupName']}"
    return [Request("autoscaling:CompleteLifecycleAction", arn("autoscaling", name))]


def _publish(arguments: Mapping[str, Any], account: Account) -> list[Request]:
    del account
    return [Request("sns:Publish", arguments["TopicArn"])]


def _put_events(arguments: Mapping[str, Any], account: Account) -> list[Request]:
    del account
    bus = "event-bus/default"
    sources = {entry["Source"] for entry in arguments["Entries"] if "EventBusName" not in entry}
    return [Request("events:PutEvents", arn("events", bus), {"events:source": source}) for source in sources]


_RESOURCES: dict[str, Callable[[Mapping[str, Any], Account], list[Request]]] = {
    "GetParameters": _parameters("GetParameters"),
    "PutParameter": _parameters("PutParameter"),
    "GetDocument": _get_document,
    "SendCommand": _send_command,
    "ReplaceRouteTableAssociation": _replace_association,
    "CreateRoute": _on_table("CreateRoute"),
    "ReplaceRoute": _on_table("ReplaceRoute"),
    "ModifyVpcEndpoint": _modify_endpoint,
    "EnableVgwRoutePropagation": _propagate,
    "AssociateAddress": _associate_address,
    "CompleteLifecycleAction": _complete,
    "Publish": _publish,
    "PutEvents": _put_events,
}
