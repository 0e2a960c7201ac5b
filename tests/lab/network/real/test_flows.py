"""Flows of real packets: what a NAT knows goes on, and what none has translated gets nowhere."""

from __future__ import annotations

import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.lab.network.layout import TARGETS
from tests.lab.network.real.availability import why_unavailable

if (reason := why_unavailable()) is not None:
    pytest.skip(reason, allow_module_level=True)

from tests.lab.network.real.icmp import echo_request, identifier_of_reply, new_identifier, ping
from tests.lab.network.real.namespaces import NamespacesNetwork

pytestmark = pytest.mark.namespaces


@contextmanager
def flushed(network: NamespacesNetwork) -> Iterator[None]:
    """Take nat01's rules away for a while."""
    network.flush_nat_rules("nat01")
    try:
        yield
    finally:
        network.stop("nat01")
        network.start("nat01")


def test_no_packet_is_lost_while_associations_change(network: NamespacesNetwork) -> None:
    ended = threading.Event()

    def change() -> None:
        for _ in range(15):
            network.associate("private-a", "standby")
            network.associate("private-a", "primary")
        ended.set()

    thread = threading.Thread(target=change)
    thread.start()
    answers = []
    while not ended.is_set():
        answers.append(network.reaches("backend1", TARGETS[0]))
    thread.join()
    assert len(answers) > 20
    assert all(answers)


def test_a_packet_that_no_nat_has_translated_never_gets_out(network: NamespacesNetwork) -> None:
    nat01 = network.layout.host("nat01").public
    with flushed(network):
        assert network.egress_address("backend1", TARGETS[0]) is None
        assert network.egress_address("nat01", TARGETS[0]) == nat01
    assert network.egress_address("backend1", TARGETS[0]) == nat01


def test_a_flow_that_the_nat_knows_goes_on_without_its_rules_and_a_new_one_does_not(network: NamespacesNetwork) -> None:
    backend, known = network.backend_namespaces()["backend1"], new_identifier()
    assert ping(backend, TARGETS[0], 0.8, known)
    with flushed(network):
        assert ping(backend, TARGETS[0], 0.8, known)
        assert not ping(backend, TARGETS[0], 0.8)
        assert ping(backend, TARGETS[0], 0.8, known)


def test_a_known_flow_ends_with_the_link(network: NamespacesNetwork) -> None:
    backend, known = network.backend_namespaces()["backend1"], new_identifier()
    assert ping(backend, TARGETS[0], 0.8, known)
    network.set_link("nat01", False)
    try:
        assert not ping(backend, TARGETS[0], 0.5, known)
    finally:
        network.set_link("nat01", True)
    assert ping(backend, TARGETS[0], 0.8, known)


def test_a_dead_nat_is_silence_and_no_word_of_the_router(network: NamespacesNetwork) -> None:
    network.set_link("nat01", False)
    try:
        # Longer than the three seconds after which a Linux router tells that it found nobody.
        pinged = network.backend_namespaces()["backend1"].run(
            *("ping", "-n", "-c", "8", "-i", "0.5", "-W", "1", TARGETS[0]), check=False
        )
        assert " 0 received" in pinged.stdout
        assert "nreachable" not in pinged.stdout
    finally:
        network.set_link("nat01", True)
    assert network.reaches("backend1", TARGETS[0])


def test_an_answer_to_somebody_elses_ping_is_nobodys() -> None:
    request = echo_request(77, 1)
    ip_header = bytes([0x45]) + bytes(19)
    assert identifier_of_reply(ip_header + b"\0" + request[1:]) == 77
    assert identifier_of_reply(ip_header + request) is None
    assert identifier_of_reply(ip_header + struct.pack("!BBHHH", 0, 0, 0, 77, 1) + b"a payload") is None
