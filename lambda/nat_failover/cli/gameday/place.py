"""Where a drill is held, and by whom: what its report says first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from botocore.exceptions import BotoCoreError, ClientError

from nat_failover.cli.operator.operator import Hand
from nat_failover.network.instances import tag


@dataclass(frozen=True)
class Place:
    """Where a drill is held, and by whom.

    Attributes:
        by: ARN of whoever holds it.
        vpc: of the NATs; empty where it could not be read.
        names: of the NATs that have one, by instance id.
    """

    region: str
    by: str
    vpc: str = ""
    names: Mapping[str, str] = field(default_factory=dict)


def place_of(hand: Hand) -> Place:
    """Return the place; what can't be read is left out, for it only completes a report."""
    s = hand.settings
    try:
        # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html
        answer = hand.clients.ec2.describe_instances(InstanceIds=list(s.nats))
    except (ClientError, BotoCoreError):
        return Place(s.region, hand.owner)
    nats = [nat for reservation in answer["Reservations"] for nat in reservation["Instances"]]
    names = {nat["InstanceId"]: name for nat in nats if (name := tag(nat, "Name"))}
    return Place(s.region, hand.owner, next((nat["VpcId"] for nat in nats if "VpcId" in nat), ""), names)
