"""What the probe tells early on real packets: a NAT that can soon track no more connections, a NAT that loses some."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import pytest

from tests.integration.probe.listening import IPTABLES, MANY, listening
from tests.integration.probe.network import ACTIVE, BACKEND, Network, Stage
from tests.integration.probe.shells import Outcome, in_every_shell, stubs
from tests.lab.network.real.netns import eventually

pytestmark = pytest.mark.namespaces
# Statistics of ENA's driver; every look at them finds three more packets dropped.
ETHTOOL = """
count=$(cat "$0.count" 2>/dev/null || echo 5)
echo $((count + 3)) >"$0.count"
echo "NIC statistics:"
echo "     tx_timeout: 0"
echo "     bw_in_allowance_exceeded: 70"
echo "     pps_allowance_exceeded: $count"
echo "     queue_0_tx_cnt: 12"
"""
QUICKLY = {"MEASURE_EVERY": 20, "MINUTE": 100}


def opens(network: Network) -> bool:
    """Return whether the active NAT's port is open."""
    with network.host.inside():
        try:
            socket.create_connection((ACTIVE, 443), 0.5).close()
        except OSError:
            return False
    return True


def minutes(outcome: Outcome) -> list[list[int]]:
    """Return the figures of each minute in a NAT's line."""
    return [[int(number) for number in minute.split(",")] for minute in outcome.fields["health"]["minutes"].split()]


@in_every_shell
def test_a_nat_tells_of_each_minute_connections_memory_and_what_ec2_has_dropped(
    stage: Stage, shell: str, tmp_path: Path
) -> None:
    network = stage.networks[shell]
    network.mend()
    path = stubs(tmp_path / "bin", {"ethtool": ETHTOOL})
    run = network.probe(4, on=network.active, path=path, constants=QUICKLY)
    assert eventually(lambda: opens(network), 3)
    outcome = run.end()
    health = outcome.fields["health"]
    assert (outcome.exit_code, health["exceeded"]) == (0, "pps")
    assert health["limit"] == int(Path("/proc/sys/net/netfilter/nf_conntrack_max").read_text(encoding="ascii"))
    assert health["memory"] == os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20
    each_minute = minutes(outcome)
    assert 4 <= len(each_minute) <= 6
    assert all(0 < left < health["memory"] and dropped == 3 for _, left, dropped in each_minute)
    assert max(connections for connections, _, _ in each_minute) >= 1


@in_every_shell
def test_without_ethtool_and_connection_tracking_the_rest_is_told(stage: Stage, shell: str, tmp_path: Path) -> None:
    network = stage.networks[shell]
    network.mend()
    path = stubs(tmp_path / "bin", {"ethtool": "exit 1"})
    outcome = network.probe(0, on=network.passive, path=path, constants={"TRACKED": tmp_path / "none"}).end()
    health = outcome.fields["health"]
    assert (health["limit"], health["exceeded"]) == (0, "")
    ((connections, left),) = minutes(outcome)
    assert connections == 0
    assert left > 0


class Full(NamedTuple):
    """What a NAT tells that is nearly full."""

    first: Outcome
    held: list[bool]
    second: Outcome
    left: str


def fill(network: Network, tracked: Path, path: str | None = None, pair: str = "main") -> Full:
    """Let the active NAT track 79 % of what it can, and then 80; watch again a moment after it has told."""
    constants: dict[str, Any] = {"TRACKED": tracked, **QUICKLY}
    limit, count = tracked.with_name(f"{tracked.name}_max"), tracked.with_name(f"{tracked.name}_count")
    limit.write_text("1000\n", encoding="ascii")
    count.write_text("799\n", encoding="ascii")
    run = network.probe(60, on=network.active, path=path, constants=constants, pair=pair)
    assert eventually(lambda: opens(network), 5)
    assert run.process.poll() is None
    count.write_text("800\n", encoding="ascii")
    first = run.end()
    time.sleep(1)
    held = [opens(network)]
    second = network.probe(8, on=network.active, path=path, constants=constants, pair=pair)
    time.sleep(5)
    held.append(opens(network))
    ended = second.end()
    time.sleep(0.5)
    return Full(first, held, ended, network.tables(network.active))


def check_full(full: Full) -> None:
    """Check that it has told soon, and once, and that its ports have stayed open."""
    assert (full.first.exit_code, full.first.fields["state"]) == (1, "online")
    assert full.first.took < 10
    assert "heard" in full.first.fields
    assert minutes(full.first)[-1][0] == 800
    assert full.held == [True, True]
    assert (full.second.exit_code, full.second.fields["state"]) == (0, "online")
    assert full.second.took > 7.5


