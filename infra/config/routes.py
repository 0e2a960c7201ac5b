"""Routes that a table is to have beside its default route."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network

from infra.config.kinds import INVALID
from infra.config.problems import refused

# By an id's prefix, the property of AWS::EC2::Route that takes it:
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-route.html
TARGETS = {
    "pcx": "vpc_peering_connection_id",
    "tgw": "transit_gateway_id",
    "vgw": "gateway_id",
    "igw": "gateway_id",
    "eni": "network_interface_id",
    "vpce": "vpc_endpoint_id",
    "nat": "nat_gateway_id",
    "lgw": "local_gateway_id",
    "cagw": "carrier_gateway_id",
    "eigw": "egress_only_internet_gateway_id",
}
_ID = re.compile(r"([a-z]+)-([0-9a-f]{8}|[0-9a-f]{17})")
_EXAMPLE = {"destination": "10.30.0.0/16", "target": "pcx-0123456789abcdef0"}


@dataclass(frozen=True)
class ExtraRoute:
    """A route: a network in CIDR notation or a prefix list's id, and the id of what it leads to."""

    destination: str
    target: str

    @property
    def properties(self) -> dict[str, str]:
        """The properties of AWS::EC2::Route that say so."""
        if self.destination.startswith("pl-"):
            destination = "destination_prefix_list_id"
        elif ":" in self.destination:
            destination = "destination_ipv6_cidr_block"
        else:
            destination = "destination_cidr_block"
        return {destination: self.destination, TARGETS[self.target.partition("-")[0]]: self.target}


@dataclass(frozen=True)
class ExtraRoutes:
    """A list of routes to different destinations; the default route is the standby's own."""

    allowed: str = (
        "a list of up to 50 objects, each with a destination (a network but 0.0.0.0/0, or pl- and 8 or 17 hexadecimal "
        f"digits) and a target (an id that begins with {', '.join(f'{prefix}-' for prefix in TARGETS)})"
    )
    example: object = field(default_factory=lambda: [_EXAMPLE])

    def read(self, value: object, path: str, problems: list[str]) -> object:
        """Give a tuple of routes, or INVALID with a sentence for each item that is wrong."""
        if not isinstance(value, list | tuple) or len(value) > 50:
            problems.append(refused(path, value, self.allowed, self.example))
            return INVALID
        routes: dict[str, ExtraRoute] = {}
        for i, item in enumerate(value):
            route = _route(item)
            if route is None or route.destination in routes:
                allowed = "an object with a destination (not 0.0.0.0/0, none twice) and a target"
                problems.append(refused(f"{path}[{i}]", item, allowed, _EXAMPLE))
            else:
                routes[route.destination] = route
        return tuple(routes.values()) if len(routes) == len(value) else INVALID


def _route(item: object) -> ExtraRoute | None:
    if isinstance(item, ExtraRoute):
        item = {"destination": item.destination, "target": item.target}
    if not isinstance(item, Mapping) or set(item) != {"destination", "target"}:
        return None
    destination, target = item["destination"], item["target"]
    if not isinstance(destination, str) or not isinstance(target, str):
        return None
    known = _ID.fullmatch(target)
    if known is None or known.group(1) not in TARGETS:
        return None
    listed = _ID.fullmatch(destination)
    if listed is not None:
        return ExtraRoute(destination, target) if listed.group(1) == "pl" else None
    network = _network(destination)
    return None if network is None or str(network) == "0.0.0.0/0" else ExtraRoute(str(network), target)


def _network(text: str) -> IPv4Network | IPv6Network | None:
    if "/" not in text:
        return None
    try:
        return ip_network(text)
    except ValueError:
        return None
