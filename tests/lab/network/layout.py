"""What the lab's VPC consists of: subnets, hosts, and what there is in the Internet."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

VPC_CIDR = "10.20.0.0/16"
PUBLIC_SUBNET = "public-a"
# Documentation ranges only (RFC 5737): no packet of the lab could ever go to somebody.
TARGETS = ("192.0.2.101", "198.51.100.101", "203.0.113.101")
# The pair's egress address, where it has one, the one that the passive NAT has meanwhile, where there is a second, and
# the network of what EC2 gives to instances that have lost theirs.
EGRESS, STANDBY_EGRESS, GIVEN = "192.0.2.33", "192.0.2.34", "192.0.2.{}"
FIRST_GIVEN = 64
SSM_PUBLIC = "198.51.100.20"
SSM_ENDPOINT = "10.20.0.50"
# What the endpoint's interface is called beside those of hosts.
ENDPOINT = "ssm-endpoint"
# What only a route of its own leads to: a host of a peered VPC, and S3 behind a gateway endpoint.
PEER, PEER_CIDR = "10.30.0.10", "10.30.0.0/16"
S3, S3_CIDR = "192.0.2.200", "192.0.2.192/28"
PRIVATE_WAYS = {"peer": PEER, "s3": S3}
# A VPN that runs on the NATs: the address that each of them has in it.
VPN, VPN_CIDR = "10.8.0.1", "10.8.0.0/24"


@dataclass(frozen=True)
class Subnet:
    """A subnet of the VPC; its router is the first address."""

    name: str
    cidr: str

    @property
    def router(self) -> str:
        """Address of the VPC router in it."""
        return self.cidr.rsplit(".", 1)[0] + ".1"


@dataclass(frozen=True)
class Host:
    """An instance. ``public`` is the public address that it is launched with, which only the NATs are."""

    name: str
    address: str
    subnet: str
    public: str | None = None


@dataclass(frozen=True)
class Layout:
    """The whole of it.

    Attributes:
        private_subnets: those of the pair.
        backends: those of the pair.
        other_subnets: those of a second pair, for which the same two NATs stand the other way round.
        other_backends: the same.
    """

    public_subnet: Subnet
    private_subnets: tuple[Subnet, ...]
    nats: tuple[Host, ...]
    backends: tuple[Host, ...]
    other_subnets: tuple[Subnet, ...] = ()
    other_backends: tuple[Host, ...] = ()

    @property
    def all_backends(self) -> tuple[Host, ...]:
        """The backends of both pairs."""
        return (*self.backends, *self.other_backends)

    @property
    def hosts(self) -> tuple[Host, ...]:
        """All instances."""
        return (*self.nats, *self.all_backends)

    @property
    def subnets(self) -> tuple[Subnet, ...]:
        """All subnets."""
        return (self.public_subnet, *self.private_subnets, *self.other_subnets)

    def host(self, name: str) -> Host:
        """Give an instance by name."""
        return self._by_name[name]

    @cached_property
    def _by_name(self) -> dict[str, Host]:
        return {host.name: host for host in self.hosts}


def standard_layout(subnets: int = 3, backends: int = 6) -> Layout:
    """Two NATs in a public subnet, and backends spread evenly over private ones."""
    private = tuple(Subnet(f"private-{'abcdefgh'[n]}", f"10.20.{n + 1}.0/24") for n in range(subnets))
    return Layout(
        Subnet(PUBLIC_SUBNET, "10.20.0.0/24"),
        private,
        (
            Host("nat01", "10.20.0.11", PUBLIC_SUBNET, "192.0.2.11"),
            Host("nat02", "10.20.0.12", PUBLIC_SUBNET, "192.0.2.12"),
        ),
        tuple(
            Host(f"backend{n + 1}", f"10.20.{n % subnets + 1}.{11 + n // subnets}", private[n % subnets].name)
            for n in range(backends)
        ),
    )


def zones_layout() -> Layout:
    """Two zones of two private subnets and four backends each, with a NAT each; the second zone is the other pair's."""
    both = standard_layout(subnets=4, backends=8)
    subnets = both.private_subnets
    here = {subnet.name for subnet in subnets[:2]}
    return replace(
        both,
        private_subnets=subnets[:2],
        backends=tuple(host for host in both.backends if host.subnet in here),
        other_subnets=subnets[2:],
        other_backends=tuple(host for host in both.backends if host.subnet not in here),
    )