def fill_and_leave(network: Network) -> tuple[Full, bool]:
    """Fill it by nft, and tell whether nothing is left; LINGER_FOR is two seconds here."""
    with TemporaryDirectory() as folder:
        full = fill(network, Path(folder) / "tracked")
    return full, eventually(lambda: not network.tables(network.active), 5)


@in_every_shell
def test_the_active_nat_tells_soon_that_it_is_nearly_full_and_once_in_five_minutes(stage: Stage, shell: str) -> None:
    full, nothing_left = stage.play(fill_and_leave, shell)
    check_full(full)
    assert nothing_left


@pytest.mark.parametrize("variant", IPTABLES)
def test_by_iptables_it_keeps_its_ports_open_as_well(
    stage: Stage, variant: str, paths: dict[str, str], tmp_path: Path
) -> None:
    network = next(iter(stage.networks.values()))
    network.mend()
    check_full(fill(network, tmp_path / "tracked", paths[variant], variant))


@in_every_shell
def test_the_passive_nat_goes_on_gathering_evidence_however_full_it_is(
    stage: Stage, shell: str, tmp_path: Path
) -> None:
    network = stage.networks[shell]
    network.mend()
    (tmp_path / "tracked_max").write_text("10", encoding="ascii")
    (tmp_path / "tracked_count").write_text("10", encoding="ascii")
    run = network.probe(60, on=network.passive, constants={"TRACKED": tmp_path / "tracked", **QUICKLY})
    assert eventually(lambda: network.signal_from([BACKEND], 443)[0], 5)
    time.sleep(2)
    assert run.process.poll() is None
    network.signal_from(MANY[:4], 80)
    outcome = run.end()
    assert (outcome.exit_code, minutes(outcome)[-1][0]) == (1, 10)
    assert sum(what == "f" for what, _, _ in outcome.signals.values()) == 4


LOSING = {"LATELY": 600, "LEAST_SENT": 30}
A_QUARTER = "meta l4proto { icmp, tcp } ct state new numgen random mod 100 < 25"


def losing(network: Network) -> tuple[Outcome, int, Outcome]:
    """Let the active NAT lose a quarter: what a backend says, how it signals then, and what it says without loss."""
    listening(network)
    network.drop(network.active, A_QUARTER, "forward")
    outcome = network.probe(60, constants=LOSING, interval=0.1).end()
    before, _ = network.signals()
    time.sleep(6)
    signals = network.signals()[0] - before
    network.undo(network.active)
    return outcome, signals, network.probe(8, constants=LOSING, interval=0.1).end()


@in_every_shell
def test_a_backend_that_loses_a_tenth_for_minutes_tells_it_once_and_goes_on(stage: Stage, shell: str) -> None:
    outcome, signals, well = stage.play(losing, shell)
    assert (outcome.exit_code, outcome.fields["state"], outcome.fields["goes_on"]) == (0, "online", True)
    assert 6 <= outcome.took < 30
    pings, sent, connections, dialled = outcome.fields["lately"]
    assert pings < sent * 0.95
    assert connections < dialled * 0.95
    assert signals >= 1
    assert not outcome.held
    assert "goes_on" not in well.fields
    assert well.fields["lately"][0] == well.fields["lately"][1]
    assert well.fields["lately"][2] == well.fields["lately"][3] > 10


def dies_after(network: Network) -> int:
    """Let the NAT that has lost a quarter die after that has been told; count the signals of being offline."""
    listening(network)
    network.drop(network.active, A_QUARTER, "forward")
    network.probe(60, constants=LOSING, interval=0.1).end()
    network.kill_nat(network.active)
    network.drop(network.passive, "meta l4proto 255", "forward")
    time.sleep(6)
    return network.signals()[1]


@in_every_shell
def test_one_that_has_told_of_loss_signals_still_that_it_is_offline(stage: Stage, shell: str) -> None:
    assert stage.play(dies_after, shell) >= 2


def one_means(network: Network) -> dict[str, Outcome]:
    """Let pings alone be lost, or answered seldom."""
    listening(network)
    network.drop(network.active, "meta l4proto icmp numgen random mod 100 < 50", "forward")
    # As long as it may be: of few connections one that is late on a busy machine is many.
    return {"pings": network.probe(14, constants={**LOSING, "LATELY": 1300}, interval=0.1).end()}


@in_every_shell
def test_pings_alone_that_are_lost_are_no_loss_of_the_nat(stage: Stage, shell: str) -> None:
    outcome = stage.play(one_means, shell)["pings"]
    assert "goes_on" not in outcome.fields
    assert outcome.fields["pings"][0] < outcome.fields["pings"][1]
    # Some may be late on a busy machine, which is no tenth.
    came, made = outcome.fields["lately"][2:]
    assert made >= 20
    assert came * 10 > made * 9
