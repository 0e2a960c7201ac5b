"""What moto leaves out where an Elastic IP moves: the network interface that gets it loses the one that it had."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def displacing(ec2: Any) -> None:
    """Have every association that a client makes take from the network interface the Elastic IP that it had.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateAddress.html
    """

    def before_call(params: Mapping[str, Any], **_: object) -> None:
        displace(ec2, params["body"]["NetworkInterfaceId"], params["body"]["AllocationId"])

    ec2.meta.events.register("before-call.ec2.AssociateAddress", before_call)


def displace(ec2: Any, interface: str, allocation: str) -> None:
    """Take from a network interface every Elastic IP but the one that it gets."""
    for address in ec2.describe_addresses()["Addresses"]:
        if address.get("NetworkInterfaceId") == interface and address["AllocationId"] != allocation:
            ec2.disassociate_address(AssociationId=address["AssociationId"])
