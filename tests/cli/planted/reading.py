"""What whoever plants a fault has to know of the deployment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.cli.deployed import Deployment

# Puts right what was planted.
Undo = Callable[[], object]
EVERYWHERE = "0.0.0.0/0"


def ec2(d: Deployment) -> Any:
    """Give the account's client of EC2."""
    return d.aws.client("ec2")


def table(d: Deployment, role: str) -> dict[str, Any]:
    """Describe a route table of the pair: ``PRIMARY``, or ``STANDBY``."""
    tables = ec2(d).describe_route_tables(RouteTableIds=[d.setting(f"{role}_ROUTE_TABLE")])["RouteTables"]
    return dict(tables[0])


def associations(d: Deployment) -> dict[str, str]:
    """Give the associations of the primary's table, by subnet."""
    described = table(d, "PRIMARY")["Associations"]
    return {a["SubnetId"]: a["RouteTableAssociationId"] for a in described if a.get("SubnetId")}


def nat(d: Deployment, role: str) -> dict[str, Any]:
    """Describe a NAT: ``PRIMARY``, or ``STANDBY``."""
    reservations = ec2(d).describe_instances(InstanceIds=[d.setting(f"{role}_INSTANCE")])["Reservations"]
    return dict(reservations[0]["Instances"][0])


def backends(d: Deployment) -> list[str]:
    """List the ids of the backends that run: those that were terminated are listed for an hour."""
    running = {"Name": "instance-state-name", "Values": ["running"]}
    response = ec2(d).describe_instances(Filters=[{"Name": "tag:nat-failover:probe", "Values": ["main"]}, running])
    return sorted(i["InstanceId"] for r in response["Reservations"] for i in r["Instances"])
