"""What only the network of real packets can show: flows that a NAT knows, source addresses, clocks, processes."""

from __future__ import annotations

import os
import struct
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.lab.network.real.availability import why_unavailable
from tests.lab.network.real.netns import PREFIX

if (reason := why_unavailable()) is not None:
    pytest.skip(reason, allow_module_level=True)

from tests.lab.network.layout import SSM_ENDPOINT, TARGETS, VPC_CIDR, Layout, standard_layout
from tests.lab.network.real.icmp import RealPinger, echo_request, identifier_of_reply, new_identifier, ping
from tests.lab.network.real.namespaces import NamespacesNetwork

pytestmark = pytest.mark.namespaces

USER_DATA = (Path(__file__).resolve().parents[4] / "infra" / "user_data" / "standby.sh").read_text(encoding="utf-8")
NAT01, NAT02 = "192.0.2.11", "192.0.2.12"


@pytest.fixture(scope="module")
def network() -> Iterator[NamespacesNetwork]:
    """Give a network whose subnets use nat01; the tests leave it as they found it."""
    made = NamespacesNetwork(standard_layout())
    try:
        made.open()
        for table, way in (("public", "igw"), ("primary", "nat01"), ("standby", "nat02")):
            made.set_routes(table, {VPC_CIDR: "local", "0.0.0.0/0": way})
        made.associate(made.layout.public_subnet.name, "public")
        for subnet in made.layout.private_subnets:
            made.associate(subnet.name, "primary")
        for nat in made.layout.nats:
            made.boot(nat.name, USER_DATA)
        made.set_guards(checks={nat.name: False for nat in made.layout.nats})
        yield made
    finally:
        made.close()


@pytest.fixture
def pinger(network: NamespacesNetwork) -> Iterator[RealPinger]:
    """Give a pinger that has seen everybody online."""
    made = RealPinger(network.backend_namespaces, TARGETS)
    try:
        made.start()
        assert eventually(lambda: all(made.online(host.name) for host in network.layout.backends))
        yield made
    finally:
        made.stop()


@contextmanager
def flushed(network: NamespacesNetwork) -> Iterator[None]:
    """Take nat01's rules away for a while."""
    network.flush_nat_rules("nat01")
    try:
        yield
    finally:
        network.stop("nat01")
        network.start("nat01")


def eventually(so: Callable[[], bool], within: float = 3.0) -> bool:
    """Tell whether something becomes so in time."""
    deadline = time.monotonic() + within
    while not so():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def sources(network: NamespacesNetwork) -> dict[str, set[str | None]]:
    """Give the addresses that the Internet sees each private subnet come from."""
    seen: dict[str, set[str | None]] = {}
    for host in network.layout.backends:
        seen.setdefault(host.subnet, set()).add(network.egress_address(host.name, TARGETS[0]))
    return seen


