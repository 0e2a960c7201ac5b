"""Where a deployed pair's subnets are, and putting that right between two tests."""

from __future__ import annotations

from tests.cli.deployed import Deployment


def subnets(deployment: Deployment) -> dict[str, int]:
    """Give how many subnets each of the pair's tables has."""
    tables = deployment.aws.client("ec2").describe_route_tables(
        RouteTableIds=[deployment.setting(f"{role}_ROUTE_TABLE") for role in ("PRIMARY", "STANDBY")]
    )["RouteTables"]
    counted = {t["RouteTableId"]: sum("SubnetId" in a for a in t["Associations"]) for t in tables}
    return {role: counted[deployment.setting(f"{role.upper()}_ROUTE_TABLE")] for role in ("primary", "standby")}


def active(deployment: Deployment, role: str) -> None:
    """Have all subnets with one of the NATs."""
    roles = {"primary": "STANDBY", "standby": "PRIMARY"}
    deployment.aws.move_back(
        deployment.setting(f"{roles[role]}_ROUTE_TABLE"), deployment.setting(f"{role.upper()}_ROUTE_TABLE")
    )


def free_claim(deployment: Deployment) -> None:
    """Let a claim that is there be over."""
    ssm = deployment.aws.client("ssm")
    if ssm.get_parameters(Names=["/nat-failover/main/claim"])["Parameters"]:
        deployment.aws.forget_claim()
