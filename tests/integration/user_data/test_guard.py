"""Who gets in at the standby, and through it: the networks that it is a NAT for, to the Internet, and nobody else."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.user_data.behind_a_nat import (
    INTERNET,
    NAT,
    PRIVATE,
    ROUTER_OUTSIDE,
    ROUTER_PRIVATE,
    USER_DATA,
    Network,
    tools,
)
from tests.integration.user_data.test_hardness import KINDS, name_of, real
from tests.lab.network.real.netns import Namespace
from tests.lab.network.real.user_data import boot_first_time

pytestmark = pytest.mark.namespaces

PORT = 7000
# A second private host, a network that the NAT is for, one that it is not for, and one behind a peering.
SECOND, STRANGER = "10.9.1.11", "10.10.1.10"
PEER, PEERED = "10.30.0.10", "10.30.0.0/16"


@pytest.fixture(params=KINDS)
def path(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """Give what a machine has that makes rules by one of the programs alone."""
    return {"PATH": tools(tmp_path / "tools", **{name_of(request.param): real(request.param)})}


@contextlib.contextmanager
def serving(host: Namespace, address: str) -> Iterator[None]:
    with host.inside():
        listening = socket.create_server((address, PORT))
    with listening:
        yield


def connects(client: Namespace, address: str, source: str = "", port: int = PORT) -> str:
    """Return how a connection ends: connected, refused, or with no answer at all."""
    with client.inside():
        try:
            with socket.create_connection((address, port), timeout=1, source_address=(source, 0)):
                return "connected"
        except ConnectionRefusedError:
            return "refused"
        except TimeoutError:
            return "no answer"


def test_in_come_pings_of_its_networks_and_answers_and_nothing_else(
    network: Network, disk: Path, path: dict[str, str]
) -> None:
    with serving(network.nat, NAT):
        assert connects(network.internet, NAT) == "connected"
        boot_first_time(network.nat, USER_DATA, disk, path)
        assert connects(network.internet, NAT) == "no answer"
        assert connects(network.private, NAT) == "refused"
    ping = ("ping", "-n", "-q", "-c1", "-W1", NAT)
    assert network.private.run(*ping, check=False).returncode == 0
    assert network.internet.run(*ping, check=False).returncode != 0
    with serving(network.internet, INTERNET):
        assert connects(network.nat, INTERNET) == "connected"
        assert connects(network.private, INTERNET) == "connected"


def test_who_is_in_none_of_its_networks_does_not_get_through(
    network: Network, disk: Path, path: dict[str, str]
) -> None:
    network.private.ip(f"addr add {STRANGER}/24 dev eth0")
    network.router.ip(f"route add {STRANGER} dev private0")
    boot_first_time(network.nat, USER_DATA, disk, path)
    assert not network.reaches_the_internet(network.private, "-I", STRANGER)
    assert network.seen_by_the_internet() == set()
    assert network.reaches_the_internet(network.private, "-I", PRIVATE)


def test_a_peered_network_is_not_reached_by_the_way_through_the_nat(
    network: Network, disk: Path, path: dict[str, str]
) -> None:
    network.internet.ip(f"addr add {PEER}/32 dev eth0")
    network.router.ip(f"route add {PEERED} via {INTERNET} dev outside0")
    with serving(network.internet, PEER):
        boot_first_time(network.nat, USER_DATA, disk, path)
        assert connects(network.nat, PEER) == "connected"
        assert connects(network.private, PEER) == "no answer"
    assert network.reaches_the_internet()
    assert ROUTER_OUTSIDE != ROUTER_PRIVATE


def test_a_port_that_the_probe_hands_on_goes_through(network: Network, disk: Path, path: dict[str, str]) -> None:
    boot_first_time(network.nat, USER_DATA, disk, path)
    network.nat.run(
        *("nft", "add table ip proof; add chain ip proof in { type nat hook prerouting priority -101; };"),
        f"add rule ip proof in ip daddr {NAT} tcp dport 443 dnat to {INTERNET}:{PORT}",
    )
    with serving(network.internet, INTERNET):
        assert connects(network.private, NAT, port=443) == "connected"


def test_one_host_cannot_fill_the_table_of_connections(network: Network, disk: Path, path: dict[str, str]) -> None:
    network.private.ip(f"addr add {SECOND}/24 dev eth0")
    boot_first_time(network.nat, USER_DATA, disk, {**path, "NAT_FAILOVER_MOST": "100"})
    with serving(network.internet, INTERNET), network.private.inside():
        known = socket.create_connection((INTERNET, PORT), timeout=1, source_address=(PRIVATE, 0))
    with known, contextlib.ExitStack() as flood:
        with network.private.inside():
            for _ in range(1000):
                sock = flood.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                sock.bind((PRIVATE, 0))
                sock.sendto(b"x", (INTERNET, 9))
        count = int(network.nat.run("cat", "/proc/sys/net/netfilter/nf_conntrack_count").stdout)
        assert 90 <= count <= 120
        with serving(network.internet, INTERNET):
            assert connects(network.private, INTERNET, PRIVATE) == "no answer"
            assert connects(network.private, INTERNET, SECOND) == "connected"


def test_a_connection_that_says_nothing_is_forgotten_after_two_hours_and_not_after_five_days(
    network: Network, disk: Path, path: dict[str, str]
) -> None:
    boot_first_time(network.nat, USER_DATA, disk, path)
    setting = "/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_established"
    assert network.nat.run("cat", setting).stdout == "7440\n"


def test_without_networks_it_is_a_nat_for_whoever_comes(network: Network, disk: Path, path: dict[str, str]) -> None:
    bare = USER_DATA.replace("networks='10.9.0.0/16 192.168.0.0/16'", "networks=''")
    assert bare != USER_DATA
    boot_first_time(network.nat, bare, disk, path)
    with serving(network.nat, NAT):
        assert connects(network.internet, NAT) == "connected"
    assert network.reaches_the_internet()
