"""Both networks of the lab, put to the same questions."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tests.gate.rules.rule import CHANGED
from tests.lab.network.bench import EVERYBODY, Bench, make
from tests.lab.network.layout import EGRESS, PEER, PEER_CIDR, S3, S3_CIDR, SSM_ENDPOINT, SSM_PUBLIC, TARGETS, VPC_CIDR
from tests.lab.network.network import Network
from tests.lab.network.real.netns import FILES, PREFIX

NATS = {"nat01", "nat02"}


def test_everybody_is_online_by_way_of_the_nat_of_the_subnets_table(bench: Bench) -> None:
    def body() -> None:
        for target in TARGETS:
            assert bench.reaching(target) == EVERYBODY | NATS

    bench.play(body)


@pytest.mark.parametrize(
    ("breaks", "mends", "offline"),
    [
        (lambda n: n.set_forwarding("nat01", False), lambda n: n.set_forwarding("nat01", True), EVERYBODY),
        (lambda n: n.set_link("nat01", False), lambda n: n.set_link("nat01", True), EVERYBODY | {"nat01"}),
        (lambda n: n.stop("nat01"), lambda n: n.start("nat01"), EVERYBODY | {"nat01"}),
        (lambda n: n.flush_nat_rules("nat01"), lambda n: (n.stop("nat01"), n.start("nat01")), EVERYBODY),
        (lambda n: n.set_uplink("nat01", False), lambda n: n.set_uplink("nat01", True), EVERYBODY | {"nat01"}),
        (lambda n: n.set_internet(False), lambda n: n.set_internet(True), EVERYBODY | NATS),
        (lambda n: n.set_loss(100), lambda n: n.set_loss(0), EVERYBODY | NATS),
        (lambda n: n.set_dropping("nat01", {"icmp"}), lambda n: n.set_dropping("nat01", ()), EVERYBODY),
        (lambda n: n.set_dropping("nat01", {"tcp"}), lambda n: n.set_dropping("nat01", ()), set()),
        (lambda n: n.set_sick("backend2", True), lambda n: n.set_sick("backend2", False), {"backend2"}),
        (lambda n: n.set_link("backend3", False), lambda n: n.set_link("backend3", True), {"backend3"}),
        (lambda n: n.stop("backend4"), lambda n: n.start("backend4"), {"backend4"}),
    ],
    ids=[
        "forwarding",
        "link",
        "stop",
        "rules",
        "uplink",
        "internet",
        "loss",
        "icmp",
        "tcp",
        "sick",
        "backend-link",
        "backend-stop",
    ],
)
def test_a_fault_takes_exactly_its_victims_offline_and_its_counterpart_brings_them_back(
    bench: Bench, breaks: Callable[[Network], None], mends: Callable[[Network], None], offline: set[str]
) -> None:
    def body() -> None:
        breaks(bench.network)
        try:
            assert bench.reaching() == (EVERYBODY | NATS) - offline
        finally:
            mends(bench.network)
        assert bench.reaching() == EVERYBODY | NATS

    bench.play(body)


def test_a_nat_that_drops_a_protocol_forwards_the_other(bench: Bench) -> None:
    def body() -> None:
        for protocol in ("tcp", "icmp"):
            bench.network.set_dropping("nat01", {protocol})
            try:
                passing = [bench.network.reaches("backend1", TARGETS[0], port) for port in (None, 443)]
            finally:
                bench.network.set_dropping("nat01", ())
            assert passing == [protocol == "tcp", protocol == "icmp"]

    bench.play(body)


def test_targets_that_limit_pings_answer_one_a_second_of_each_address_that_they_see(bench: Bench) -> None:
    def body() -> None:
        reaches = bench.network.reaches
        bench.network.set_pings_limited(True)
        try:
            assert [reaches(host, TARGETS[0]) for host in ("backend1", "backend2", "nat02")] == [True, False, True]
            assert reaches("backend2", TARGETS[1])
            assert reaches("backend2", TARGETS[0], 443)
            bench.world.sleep(1.2)
            assert reaches("backend2", TARGETS[0])
        finally:
            bench.network.set_pings_limited(False)
        assert all(reaches("backend1", TARGETS[0]) for _ in range(3))

    bench.play(body)


def test_a_dark_target_leaves_the_others(bench: Bench) -> None:
    def body() -> None:
        bench.network.set_target(TARGETS[1], False)
        try:
            assert bench.reaching(TARGETS[1]) == set()
            assert bench.reaching(TARGETS[0]) == EVERYBODY | NATS
        finally:
            bench.network.set_target(TARGETS[1], True)
        assert bench.reaching(TARGETS[1]) == EVERYBODY | NATS

    bench.play(body)


def test_the_endpoint_of_ssm_is_reached_without_a_nat_and_its_public_address_is_not(bench: Bench) -> None:
    def body() -> None:
        bench.network.set_link("nat01", False)
        bench.network.set_sick("backend2", True)
        try:
            assert bench.reaching(SSM_ENDPOINT) == EVERYBODY | {"nat02"}
            assert bench.reaching(SSM_PUBLIC) == {"nat02"}
        finally:
            bench.network.set_sick("backend2", False)
            bench.network.set_link("nat01", True)
        assert bench.reaching(SSM_PUBLIC) == EVERYBODY | NATS

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


def test_loss_loses_its_share_of_the_echoes(bench: Bench) -> None:
    def body() -> None:
        bench.network.set_loss(50)
        try:
            calls = [lambda: bench.network.reaches("backend1", TARGETS[0])] * 40
            answered = sum(sum(bench.world.together(calls)) for _ in range(3))
            # 120 throws of a coin: outside of this once in 100,000,000 runs
            assert 28 <= answered <= 92
            assert all(bench.network.reaches("backend1", SSM_ENDPOINT) for _ in range(20))
        finally:
            bench.network.set_loss(0)

    bench.play(body)


def test_a_running_probe_sees_a_cut(bench: Bench) -> None:
    def body() -> None:
        begun = bench.world.now()

        def cut() -> None:
            bench.world.sleep(2)
            bench.network.flush_nat_rules("nat01")

        bench.world.spawn(cut, "cut")
        try:
            code, _ = bench.watch("backend5", 60)
        finally:
            bench.network.stop("nat01")
            bench.network.start("nat01")
        assert code == 1
        assert 3 < bench.world.now() - begun < 7

    bench.play(body)


def test_a_killed_probe_and_one_on_a_stopped_host_end_without_a_word(bench: Bench) -> None:
    def body() -> None:
        runs = [bench.start_watch(host, 600) for host in ("backend1", "backend2")]
        begun = bench.world.now()
        bench.world.sleep(1)
        runs[0].kill()
        bench.network.stop("backend2")
        try:
            outcomes = [run.wait() for run in runs]
        finally:
            bench.network.start("backend2")
        assert all(outcome.exit_code < 0 for outcome in outcomes)
        assert [outcome.stdout for outcome in outcomes] == ["", ""]
        assert bench.world.now() - begun < 5
        assert bench.reaching() == EVERYBODY | NATS

    bench.play(body)


def test_the_end_of_a_run_does_not_wait_for_probes(bench: Bench) -> None:
    def body() -> None:
        bench.world.spawn(lambda: bench.watch("backend6", 600), "agent")
        bench.world.sleep(1)

    begun = os.times().elapsed
    bench.play(body)
    assert os.times().elapsed - begun < 4


@pytest.mark.namespaces
def test_a_closed_network_of_namespaces_leaves_no_namespace_no_process_and_no_file() -> None:
    def command_lines() -> list[str]:
        lines = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                lines.append(path.read_bytes().rstrip(b"\0").replace(b"\0", b" ").decode(errors="replace"))
        return lines

    def namespaces() -> set[str]:
        listed = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout
        return {name for line in listed.splitlines() if (name := line.split()[0]).startswith(f"{PREFIX}{os.getpid()}-")}

    def files() -> set[Path]:
        return set(Path(tempfile.gettempdir()).glob(f"{FILES}{os.getpid()}-*"))

    before, files_before = namespaces(), files()
    bench = make("namespaces")
    try:
        bench.set_up()
        bench.world.run(lambda: None)
        marker = "61.7"
        bench.network.start_probe("backend1", f"sleep {marker} & sleep {marker}\n", [])
        bench.world.sleep(0.5)
        assert command_lines().count(f"sleep {marker}") == 2
        assert namespaces() > before
    finally:
        bench.network.close()
        bench.network.close()
    assert f"sleep {marker}" not in command_lines()
    assert namespaces() == before
    assert files() <= files_before


def test_a_subnet_that_is_moved_has_another_address_in_the_internet(bench: Bench) -> None:
    def body() -> None:
        subnet = bench.layout.private_subnets[1].name
        moved, other = (
            next(host.name for host in bench.layout.backends if (host.subnet == subnet) is there)
            for there in (True, False)
        )
        first, second = (nat.public for nat in bench.layout.nats)
        assert bench.network.egress_address(moved, TARGETS[0]) == first
        bench.network.associate(subnet, "standby")
        try:
            assert bench.network.egress_address(moved, TARGETS[0]) == second
            assert bench.network.egress_address(other, TARGETS[0]) == first
        finally:
            bench.network.associate(subnet, "primary")
        assert bench.network.egress_address(moved, TARGETS[0]) == first

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


def test_a_reboot_brings_a_nat_s_rules_back_and_its_uptime_to_zero(bench: Bench) -> None:
    def body() -> None:
        bench.network.flush_nat_rules("nat01")
        bench.network.reboot("nat01")
        assert bench.reaching() == EVERYBODY | NATS
        assert bench.watch("nat01", 0)[1]["uptime"] < 9
        bench.network.set_uptime("nat01", 86400)

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


def test_a_connection_outlives_the_rules_of_its_nat_but_not_its_public_address(bench: Bench) -> None:
    def body() -> None:
        network, host = bench.network, bench.layout.backends[0]
        path = network.path(host.name, SSM_PUBLIC)
        assert network.reaches(host.name, SSM_PUBLIC, 443)
        assert network.carries(host.name, SSM_PUBLIC, path)
        network.flush_nat_rules("nat01")
        try:
            assert not network.reaches(host.name, SSM_PUBLIC, 443)
            assert network.carries(host.name, SSM_PUBLIC, path)
            network.associate(host.subnet, "standby")
            assert network.reaches(host.name, SSM_PUBLIC, 443)
            assert not network.carries(host.name, SSM_PUBLIC, path)
            assert network.carries(host.name, SSM_PUBLIC, network.path(host.name, SSM_PUBLIC))
        finally:
            network.associate(host.subnet, "primary")
            network.reboot("nat01")

    bench.play(body)
    assert CHANGED["N6"]
