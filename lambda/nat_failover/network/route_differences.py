"""Pure: in what two route tables differ beside the default route, which a swap would take from the subnets."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
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
# A VPC Route Server puts such a route into a table, and takes it out again:
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Route.html
ADVERTISED = "Advertisement"


@dataclass(frozen=True)
class RouteTarget:
    """Where a route leads: the parameter of CreateRoute that names it, and the id.

    Attributes:
        instance: id of the instance that a network interface is attached to; None where the target is no such.
        advertised: a VPC Route Server keeps the route, and may withdraw it.
    """

    parameter: str
    resource: str
    instance: str | None = field(default=None, compare=False)
    advertised: bool = field(default=False, compare=False)

    def is_of(self, nat: Collection[str]) -> bool:
        """Return whether it is a NAT itself, which is known by its own id and by those of its network interfaces."""
        return self.resource in nat or self.instance in nat


@dataclass(frozen=True)
class Destination:
    """What a route is for: the parameter of CreateRoute that names it, and the network or prefix list."""

    parameter: str
    network: str


Routes = Mapping[Destination, RouteTarget]


@dataclass(frozen=True)
class Nats:
    """Both NATs, each by its instance id and the ids of its network interfaces."""

    active: frozenset[str] = frozenset()
    passive: frozenset[str] = frozenset()

    @property
    def both(self) -> frozenset[str]:
        """All ids of either."""
        return self.active | self.passive


@dataclass(frozen=True)
class Difference:
    """One destination that the two tables treat differently.

    Attributes:
        active: where the active table leads; None where it has no such route.
        passive: where the passive table leads; None where it has no such route.
        nat: one of the routes leads to a NAT of the pair, which nobody can judge who does not know what runs there.
    """

    destination: Destination
    active: RouteTarget | None
    passive: RouteTarget | None
    nat: bool = False

    @property
    def mirrored(self) -> bool:
        """Whether a copy of the active table's route would be right: it is not for a NAT's own, nor for one that comes
        and goes by itself.
        """
        return self.active is not None and not self.nat and not self.active.advertised

    @property
    def of_gateway_endpoint(self) -> bool:
        """Whether it is about a gateway endpoint's route, which only the endpoint itself can add to a table."""
        to = self.active or self.passive
        return self.destination.parameter == PREFIX_LIST and to is not None and to.resource.startswith("vpce-")

    @property
    def in_words(self) -> str:
        """The difference, in a few words."""
        network = self.destination.network
        if self.destination.parameter == PROPAGATION:
            table = "passive" if self.passive is None else "active"
            return f"the {table} table does not take the routes of {network}"
        if self.passive is None and self.active is not None:
            sentence = f"{network} to {self.active.resource} is missing in the passive table"
        elif self.active is None and self.passive is not None:
            sentence = f"{network} to {self.passive.resource} is in the passive table only"
        else:
            there, here = self.active and self.active.resource, self.passive and self.passive.resource
            sentence = f"{network} leads to {there}, in the passive table to {here}"
        if self.nat:
            return f"{sentence} (a NAT of the pair: each table should lead to its own NAT, or both to the same)"
        return sentence

    def command(self, passive: str, region: str) -> str | None:
        """Return the AWS CLI's command by which the passive table gets the route; None where a person has to judge.

        Args:
            passive: id of the passive table.
            region: that the pair is in.
        """
        if self.active is None or not self.mirrored:
            return None
        to, table = self.active, f"--route-table-id {passive}"
        if self.destination.parameter == PROPAGATION:
            call = f"enable-vgw-route-propagation {table} --gateway-id {to.resource}"
        elif self.of_gateway_endpoint:
            call = f"modify-vpc-endpoint --vpc-endpoint-id {to.resource} --add-route-table-ids {passive}"
        else:
            verb = "create-route" if self.passive is None else "replace-route"
            network = f"{_option(self.destination.parameter)} {self.destination.network}"
            call = f"{verb} {table} {network} {_option(to.parameter)} {to.resource}"
        return f"aws ec2 {call} --region {region}"


def _option(parameter: str) -> str:
    """Return the AWS CLI's option for a parameter of the API."""
    return "--" + re.sub(r"(?<!^)(?=[A-Z])", "-", parameter).lower()


def read_routes(described: Iterable[Mapping[str, Any]], gateways: Iterable[str]) -> dict[Destination, RouteTarget]:
    """Return the routes that a table has beside the default route and the VPC's own.

    Args:
        described: the routes as DescribeRouteTables gives them.
        gateways: virtual private gateways whose routes the table takes; they stand for those routes.
    """
    routes: dict[Destination, RouteTarget] = {}
    for route in described:
        destination = next((Destination(key, route[key]) for key in DESTINATIONS if route.get(key)), None)
        # EC2 tells of a route to an instance its network interface, too, and the other way round. CreateRoute takes one
        # target, and an instance only if it has a single interface: the interface comes first.
        # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateRoute.html
        instance, advertised = route.get("InstanceId") or None, route.get("Origin") == ADVERTISED
        target = next((RouteTarget(key, route[key], instance, advertised) for key in TARGETS if route.get(key)), None)
        if destination is None or target is None or target.resource == "local":
            continue
        if destination.network == DEFAULT_ROUTE or route.get("Origin") == PROPAGATED:
            continue
        routes[destination] = target
    return routes | {Destination(PROPAGATION, gateway): RouteTarget("GatewayId", gateway) for gateway in gateways}


def differences(active: Routes, passive: Routes, nats: Nats = Nats()) -> tuple[Difference, ...]:
    """Return in what two tables' routes differ, in the order of their destinations.

    A route that leads to each table's own NAT, to a VPN that runs on both, say, is the same in both tables.
    """
    found = []
    for destination in sorted({*active, *passive}, key=lambda d: (d.parameter, d.network)):
        there, here = active.get(destination), passive.get(destination)
        if there == here:
            continue
        if there is not None and here is not None and there.is_of(nats.active) and here.is_of(nats.passive):
            continue
        nat = any(target is not None and target.is_of(nats.both) for target in (there, here))
        found.append(Difference(destination, there, here, nat))
    return tuple(found)
