"""Faults of both networks: whom each takes offline, and that its counterpart brings them back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.gate.rules.rule import CHANGED
from tests.lab.network.bench import EVERYBODY, NATS, Bench
from tests.lab.network.layout import SSM_ENDPOINT, SSM_PUBLIC, TARGETS
from tests.lab.network.network import Network


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


def test_a_reboot_brings_a_nat_s_rules_back_and_its_uptime_to_zero(bench: Bench) -> None:
    def body() -> None:
        bench.network.flush_nat_rules("nat01")
        bench.network.reboot("nat01")
        assert bench.reaching() == EVERYBODY | NATS
        assert bench.watch("nat01", 0)[1]["uptime"] < 9
        bench.network.set_uptime("nat01", 86400)

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
