"""The VPC's router, the Internet, a peered network and S3, as namespaces."""

from __future__ import annotations

from collections.abc import Mapping

from tests.gate.rules.rule import CHANGED
from tests.lab.closing import closed_after, closed_on_error
from tests.lab.network.layout import PRIVATE_WAYS, SSM_ENDPOINT, SSM_PUBLIC, TARGETS, Host, Layout
from tests.lab.network.real.netns import Namespace
from tests.lab.network.real.vpc import gateway, guards
from tests.lab.network.real.vpc.gateway import BEYOND, GATEWAY, Weather
from tests.lab.network.vpc import Vpc

# The router's own addresses on the ways that need a route of their own.
ROUTERS = {"peer": "10.30.0.1", "s3": "192.0.2.193"}
# Kernel routing tables and rules of the VPC begin here; 253 to 255 are the kernel's own.
FIRST_TABLE = 1000
FIRST_RULE = 1000

SYSCTLS = {
    "net.ipv4.ip_forward": "0",
    "net.ipv6.conf.all.disable_ipv6": "1",
    "net.ipv6.conf.default.disable_ipv6": "1",
    # As systemd sets it on AL2023 and Debian.
    "net.ipv4.conf.all.rp_filter": "0",
    "net.ipv4.conf.default.rp_filter": "2",
    # The router's packets come and go by the one interface of a NAT.
    "net.ipv4.conf.all.send_redirects": "0",
    "net.ipv4.conf.default.send_redirects": "0",
    "net.ipv4.conf.all.accept_redirects": "0",
    "net.ipv4.conf.default.accept_redirects": "0",
}


