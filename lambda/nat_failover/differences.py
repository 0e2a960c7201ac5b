"""Pure: in what two route tables differ beside the default route, which a swap would take from the subnets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

DEFAULT_ROUTE = "0.0.0.0/0"
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Route.html
PREFIX_LIST = "DestinationPrefixListId"
DESTINATIONS = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", PREFIX_LIST)
# A virtual private gateway whose routes a table takes stands for them.
PROPAGATION = "propagated routes"
TARGETS = (
    "GatewayId",
    "NatGatewayId",
    "TransitGatewayId",
    "VpcPeeringConnectionId",
    "NetworkInterfaceId",
    "InstanceId",
    "EgressOnlyInternetGatewayId",
    "LocalGatewayId",
    "CarrierGatewayId",
    "CoreNetworkArn",
    "OdbNetworkArn",
)
PROPAGATED = "EnableVgwRoutePropagation"


@dataclass(frozen=True)
class Target:
    """Where a route leads: the parameter of CreateRoute that names it, and the id."""

    parameter: str
    resource: str


@dataclass(frozen=True)
class Destination:
    """What a route is for: the parameter of CreateRoute that names it, and the network or prefix list."""

    parameter: str
    network: str


Routes = Mapping[Destination, Target]


@dataclass(frozen=True)
class Difference:
    """One destination that the two tables treat differently.

    Attributes:
        active: where the active table leads; None where it has no such route.
        passive: where the passive table leads; None where it has no such route.
    """

    destination: Destination
    active: Target | None
    passive: Target | None

    @property
    def of_gateway_endpoint(self) -> bool:
        """Whether it is about a gateway endpoint's route, which only the endpoint itself can add to a table."""
        to = self.active or self.passive
        return self.destination.parameter == PREFIX_LIST and to is not None and to.resource.startswith("vpce-")

    @property
    def said(self) -> str:
        """Say it in a few words."""
        network = self.destination.network
        if self.destination.parameter == PROPAGATION:
            table = "passive" if self.passive is None else "active"
            return f"the {table} table does not take the routes of {network}"
        if self.passive is None and self.active is not None:
            return f"{network} to {self.active.resource} is missing in the passive table"
        if self.active is None and self.passive is not None:
            return f"{network} to {self.passive.resource} is in the passive table only"
        there, here = self.active and self.active.resource, self.passive and self.passive.resource
        return f"{network} leads to {there}, in the passive table to {here}"


def read_routes(told: Iterable[Mapping[str, Any]], gateways: Iterable[str]) -> dict[Destination, Target]:
    """Read the routes that a table has beside the default route and the VPC's own.

    Args:
        told: the routes as DescribeRouteTables gives them.
        gateways: virtual private gateways whose routes the table takes; they stand for those routes.
    """
    routes: dict[Destination, Target] = {}
    for route in told:
        destination = next((Destination(key, route[key]) for key in DESTINATIONS if route.get(key)), None)
        # EC2 tells of a route to an instance its network interface too: the more stable name of the two comes first.
        target = next((Target(key, route[key]) for key in TARGETS if route.get(key)), None)
        if destination is None or target is None or target.resource == "local":
            continue
        if destination.network == DEFAULT_ROUTE or route.get("Origin") == PROPAGATED:
            continue
        routes[destination] = target
    return routes | {Destination(PROPAGATION, gateway): Target("GatewayId", gateway) for gateway in gateways}


def differences(active: Routes, passive: Routes) -> tuple[Difference, ...]:
    """Compare two tables' routes, in the order of their destinations."""
    return tuple(
        Difference(destination, active.get(destination), passive.get(destination))
        for destination in sorted({*active, *passive}, key=lambda d: (d.parameter, d.network))
        if active.get(destination) != passive.get(destination)
    )
