"""The control's early word: hosts that lose pings tell it, and it tries at once instead of watching on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.integration.probe.shells import HOST, NAT_INSIDE, SHELLS, TARGETS, Host, arguments, installed

pytestmark = pytest.mark.namespaces
FEW = TARGETS[:3]


@pytest.fixture(scope="module", params=SHELLS)
def network(request: pytest.FixtureRequest) -> Iterator[Host]:
    if not installed(request.param):
        pytest.skip(f"{request.param} is not installed")
    with ExitStack() as stack:
        yield Host(stack, request.param)


@pytest.fixture
def host(network: Host) -> Host:
    network.mend()
    return network


def ping_the_host(host: Host, number: int) -> None:
    """Ping the host from its neighbour, as other hosts of the VPC would."""
    host.nat.run("ping", "-n", "-q", "-c", str(number), "-i", "0.01", "-W", "1", HOST)


def test_a_host_that_has_lost_two_pings_tells_the_control_once(host: Host) -> None:
    host.cut(*FEW)
    outcome = host.probe(*arguments(FEW, 10, control=NAT_INSIDE)).end()
    assert outcome.said["state"] == "unreachable"
    pings = host.capture.pings()
    assert [ping.target for ping in pings].count(NAT_INSIDE) == 1
    # After the second of the three that were lost.
    assert [ping.target for ping in pings].index(NAT_INSIDE) in (1, 2, 3)


def test_while_all_is_well_nobody_tells_the_control_anything(host: Host) -> None:
    outcome = host.probe(*arguments(FEW, 3, control=NAT_INSIDE)).end()
    assert outcome.said["state"] == "reachable"
    assert NAT_INSIDE not in {ping.target for ping in host.capture.pings()}


def test_the_control_that_is_told_ends_its_watch_with_its_answer(host: Host) -> None:
    begun = time.monotonic()
    run = host.probe(*arguments(FEW, 60, control=HOST))
    time.sleep(1.2)
    ping_the_host(host, 3)
    told = time.monotonic()
    outcome = run.end()
    assert (outcome.exit_code, outcome.said["state"]) == (0, "reachable")
    # A slot until it notices, and a moment until it tries: its answer is later than what it was told of.
    assert 0.5 < time.monotonic() - told < 3
    assert outcome.said["elapsed"] > told - begun - 0.3


def test_the_control_that_is_offline_too_says_so_when_it_is_told(host: Host) -> None:
    run = host.probe(*arguments(FEW, 60, control=HOST, failures=99))
    time.sleep(1.2)
    host.cut(*FEW)
    ping_the_host(host, 3)
    outcome = run.end()
    assert (outcome.exit_code, outcome.said["state"]) == (1, "unreachable")
    assert outcome.said["lost"] < 99


def test_a_single_ping_now_and_then_does_not_disturb_the_control(host: Host) -> None:
    run = host.probe(*arguments(FEW, 5, control=HOST))
    for _ in range(3):
        time.sleep(1.2)
        ping_the_host(host, 1)
    assert run.end().said["elapsed"] >= 5


def test_a_host_that_is_not_the_control_takes_no_notice_of_pings(host: Host) -> None:
    run = host.probe(*arguments(FEW, 3, control=NAT_INSIDE))
    time.sleep(1)
    ping_the_host(host, 5)
    assert run.end().said["elapsed"] >= 3
