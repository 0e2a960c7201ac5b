"""Connections that the standby does not know, since the other NAT made them, end with their next packet."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.constructs.user_data import filled_in
from tests.integration.user_data.behind_a_nat import BLANK, INTERNET, NETWORKS, USER_DATA, Network, tools
from tests.integration.user_data.test_hardness import KINDS, name_of, real
from tests.lab.network.real.user_data import boot_first_time, reboot

pytestmark = pytest.mark.namespaces

PORT = 7000
WITHIN = 1.0


WITHOUT = filled_in(BLANK, "", (), NETWORKS, resets=False)


@pytest.fixture(params=KINDS)
def path(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """Give what a machine has that makes rules by one of the programs alone."""
    name = name_of(request.param)
    return {"PATH": tools(tmp_path / "tools", **{name: real(request.param)})}


@contextlib.contextmanager
def connected(network: Network, address: str = INTERNET) -> Iterator[tuple[socket.socket, socket.socket]]:
    """Connect the private host to a server in the Internet; gives both ends."""
    with network.internet.inside():
        listening = socket.create_server((address, PORT))
    with listening:
        with network.private.inside():
            ours = socket.create_connection((address, PORT), timeout=3)
        with ours:
            theirs, _ = listening.accept()
            with theirs:
                theirs.settimeout(WITHIN)
                ours.settimeout(WITHIN)
                yield ours, theirs


def test_a_connection_that_it_does_not_know_is_reset_at_its_next_packet(
    network: Network, disk: Path, path: dict[str, str]
) -> None:
    boot_first_time(network.nat, USER_DATA, disk, path)
    with connected(network) as (ours, theirs):
        ours.sendall(b"a")
        assert theirs.recv(1) == b"a"
        reboot(network.nat, disk, path)
        begun = time.monotonic()
        ours.sendall(b"b")
        with pytest.raises(ConnectionResetError):
            ours.recv(1)
        assert time.monotonic() - begun < WITHIN
        with pytest.raises(TimeoutError):
            theirs.recv(1)
    with connected(network) as (ours, theirs):
        ours.sendall(b"c")
        assert theirs.recv(1) == b"c"
        theirs.sendall(b"d")
        assert ours.recv(1) == b"d"


def test_one_that_it_knows_goes_on_when_the_rules_are_made_anew(
    network: Network, disk: Path, path: dict[str, str]
) -> None:
    boot_first_time(network.nat, USER_DATA, disk, path)
    with connected(network) as (ours, theirs):
        boot_first_time(network.nat, USER_DATA, disk, path)
        ours.sendall(b"a")
        assert theirs.recv(1) == b"a"


def test_where_it_is_not_wanted_nothing_is_reset(network: Network, disk: Path, path: dict[str, str]) -> None:
    boot_first_time(network.nat, WITHOUT, disk, path)
    with connected(network) as (ours, theirs):
        reboot(network.nat, disk, path)
        # The same address and port again, so that the other end takes it for the same connection.
        ours.sendall(b"a")
        assert theirs.recv(1) == b"a"
