"""What there is in moto after a deployment of the stack: made once a process for each configuration."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from typing import Any

from tests.lab.cloud.cloud import A_DAY
from tests.lab.cloud.moto_cloud import MotoCloud
from tests.lab.network.guards import Guard
from tests.lab.network.layout import Layout
from tests.lab.network.simulated.network import SimulatedNetwork
from tests.lab.world.virtual import VIRTUAL_START, VirtualWorld
from tests.simulation.account.holdings import Holdings, Instance, Version

# Processes that were forked share the one that synthesizes templates for them, and would take each other's answers.
_ONE_AT_A_TIME = get_context("fork").Lock()


@dataclass(frozen=True)
class Deployed:
    """What there was in moto after the deployment."""

    facts: Mapping[str, Any]
    instances: Mapping[str, str]
    subnets: Mapping[str, str]
    rules: tuple[Mapping[str, Any], ...]
    holdings: Holdings
    groups: Mapping[str, Guard]
    acls: Mapping[str, Guard]


@cache
def deployed(settings: str, layout: Layout) -> Deployed:
    """Deploy the stack to moto, in a world of its own.

    Args:
        settings: of the pair, as JSON.
        layout: the VPC.
    """
    world = VirtualWorld(0)
    network = SimulatedNetwork(layout, world)

    def main() -> Deployed:
        network.open()
        cloud = MotoCloud(network, json.loads(settings), 0)
        try:
            cloud.open(world.now())
            return _taken(cloud)
        finally:
            cloud.close()

    with _ONE_AT_A_TIME:
        return world.run(main)


def _taken(cloud: MotoCloud) -> Deployed:
    names = ("environment", "timeout", "handler", "function_arn", "user_data", "document", "documents", "lock_name")
    facts = {name: getattr(cloud, name) for name in (*names, "primary_table", "standby_table")}
    layout = cloud.network.layout
    instances = {
        cloud.instances[host.name]: Instance(
            "running",
            VIRTUAL_START - A_DAY,
            host.address,
            cloud.tags(cloud.instances[host.name]),
            cloud.interface(host.name),
            cloud.subnets[host.subnet],
            cloud.checks()[host.name],
        )
        for host in layout.hosts
    }
    tables = cloud.tables()
    associations = {
        a["RouteTableAssociationId"]: (a["SubnetId"], table)
        for table, described in tables.items()
        for a in described["Associations"]
        if a.get("SubnetId")
    }
    routes = {table: list(described["Routes"]) for table, described in tables.items()}
    lock = cloud.lock_text()
    parameters = {} if lock is None else {cloud.lock_name: [Version(lock, 1, VIRTUAL_START, "person")]}
    return Deployed(
        facts,
        dict(cloud.instances),
        dict(cloud.subnets),
        tuple(cloud.rules()),
        Holdings(instances, routes, associations, parameters, _addresses(cloud)),
        cloud.groups(),
        cloud.acls(),
    )


def _addresses(cloud: MotoCloud) -> dict[str, tuple[str, str | None]]:
    holders = {public: cloud.instances[host] for host, public in cloud.elastic().items()}
    addresses = cloud.ec2.describe_addresses()["Addresses"]
    return {a["AllocationId"]: (a["PublicIp"], holders.get(a["PublicIp"])) for a in addresses}