class Router:
    """A namespace with a bridge for each subnet, a routing table for each route table, a rule for each association.

    Attributes:
        weather: what is wrong outside; ``apply`` puts it in force.
        stopped: hosts that do not run; ``guard`` has packets to them vanish.
    """

    def __init__(self, layout: Layout, vpc: Vpc) -> None:
        self._layout = layout
        self._vpc = vpc
        self._bridges = {subnet.name: f"subnet{n}" for n, subnet in enumerate(layout.subnets)}
        self._tables: dict[str, int] = {}
        self._routes: dict[str, dict[str, str]] = {}
        self.weather = Weather()
        self.stopped: set[str] = set()
        self.namespace = Namespace("router")
        self.internet = Namespace("internet")
        self._private = {way: Namespace(way) for way in PRIVATE_WAYS}
        with closed_on_error(self.close):
            self._build()

    def _build(self) -> None:
        for namespace in (self.internet, *self._private.values()):
            namespace.sysctl(SYSCTLS)
        self.namespace.sysctl(SYSCTLS | {"net.ipv4.ip_forward": "1", "net.ipv4.conf.default.rp_filter": "0"})
        lines = ["link set lo up"]
        for n, subnet in enumerate(self._layout.subnets):
            bridge = self._bridges[subnet.name]
            lines += [
                f"link add {bridge} address {_router_mac(n)} type bridge mcast_snooping 0",
                f"addr add {subnet.router}/24 dev {bridge}",
                f"link set {bridge} up",
                # Whatever the subnet's own table has no route for is dropped, never looked up elsewhere.
                f"rule add iif {bridge} blackhole pref {FIRST_RULE + 1000}",
            ]
        lines += [
            # Every subnet reaches it by the local route, whatever its default route is.
            f"addr add {SSM_ENDPOINT}/32 dev {self._bridges[self._layout.public_subnet.name]}",
            *self._cable("igw", GATEWAY, self.internet),
            *(line for way, there in self._private.items() for line in self._cable(way, ROUTERS[way], there)),
        ]
        self.namespace.ip(*lines)
        # With bridge filtering on, the gateway's rules would see what never passes the gateway.
        self.namespace.sysctl({"net.bridge.bridge-nf-call-iptables": "0"}, missing_ok=True)
        self.internet.ip(
            *_end(BEYOND, GATEWAY), *(f"addr add {address}/32 dev lo" for address in (*TARGETS, SSM_PUBLIC))
        )
        for way, there in self._private.items():
            there.ip(*_end(PRIVATE_WAYS[way], ROUTERS[way]))
        self.apply()
        self.guard()

    def _cable(self, name: str, address: str, to: Namespace) -> list[str]:
        return [
            f"link add {name} type veth peer name eth0 netns {to.name}",
            f"addr add {address}/24 dev {name}",
            f"link set {name} up",
        ]

    def plug(self, host: Host, namespace: Namespace) -> None:
        """Wire a host's namespace, in which nothing is set up yet, to its subnet."""
        subnets = [subnet.name for subnet in self._layout.subnets]
        number = subnets.index(host.subnet)
        router = self._layout.subnets[number].router
        bridge = self._bridges[host.subnet]
        namespace.sysctl(SYSCTLS)
        self.namespace.ip(
            f"link add {host.name} type veth peer name eth0 address {_mac(host.address)} netns {namespace.name}",
            f"link set {host.name} master {bridge} up",
            # The VPC knows where an address is; a packet never waits for ARP, to be delivered late.
            f"neigh replace {host.address} lladdr {_mac(host.address)} dev {bridge} nud permanent",
        )
        namespace.ip(
            *_end(host.address, router),
            f"neigh replace {router} lladdr {_router_mac(number)} dev eth0 nud permanent",
        )

    def set_carrier(self, host: Host, up: bool) -> None:
        """Take the signal from a host's cable, or give it, and wait until it is there."""
        self.namespace.ip(f"link set {host.name} {'up' if up else 'down'}")
        if up:
            self.namespace.await_signal(host.name)

    def set_routes(self, table: str, routes: Mapping[str, str]) -> None:
        """Give a route table its routes; each one changes at once, others are not touched."""
        lines = []
        if table not in self._tables:
            self._tables[table] = FIRST_TABLE + len(self._tables)
            lines += [
                f"route add {subnet.cidr} dev {self._bridges[subnet.name]} table {self._tables[table]}"
                for subnet in self._layout.subnets
            ]
        number, before = self._tables[table], self._routes.get(table, {})
        wanted = {cidr: self._way(to) for cidr, to in routes.items() if to != "local"}
        for cidr, way in wanted.items():
            if before.get(cidr) != way:
                lines.append(f"route replace {way.format(cidr)} table {number}")
        lines += [f"route del {cidr} table {number}" for cidr in before if cidr not in wanted]
        if lines:
            self.namespace.ip(*lines)
        self._routes[table] = wanted

    def _way(self, to: str) -> str:
        match to:
            case "igw":
                return f"{{}} via {BEYOND} dev igw onlink"
            case "peer" | "s3":
                return f"{{}} dev {to}"
            case "blackhole":
                return "blackhole {}"
            case _:
                nat = self._layout.host(to)
                return f"{{}} via {nat.address} dev {self._bridges[nat.subnet]} onlink"

    def associate(self, subnet: str, table: str) -> None:
        """Let a subnet use a table; no packet finds none meanwhile, or both."""
        if table not in self._tables:
            self.set_routes(table, {})
        before = self._vpc.associations.get(subnet)
        if before == table:
            return
        bridge = self._bridges[subnet]
        preference = FIRST_RULE + list(self._bridges).index(subnet)
        # Of two rules with one preference the older counts, until it is gone.
        lines = [f"rule add iif {bridge} lookup {self._tables[table]} pref {preference}"]
        if before is not None:
            lines.append(f"rule del iif {bridge} lookup {self._tables[before]} pref {preference}")
        self.namespace.ip(*lines)
        self._vpc.associations[subnet] = table

    def apply(self) -> None:
        """Put the gateway's translation and the weather in force."""
        gateway.build(self.namespace, self._vpc, self.weather)

    def guard(self) -> None:
        """Put groups, ACLs and checks in force as the VPC has them now; flows that are tracked go on."""
        guards.build(self.namespace, self._vpc, sorted(self.stopped))

    def count(self) -> None:
        """Count the packets that were stopped since it was done last."""
        for rule, packets in guards.counted(self.namespace).items():
            CHANGED[rule] += packets

    def close(self) -> None:
        """Remove it."""
        with closed_after(*(each.close for each in (self.namespace, self.internet, *self._private.values()))):
            pass


def _end(address: str, router: str) -> list[str]:
    return [
        "link set lo up",
        f"addr add {address}/24 dev eth0",
        "link set eth0 up",
        f"route add default via {router} dev eth0",
    ]


def _mac(address: str) -> str:
    return "02:00:" + ":".join(f"{int(part):02x}" for part in address.split("."))


def _router_mac(number: int) -> str:
    return f"02:01:00:00:00:{number:02x}"
