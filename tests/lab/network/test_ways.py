"""The ways of packets on both networks: by which route, through which NAT, from which address."""

from __future__ import annotations

import pytest

from tests.lab.network.bench import EVERYBODY, NATS, Bench, make
from tests.lab.network.layout import EGRESS, PEER, PEER_CIDR, S3, S3_CIDR, SSM_ENDPOINT, TARGETS, VPC_CIDR


def test_everybody_is_online_by_way_of_the_nat_of_the_subnets_table(bench: Bench) -> None:
    def body() -> None:
        for target in TARGETS:
            assert bench.reaching(target) == EVERYBODY | NATS

    bench.play(body)


def test_two_subnets_on_two_tables_depend_on_two_nats(bench: Bench) -> None:
    def body() -> None:
        first = bench.layout.private_subnets[0].name
        moved = {host.name for host in bench.layout.backends if host.subnet == first}
        bench.network.associate(first, "standby")
        bench.network.flush_nat_rules("nat01")
        try:
            assert bench.reaching() == moved | NATS
            bench.network.set_forwarding("nat02", False)
            assert bench.reaching() == NATS
        finally:
            bench.network.set_forwarding("nat02", True)
            bench.network.associate(first, "primary")
            bench.network.stop("nat01")
            bench.network.start("nat01")
        assert bench.reaching() == EVERYBODY | NATS

    bench.play(body)


def test_a_changed_route_is_followed_and_a_blackhole_swallows(bench: Bench) -> None:
    def body() -> None:
        bench.network.set_link("nat01", False)
        try:
            bench.network.set_routes("primary", {VPC_CIDR: "local", "0.0.0.0/0": "nat02"})
            assert bench.reaching() == EVERYBODY | {"nat02"}
            for routes in ({"0.0.0.0/0": "blackhole"}, {}):
                bench.network.set_routes("primary", {VPC_CIDR: "local", **routes})
                assert bench.reaching() == {"nat02"}
                assert bench.reaching(SSM_ENDPOINT) == EVERYBODY | {"nat02"}
        finally:
            bench.network.set_link("nat01", True)
            bench.network.set_routes("primary", {VPC_CIDR: "local", "0.0.0.0/0": "nat01"})
        assert bench.reaching() == EVERYBODY | NATS

    bench.play(body)


def test_a_nat_that_never_booted_and_a_subnet_without_a_table_reach_nothing_but_the_vpc(bench: Bench) -> None:
    raw = make(bench.network.name)

    def body() -> None:
        raw.network.open()
        raw.network.set_routes("public", {"0.0.0.0/0": "igw"})
        raw.network.associate(raw.layout.public_subnet.name, "public")
        raw.network.set_routes("primary", {"0.0.0.0/0": "nat01"})
        raw.network.associate(raw.layout.private_subnets[0].name, "primary")
        assert raw.reaching() == NATS
        assert raw.reaching(SSM_ENDPOINT) == EVERYBODY | NATS

    try:
        raw.play(body)
    finally:
        raw.network.close()


@pytest.mark.parametrize(("way", "address", "cidr"), [("peer", PEER, PEER_CIDR), ("s3", S3, S3_CIDR)])
def test_a_peered_network_and_a_gateway_endpoint_are_reached_by_their_own_routes_only(
    bench: Bench, way: str, address: str, cidr: str
) -> None:
    def body() -> None:
        assert bench.reaching(address) == set()
        bench.network.set_routes("primary", {VPC_CIDR: "local", "0.0.0.0/0": "nat01", cidr: way})
        try:
            assert bench.reaching(address) == EVERYBODY
            bench.network.set_link("nat01", False)
            assert bench.reaching(address) == EVERYBODY
        finally:
            bench.network.set_link("nat01", True)
            bench.network.set_routes("primary", {VPC_CIDR: "local", "0.0.0.0/0": "nat01"})
        assert bench.reaching(address) == set()

    bench.play(body)


def test_a_subnet_that_is_moved_has_another_address_in_the_internet(bench: Bench) -> None:
    def seen() -> dict[str, set[str | None]]:
        addresses: dict[str, set[str | None]] = {}
        for host in bench.layout.backends:
            addresses.setdefault(host.subnet, set()).add(bench.network.egress_address(host.name, TARGETS[0]))
        return addresses

    def body() -> None:
        first, second = (nat.public for nat in bench.layout.nats)
        before: dict[str, set[str | None]] = {subnet.name: {first} for subnet in bench.layout.private_subnets}
        moved = bench.layout.private_subnets[1].name
        assert seen() == before
        bench.network.associate(moved, "standby")
        try:
            assert seen() == before | {moved: {second}}
        finally:
            bench.network.associate(moved, "primary")
        assert seen() == before

    bench.play(body)


def test_an_elastic_ip_that_moves_is_seen_in_the_internet_with_the_nat_that_has_it(bench: Bench) -> None:
    def body() -> None:
        subnet, network = bench.layout.private_subnets[0].name, bench.network
        host = next(host.name for host in bench.layout.backends if host.subnet == subnet)
        first, second = (nat.public for nat in bench.layout.nats)
        try:
            network.set_public("nat01", EGRESS)
            assert network.egress_address(host, TARGETS[0]) == EGRESS
            network.associate(subnet, "standby")
            assert network.egress_address(host, TARGETS[0]) == second
            # Whoever is told first: the address has one holder.
            network.set_public("nat02", EGRESS)
            network.set_public("nat01", first)
            assert network.egress_address(host, TARGETS[0]) == EGRESS
            assert bench.reaching() == EVERYBODY | NATS
        finally:
            network.set_public("nat02", second)
            network.set_public("nat01", first)
            network.associate(subnet, "primary")

    bench.play(body)


def test_a_nat_without_a_public_address_is_cut_off_and_so_is_everybody_behind_it(bench: Bench) -> None:
    def body() -> None:
        publics = {nat.name: nat.public for nat in bench.layout.nats}
        try:
            bench.network.set_public("nat01", None)
            assert bench.reaching() == {"nat02"}
            bench.network.set_public("nat02", None)
            assert bench.reaching() == set()
        finally:
            for nat, public in publics.items():
                bench.network.set_public(nat, public)
        assert bench.reaching() == EVERYBODY | NATS

    bench.play(body)
