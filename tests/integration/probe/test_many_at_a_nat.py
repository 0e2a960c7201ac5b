"""Many hosts at a listener, others' hosts, and several listeners at one NAT."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from infra.probe.document import PARTS
from tests.integration.probe.listening import IPTABLES, MANY, listening, rules
from tests.integration.probe.network import Network, Stage
from tests.integration.probe.shells import LONGEST, SHELLS, Outcome, in_every_shell
from tests.lab.network.real.netns import eventually

pytestmark = pytest.mark.namespaces


def narrow(network: Network, path: str | None = None) -> tuple[Outcome, list[bool]]:
    """Have a listener that takes one host and a network; three others signal."""
    run = network.probe(5, on=network.passive, path=path, networks=(f"{MANY[0]}/32", "203.0.113.0/24"))
    assert eventually(lambda: network.signal_from(MANY[:1], 443)[0], 4)
    through = network.signal_from(MANY[1:4], 443)
    return run.end(), through


def check_narrow(shown: tuple[Outcome, list[bool]]) -> None:
    """Check that nobody else is heard, nor handed on."""
    outcome, through = shown
    assert set(outcome.signals) == {MANY[0]}
    assert through == [False] * 3


@in_every_shell
def test_it_takes_hosts_of_the_pairs_networks_only(stage: Stage, shell: str) -> None:
    check_narrow(stage.play(narrow, shell))


@pytest.mark.parametrize("variant", IPTABLES)
def test_by_iptables_it_takes_no_others_either(stage: Stage, variant: str, paths: dict[str, str]) -> None:
    network = next(iter(stage.networks.values()))
    network.mend()
    check_narrow(narrow(network, paths[variant]))


def crowd(network: Network) -> Outcome:
    """Let 49 hosts signal both, and a flood of others."""
    run = listening(network, 6)
    network.signal_from(MANY, 443)
    network.kill_nat(network.passive)
    network.signal_from([f"10.8.2.{number}" for number in range(3, 100)], 443)
    return run.end()


@in_every_shell
def test_of_49_hosts_and_a_flood_of_others_all_fits_and_who_came_through_is_told_first(
    stage: Stage, shell: str
) -> None:
    signals = stage.play(crowd, shell).signals
    assert [address for address, (_, _, through) in signals.items() if through] == [*signals][:49]
    assert {*MANY} == {*[*signals][:49]}


def several(network: Network) -> dict[str, Outcome]:
    """Let two pairs' listeners run on a NAT at once, and a quick check of one of them beside."""
    runs = {pair: network.probe(8, on=network.passive, pair=pair) for pair in ("a", "b")}
    assert eventually(lambda: network.tables(network.passive).count("\n") == 1, 5)
    runs["quick"] = network.probe(0, on=network.passive, pair="a")
    time.sleep(1)
    network.signal_from(MANY[:2], 443)
    return {name: run.end() for name, run in runs.items()}


def check_several(outcomes: dict[str, Outcome]) -> None:
    """Check that all of them have heard."""
    assert {name: sorted(outcome.signals) for name, outcome in outcomes.items()} == dict.fromkeys(outcomes, MANY[:2])
    assert all(through for outcome in outcomes.values() for _, _, through in outcome.signals.values())
    assert outcomes["quick"].fields["elapsed"] < 7.5
    assert outcomes["a"].fields["elapsed"] >= 8


@in_every_shell
def test_two_pairs_and_a_quick_check_listen_on_one_nat_at_once(stage: Stage, shell: str) -> None:
    check_several(stage.play(several, shell))


@pytest.mark.parametrize("variant", IPTABLES)
def test_by_iptables_as_well(stage: Stage, variant: str, paths: dict[str, str]) -> None:
    network = next(iter(stage.networks.values()))
    network.mend()
    runs = {pair: network.probe(9, on=network.passive, pair=pair, path=paths[variant]) for pair in ("a", "b")}
    assert eventually(lambda: rules(network).count("-N ") == 4, 5)
    runs["quick"] = network.probe(0, on=network.passive, pair="a", path=paths[variant])
    time.sleep(1.5)
    network.signal_from(MANY[:2], 443)
    check_several({name: run.end() for name, run in runs.items()})
    assert rules(network) == ""


@in_every_shell
def test_who_connects_while_iptables_list_is_read_is_not_forgotten(shell: str, tmp_path: Path) -> None:
    kernels = tmp_path / "c-offline"
    os.mkfifo(kernels)
    [part] = [part for part in PARTS if part.name == "5-iptables.sh"]
    take = f'. {part}; LISTS={tmp_path} CHAIN=c NOW=7; take offline "" 400; echo "$AGES"'
    run = subprocess.Popen([*SHELLS[shell], "-c", take], text=True, stdout=subprocess.PIPE)
    kernels.write_text("".join(f"src={host} ttl: 64 last_seen: 4294\n" for host in MANY[:2]))
    hosts = MANY[:3]
    with kernels.open("rb", buffering=0) as commands, kernels.open("wb"):
        assert run.communicate(timeout=LONGEST)[0].split() == [MANY[0], "0", MANY[1], "0"]
        for line in commands.read(1000).decode().splitlines():
            hosts = [host for host in hosts if line not in (f"-{host}", "/")]
    assert hosts == [MANY[2]]
