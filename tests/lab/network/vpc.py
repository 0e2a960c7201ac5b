"""What a VPC has been told of routes and addresses, and the path of a flow by it; both networks go by the same."""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.gate.rules.rule import changed
from tests.lab.network.guards import OPEN_ACL, VPC_GROUP, Guard
from tests.lab.network.layout import ENDPOINT, VPC_CIDR, Layout

VPC_NETWORK = ipaddress.ip_network(VPC_CIDR)


@dataclass(frozen=True)
class Path:
    """What a flow depends on: it is cut as soon as that of a new one is another.

    Attributes:
        way: by which it leaves the VPC: ``igw``, ``peer``, ``s3``; ``local`` where it does not; empty for no route.
        public: the address that it has in the Internet.
        tracked: who must have seen its beginning, and how often that one has forgotten all flows; empty where nobody
            must.
        by: the same, whether it must or not.
        connection: on real packets, the connection that was opened on it.
    """

    way: str
    public: str | None = None
    tracked: str = ""
    by: str = field(default="", compare=False)
    connection: object = field(default=None, compare=False)


class Vpc:
    """Routes, associations and public addresses.

    Args:
        layout: what there is.
        picks_up: whether a packet in the middle of a TCP flow that nobody has tracked is carried on (N4).

    Attributes:
        routes: of each route table, by destination.
        associations: route tables by subnet.
        public: the public address of each host that has one.
        groups: what the security groups of an interface admit; of one not named here, the VPC.
        acls: of subnets; of one not named here, everything.
        unchecked: hosts whose source/destination check is off.
    """

    def __init__(self, layout: Layout, *, picks_up: bool) -> None:
        self.layout = layout
        self.picks_up = picks_up
        self.routes: dict[str, dict[str, str]] = {}
        self.associations: dict[str, str] = {}
        self.public = {host.name: host.public for host in layout.hosts}
        self.groups: dict[str, Guard] = {}
        self.acls: dict[str, Guard] = {}
        self.unchecked: set[str] = set()
        self._subnets = {host.name: host.subnet for host in layout.hosts} | {ENDPOINT: layout.public_subnet.name}
        self._forgotten: Counter[str] = Counter()
        self._ways: dict[tuple[str, str], str] = {}

    def set_routes(self, table: str, routes: Mapping[str, str]) -> None:
        """Give a route table its routes; see ``Network.set_routes``."""
        if self.routes.get(table) != routes:
            self.routes[table] = dict(routes)
            self._ways.clear()

    def set_public(self, host: str, address: str | None) -> None:
        """Give a host another public address, or none; whoever had that one has it no longer."""
        if self.public[host] == address:
            return
        for other, had in self.public.items():
            if other == host or (had == address and address is not None):
                self.public[other] = None
                self._forgotten[other] += 1
        self.public[host] = address

    def set_guards(
        self,
        groups: Mapping[str, Guard] | None = None,
        acls: Mapping[str, Guard] | None = None,
        checks: Mapping[str, bool] | None = None,
    ) -> bool:
        """Let something else guard interfaces and subnets; return whether anything has changed."""
        before = dict(self.groups), dict(self.acls), set(self.unchecked)
        self.groups |= groups or {}
        self.acls |= acls or {}
        for host, on in (checks or {}).items():
            (self.unchecked.discard if on else self.unchecked.add)(host)
        return before != (self.groups, self.acls, self.unchecked)

    def group(self, interface: str) -> Guard:
        """Return what the groups of an interface admit."""
        return self.groups.get(interface, VPC_GROUP)

    def acl(self, subnet: str) -> Guard:
        """Return the ACL of a subnet."""
        return self.acls.get(subnet, OPEN_ACL)

    def checks(self, interface: str) -> bool:
        """Return whether an interface drops what is neither from nor to its own address, as all do at first."""
        return interface not in self.unchecked

    def subnet_of(self, interface: str) -> str:
        """Return the subnet that an interface is in."""
        return self._subnets[interface]

    def forget_flows(self, host: str) -> None:
        """Note that a host has forgotten the flows that it knew, as one that boots has."""
        self._forgotten[host] += 1

    def way(self, host: str, address: str) -> str:
        """Return the route with the longest prefix in the table of a host's subnet; empty for none."""
        table = self.associations.get(self.layout.host(host).subnet, "")
        if (table, address) not in self._ways:
            to = ipaddress.ip_address(address)
            networks = {ipaddress.ip_network(cidr): way for cidr, way in self.routes.get(table, {}).items()}
            matching = [network for network in networks if to in network]
            best = max(matching, key=lambda network: network.prefixlen, default=None)
            self._ways[table, address] = "" if best is None else networks[best]
        return self._ways[table, address]

    def path(self, host: str, address: str) -> Path:
        """Return what a flow from a host to an address depends on."""
        if ipaddress.ip_address(address) in VPC_NETWORK:
            return Path("local")
        way, by = self.way(host, address), host
        if way in self.public:
            way, by = self.way(way, address), way
        known = f"{by} {self._forgotten[by]}"
        return Path(way, self.public[by] if way == "igw" else None, "" if self.picks_up else known, known)

    def still(self, host: str, address: str, path: Path) -> bool:
        """Return whether a flow that was begun on a path is one still."""
        now = self.path(host, address)
        if (now.way, now.public) != (path.way, path.public):
            changed("N6")
        elif now.by != path.by:
            # Under the same address, but whoever carries it now has not seen its beginning.
            changed("N4")
        return now == path
