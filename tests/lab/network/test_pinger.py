"""The independent measure, on both networks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.network.bench import EVERYBODY, Bench
from tests.lab.network.layout import TARGETS
from tests.lab.network.network import Network
from tests.lab.network.pinger import Pinger, Slot, longest_outage
from tests.lab.network.simulated.network import SimulatedNetwork
from tests.lab.network.simulated.pinger import SimulatedPinger


@pytest.fixture
def pinger(bench: Bench) -> Iterator[Pinger]:
    """Return the pinger that goes with a network."""
    made = _pinger_of(bench.network)
    try:
        yield made
    finally:
        made.stop()


def _pinger_of(network: Network) -> Pinger:
    if isinstance(network, SimulatedNetwork):
        return SimulatedPinger(network, TARGETS)
    from tests.lab.network.real.icmp import RealPinger  # noqa: PLC0415 - there is none on other systems
    from tests.lab.network.real.namespaces import NamespacesNetwork  # noqa: PLC0415

    assert isinstance(network, NamespacesNetwork)
    return RealPinger(network.backend_namespaces, TARGETS)


def test_a_cut_of_a_second_is_measured_to_a_slot_and_leaves_others_alone(bench: Bench, pinger: Pinger) -> None:
    moved = bench.layout.private_subnets[0].name
    spared = {host.name for host in bench.layout.backends if host.subnet == moved}

    def body() -> None:
        bench.network.associate(moved, "standby")
        pinger.start()
        bench.world.sleep(1)
        cut = bench.world.now()
        bench.network.set_forwarding("nat01", False)
        bench.world.sleep(1)
        bench.network.set_forwarding("nat01", True)
        mended = bench.world.now()
        bench.world.sleep(1.5)
        for host in EVERYBODY:
            assert pinger.online(host)
            outage, back = pinger.outage(host, cut), pinger.back_online_at(host, cut)
            if host in spared:
                assert (outage, back) == (0.0, None)
                continue
            assert outage is not None
            assert back is not None
            # It begins up to a slot late and ends up to a slot late.
            assert abs(outage - (mended - cut)) <= 0.3
            assert mended - 0.05 <= back <= mended + 0.3
            assert pinger.outage(host, back) == 0.0

    try:
        bench.play(body)
    finally:
        bench.network.associate(moved, "primary")


def test_who_is_offline_still_has_no_outage_to_tell_of(bench: Bench, pinger: Pinger) -> None:
    def body() -> None:
        pinger.start()
        bench.world.sleep(0.5)
        cut = bench.world.now()
        bench.network.set_sick("backend1", True)
        bench.world.sleep(1.6)
        assert not pinger.online("backend1")
        assert pinger.outage("backend1", cut) is None
        assert pinger.back_online_at("backend1", cut) is None
        assert pinger.online("backend2")
        bench.network.set_sick("backend1", False)
        bench.world.sleep(0.6)
        assert pinger.online("backend1")
        assert pinger.outage("backend1", cut) == pytest.approx(1.6, abs=0.3)

    try:
        bench.play(body)
    finally:
        bench.network.set_sick("backend1", False)


def test_lost_rules_are_seen_at_once_and_no_old_flow_deceives_it(bench: Bench, pinger: Pinger) -> None:
    def body() -> None:
        pinger.start()
        bench.world.sleep(1)
        bench.network.flush_nat_rules("nat01")
        try:
            cut = bench.world.now()
            bench.world.sleep(3)
            assert all(pinger.outage(host, cut) is None for host in EVERYBODY)
            assert all(pinger.back_online_at(host, cut) is None for host in EVERYBODY)
        finally:
            bench.network.reboot("nat01")
        mended = bench.world.now()
        while not all(pinger.online(host) for host in EVERYBODY):
            assert bench.world.now() < mended + 3
            bench.world.sleep(0.1)

    bench.play(body)


def test_one_target_that_answers_is_enough(bench: Bench, pinger: Pinger) -> None:
    def body() -> None:
        pinger.start()
        bench.world.sleep(0.5)
        begun = bench.world.now()
        for target in TARGETS[:2]:
            bench.network.set_target(target, False)
        bench.network.set_sick("backend2", True)
        try:
            bench.world.sleep(1.6)
            assert {host for host in EVERYBODY if not pinger.online(host)} == {"backend2"}
            assert pinger.outage("backend1", begun) == 0.0
        finally:
            bench.network.set_sick("backend2", False)
            for target in TARGETS[:2]:
                bench.network.set_target(target, True)

    bench.play(body)


def slots(answers: str) -> list[Slot]:
    """Make slots up, one a second."""
    return [Slot(float(number), answer == "+") for number, answer in enumerate(answers)]


@pytest.mark.parametrize(
    ("answers", "since", "longest"),
    [
        ("", 0, None),
        ("++++++", 0, None),
        ("+--+-+", 0, (1, 3)),
        ("+-+---++", 0, (3, 6)),
        ("+---+--+", 4, (5, 7)),
        ("+---++", 2, (2, 4)),
        ("+--+-", 0, (4, None)),
    ],
)
def test_the_longest_outage_since_a_time_counts_and_one_that_lasts_above_all(
    answers: str, since: float, longest: tuple[float, float | None] | None
) -> None:
    assert longest_outage(slots(answers), since) == longest
