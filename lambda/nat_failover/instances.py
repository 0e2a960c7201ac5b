"""EC2: whether instances run and since when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nat_failover.situation import Nat

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import InstanceTypeDef

# A request takes 200 values of filters at most: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html
MOST_IDS = 200


class Instances:
    """EC2 instances by id.

    Args:
        ec2: boto3 client.
    """

    def __init__(self, ec2: EC2Client) -> None:
        self._ec2 = ec2

    def describe(self, ids: Sequence[str]) -> dict[str, Nat]:
        """Describe instances; one that EC2 no longer knows is in state ``gone``.

        ``LaunchTime`` is that of the last start, not of a reboot:
        https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Instance.html

        Raises:
            botocore.exceptions.ClientError: EC2 refuses.
        """
        # A filter, unlike InstanceIds, is no error where an instance has been gone for some time.
        wanted, paginator = sorted(set(ids)), self._ec2.get_paginator("describe_instances")
        requests = [
            paginator.paginate(Filters=[{"Name": "instance-id", "Values": wanted[start : start + MOST_IDS]}])
            for start in range(0, len(wanted), MOST_IDS)
        ]
        known = {
            instance["InstanceId"]: Nat(
                instance["InstanceId"],
                instance["State"]["Name"],
                instance["LaunchTime"].timestamp(),
                instance.get("PrivateIpAddress"),
                _primary_interface(instance),
                instance.get("PublicIpAddress"),
                instance.get("SubnetId"),
            )
            for pages in requests
            for page in pages
            for reservation in page["Reservations"]
            for instance in reservation["Instances"]
        }
        return {i: known.get(i, Nat(i, "gone", None)) for i in ids}


def _primary_interface(instance: InstanceTypeDef) -> str | None:
    """Give the id of the network interface with device index 0.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-eni.html
    """
    return next(
        (
            interface["NetworkInterfaceId"]
            for interface in instance.get("NetworkInterfaces", [])
            if interface.get("Attachment", {}).get("DeviceIndex") == 0
        ),
        None,
    )