@pytest.fixture
def left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], set[str]]:
    """Give what names this process's namespaces, and the files made from now on: other labs may run beside."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return lambda: _namespaces() | {path.name for path in tmp_path.iterdir()}


def _namespaces() -> set[str]:
    listed = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout
    names = {line.split()[0] for line in listed.splitlines()}
    return {name for name in names if name.startswith(f"{PREFIX}{os.getpid()}-")}


def test_the_internet_sees_the_public_address_of_the_nat_of_a_subnets_table(network: NamespacesNetwork) -> None:
    assert sources(network) == {"private-a": {NAT01}, "private-b": {NAT01}, "private-c": {NAT01}}
    network.associate("private-b", "standby")
    try:
        assert sources(network) == {"private-a": {NAT01}, "private-b": {NAT02}, "private-c": {NAT01}}
    finally:
        network.associate("private-b", "primary")


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
    with flushed(network):
        assert network.egress_address("backend1", TARGETS[0]) is None
        assert network.egress_address("nat01", TARGETS[0]) == NAT01
    assert network.egress_address("backend1", TARGETS[0]) == NAT01


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
        said = network.backend_namespaces()["backend1"].run(
            *("ping", "-n", "-c", "8", "-i", "0.5", "-W", "1", TARGETS[0]), check=False
        )
        assert " 0 received" in said.stdout
        assert "nreachable" not in said.stdout
    finally:
        network.set_link("nat01", True)
    assert network.reaches("backend1", TARGETS[0])


def test_the_pinger_measures_how_long_a_cut_was(network: NamespacesNetwork, pinger: RealPinger) -> None:
    begun = time.time()
    network.set_uplink("nat01", False)
    try:
        time.sleep(1.2)
        assert not any(pinger.online(host.name) for host in network.layout.backends)
        assert all(pinger.outage(host.name, begun) is None for host in network.layout.backends)
    finally:
        network.set_uplink("nat01", True)
    mended = time.time()
    backends = [host.name for host in network.layout.backends]
    assert eventually(lambda: all(pinger.outage(host, begun) is not None for host in backends))
    time.sleep(1.2)
    for host in backends:
        outage, back = pinger.outage(host, begun), pinger.back_online_at(host, begun)
        assert outage is not None
        assert back is not None
        # As long as the cut was, give or take a slot at each end.
        assert abs(outage - (mended - begun)) < 0.45
        assert mended - 0.25 < back < mended + 0.45
        assert pinger.online(host)
        assert pinger.outage(host, back) == 0.0


def test_the_pinger_sees_a_lost_rule_at_once_and_no_old_flow_deceives_it(
    network: NamespacesNetwork, pinger: RealPinger
) -> None:
    backends = [host.name for host in network.layout.backends]
    time.sleep(1)
    with flushed(network):
        begun = time.time()
        time.sleep(3)
        assert all(pinger.outage(host, begun) is None for host in backends)
        assert all(pinger.back_online_at(host, begun) is None for host in backends)
    assert eventually(lambda: all(pinger.online(host) for host in backends))


def test_one_answering_target_is_enough_for_the_pinger(network: NamespacesNetwork, pinger: RealPinger) -> None:
    begun = time.time()
    for target in TARGETS[:2]:
        network.set_target(target, False)
    network.set_sick("backend2", True)
    try:
        time.sleep(1.6)
        offline = {host.name for host in network.layout.backends if not pinger.online(host.name)}
        assert offline == {"backend2"}
        assert pinger.outage("backend1", begun) == 0.0
    finally:
        network.set_sick("backend2", False)
        for target in TARGETS[:2]:
            network.set_target(target, True)


def test_an_answer_to_somebody_elses_ping_is_nobodys() -> None:
    request = echo_request(77, 1)
    ip_header = bytes([0x45]) + bytes(19)
    assert identifier_of_reply(ip_header + b"\0" + request[1:]) == 77
    assert identifier_of_reply(ip_header + request) is None
    assert identifier_of_reply(ip_header + struct.pack("!BBHHH", 0, 0, 0, 77, 1) + b"a payload") is None


@pytest.mark.parametrize("uptime", [1, 20, 90_000, 5_000_000])
def test_a_script_sees_the_uptime_of_its_host_and_gives_its_words_and_status(
    network: NamespacesNetwork, uptime: int
) -> None:
    network.set_uptime("backend3", uptime)
    try:
        script = "#!/bin/sh\nset -- 'a b' c\ncut -d. -f1 /proc/uptime\necho \"$2 $1\"\nexit 3\n"
        outcome = network.start_probe("backend3", script, ["a b", "c"]).wait()
    finally:
        network.set_uptime("backend3", 86400)
    seen, words = outcome.stdout.splitlines()
    assert outcome.exit_code == 3
    assert words == "c a b"
    assert uptime - 1 <= int(seen) <= uptime + 3


def test_scripts_started_together_are_not_mixed_up(network: NamespacesNetwork) -> None:
    heard: dict[int, str] = {}

    def run(number: int) -> None:
        heard[number] = network.start_probe("backend4", f"echo {number}\n", []).wait().stdout

    threads = [threading.Thread(target=run, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert heard == {number: f"{number}\n" for number in range(12)}


@pytest.mark.parametrize("ends", ["kill", "stop"])
def test_a_script_that_is_ended_leaves_no_process(network: NamespacesNetwork, ends: str) -> None:
    backend = network.backend_namespaces()["backend5"]
    probe = network.start_probe("backend5", "(sleep 61 & sleep 61) & sleep 61\n", [])
    assert eventually(lambda: len(backend.pids()) >= 5)
    begun = time.monotonic()
    try:
        probe.kill() if ends == "kill" else network.stop("backend5")
        assert probe.wait().exit_code < 0
        assert eventually(lambda: backend.pids() == [], within=1)
        assert time.monotonic() - begun < 2
    finally:
        network.start("backend5")
    assert network.reaches("backend5", SSM_ENDPOINT)


def test_what_goes_on_after_a_script_ends_with_its_host_only(network: NamespacesNetwork) -> None:
    backend = network.backend_namespaces()["backend5"]
    script = "sleep 61 >/dev/null 2>&1 </dev/null &\necho token >/run/mark\ncat /run/mark\n"
    probe = network.start_probe("backend5", script, [])
    try:
        assert probe.wait().stdout == "token\n"
        probe.kill()
        assert eventually(lambda: len(backend.pids()) == 1)
        assert network.start_probe("backend5", "cat /run/mark\n", []).wait().stdout == "token\n"
        assert network.start_probe("backend6", "cat /run/mark\n", []).wait().stdout == ""
        assert len(backend.pids()) == 1
        network.stop("backend5")
        assert backend.pids() == []
    finally:
        network.start("backend5")
    assert network.start_probe("backend5", "cat /run/mark\n", []).wait().stdout == ""


def _bad_public(layout: Layout) -> Layout:
    return replace(layout, nats=(layout.nats[0], replace(layout.nats[1], public="nowhere")))


def _bad_host(layout: Layout) -> Layout:
    return replace(layout, backends=(*layout.backends[:-1], replace(layout.backends[-1], address="10.20.3.300")))


@pytest.mark.parametrize("spoil", [_bad_public, _bad_host])
def test_a_network_that_could_not_be_built_leaves_nothing(
    spoil: Callable[[Layout], Layout], left_behind: Callable[[], set[str]]
) -> None:
    before = left_behind()
    made = NamespacesNetwork(spoil(standard_layout()))
    try:
        with pytest.raises((RuntimeError, subprocess.CalledProcessError, ValueError)):
            made.open()
        assert left_behind() == before
    finally:
        made.close()


def test_a_network_that_was_never_opened_leaves_nothing(left_behind: Callable[[], set[str]]) -> None:
    before = left_behind()
    NamespacesNetwork(standard_layout()).close()
    assert left_behind() == before
