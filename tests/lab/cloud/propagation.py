"""From what EC2 has accepted to what the network does: after a while, as in AWS."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from tests.gate.chance import Lots
from tests.gate.harshness import Harshness
from tests.lab.cloud.cloud import Cloud
from tests.lab.latencies import Latencies
from tests.lab.world.world import World

# moto keeps its state in plain dictionaries: one call at a time.
MOTO = threading.RLock()
ROUTE_WRITES = ("CreateRoute", "ReplaceRoute", "ModifyVpcEndpoint", "EnableVgwRoutePropagation")


class Propagation:
    """Has the network take up what EC2 has accepted.

    Attributes:
        replaced_at: when associations were replaced.
        routed_at: when the network last took up a subnet's new association, by the subnet's name.
        addressed_at: when the egress address was moved.
    """

    def __init__(self, cloud: Cloud, world: World, latencies: Latencies, harshness: Harshness, lots: Lots) -> None:
        self._cloud = cloud
        self._world = world
        self._latencies = latencies
        self._harshness = harshness
        self._lots = lots
        self.replaced_at: list[float] = []
        self.routed_at: dict[str, float] = {}
        self.addressed_at: list[float] = []

    def _put_in_force(self, operation: str, arguments: Mapping[str, Any]) -> None:
        """Have the network take up, after a while, what EC2 has accepted."""
        if operation == "AssociateAddress":
            self.addressed_at.append(self._world.now())
            self._readdress()
        if operation == "ModifyVpcEndpoint":
            self._cloud.add_endpoint_routes(arguments["VpcEndpointId"], arguments["AddRouteTableIds"])
        if operation in ROUTE_WRITES:
            self._in_force_later(self._cloud.mirror, "route", "route")

    def _readdress(self) -> None:
        """Have EC2 tell who has which public address now, and the network follow; once more where one is to come."""
        draw = self._harshness.draw
        waits = self._cloud.readdress(self._world.now(), lambda host: draw("unaddressed", self._lots.sure(host)))
        self._world.spawn(self._move_address, "change of address")
        for wait in waits:
            self._world.spawn(partial(self._readdress_after, wait), "new public address")

    def _readdress_after(self, seconds: float) -> None:
        self._world.sleep(seconds)
        with MOTO:
            self._readdress()

    def _move_address(self) -> None:
        """Have the network take up an Elastic IP's move: after a while nobody has it, and then the other one."""
        self._world.sleep(self._latencies.draw("address", self._world.random))
        with MOTO:
            self._cloud.lift_addresses()
        self._world.sleep(self._latencies.draw("lifted", self._world.random))
        with MOTO:
            self._cloud.mirror_addresses()

    def replace(self, arguments: Mapping[str, Any], call: Callable[[], Any]) -> Any:
        """Replace an association by a call of somebody's; the network takes it up after a while."""
        subnet = next(
            (
                a["SubnetId"]
                for table in self._cloud.tables().values()
                for a in table["Associations"]
                if a["RouteTableAssociationId"] == arguments["AssociationId"] and a.get("SubnetId")
            ),
            None,
        )
        answer = call()
        self.replaced_at.append(self._world.now())
        if subnet is not None:
            self._in_force_later(partial(self._route, subnet), "route", subnet)
        return answer

    def _route(self, subnet: str) -> None:
        self._cloud.mirror_subnet(subnet)
        self.routed_at[subnet] = self._world.now()

    def _in_force_later(self, mirror: Callable[[], None], latency: str, what: str) -> None:
        delay = self._latencies.draw(latency, self._world.random)

        def in_force() -> None:
            self._world.sleep(delay)
            with MOTO:
                mirror()

        self._world.spawn(in_force, f"change of {what}")
