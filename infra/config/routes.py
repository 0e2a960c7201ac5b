"""Routes that a table is to have beside its default route."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network

from infra.config.kinds import INVALID, Value, matching, text_of
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
_PREFIX_LIST = re.compile(r"pl-([0-9a-f]{8}|[0-9a-f]{17})")
_EXAMPLE = {"destination": "10.30.0.0/16", "target": "pcx-0123456789abcdef0"}


@dataclass(frozen=True)
class ExtraRoute:
    """A route: a network in CIDR notation or a prefix list's id, and the id of what it leads to.

    Both have to be known when the template is made, since the resource's properties follow from them. In Python, a
    route to something that only the deployment knows is one's own AWS::EC2::Route, for ``standby_route_table_id``.
    """

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

    allowed: str = "a list of up to 50 objects, each with a destination and a target"
    example: object = field(default_factory=lambda: [_EXAMPLE])

    def read(self, value: object, path: str, problems: list[str]) -> object:
        """Return a tuple of routes, or INVALID with a sentence for each item that is wrong."""
        if not isinstance(value, list | tuple) or len(value) > 50:
            problems.append(refused(path, value, self.allowed, self.example))
            return INVALID
        routes: dict[str, ExtraRoute] = {}
        for i, item in enumerate(value):
            route = _route(item, f"{path}[{i}]", problems)
            if route is None:
                continue
            if route.destination in routes:
                allowed = f"unlike that of {path}[{list(routes).index(route.destination)}]"
                problems.append(refused(f"{path}[{i}].destination", route.destination, allowed, "10.31.0.0/16"))
            else:
                routes[route.destination] = route
        return tuple(routes.values()) if len(routes) == len(value) else INVALID


def _route(item: object, path: str, problems: list[str]) -> ExtraRoute | None:
    """Read one route; None with a sentence for each part that is wrong."""
    if isinstance(item, ExtraRoute):
        item = {"destination": item.destination, "target": item.target}
    if not isinstance(item, Mapping) or set(item) != {"destination", "target"}:
        problems.append(refused(path, item, "an object with a destination and a target", _EXAMPLE))
        return None
    destination = _DESTINATION.read(item["destination"], f"{path}.destination", problems)
    target = _TARGET.read(item["target"], f"{path}.target", problems)
    if not isinstance(destination, str) or not isinstance(target, str):
        return None
    return ExtraRoute(destination, target)


def _destination(value: object) -> object:
    """Read a destination; a network is written in its one canonical way, so that the same one twice is seen."""
    text = text_of(value)
    if _PREFIX_LIST.fullmatch(text):
        return text
    network = str(ip_network(text))
    if "/" not in text or network == "0.0.0.0/0":
        raise ValueError(text)
    return network


_DESTINATION = Value(
    "an IPv4 or IPv6 network with no bit set behind its prefix, but not 0.0.0.0/0, which is the standby's, or the id "
    "of a prefix list (pl- and 8 or 17 hexadecimal digits)",
    _EXAMPLE["destination"],
    _destination,
)
_TARGET = matching(
    rf"({'|'.join(TARGETS)})-([0-9a-f]{{8}}|[0-9a-f]{{17}})",
    f"an id that begins with one of {'-, '.join(TARGETS)}-",
    _EXAMPLE["target"],
    tokens=False,
)
