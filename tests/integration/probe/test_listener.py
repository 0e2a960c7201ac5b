"""The listener on real packets: by nft and by iptables alone, whom it hears, and that nothing of it outlives it."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.integration.probe.network import ACTIVE, BACKEND, Network, Stage, stages
from tests.integration.probe.shells import Outcome, eventually, in_every_shell, path_without, stubs

pytestmark = pytest.mark.namespaces
# By what a NAT may have; nft where there is nothing else to say.
IPTABLES = [name for name in ("iptables-nft", "iptables-legacy") if shutil.which(name)]
MANY = [f"10.8.2.{number}" for number in range(101, 150)]
KILLS = int(os.environ.get("PROBE_KILLS", "40"))


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    yield from stages()


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Give a PATH for each NAT that has no nft."""
    tools = ("nft", "iptables", "iptables-nft", "iptables-legacy")
    folder = tmp_path_factory.mktemp("paths")
    made = {name: path_without(folder / name, *tools, iptables=name) for name in IPTABLES}
    return {**made, "none": path_without(folder / "none", *tools)}


def rules(network: Network) -> str:
    """Return all that probes have put into the passive NAT's firewall, by nft or by iptables."""
    found = [network.tables(network.passive)]
    for name in IPTABLES:
        for table in ("mangle", "nat"):
            found += network.passive.run(name, "-w", "5", "-t", table, "-S").stdout.splitlines()
    return "\n".join(line for line in found if "nat-failover" in line)


def listens(network: Network) -> bool:
    """Tell whether a signal to the passive NAT comes through."""
    return network.signal_from([BACKEND], 443)[0]


def narrow(network: Network, path: str | None = None) -> tuple[Outcome, list[bool]]:
    """Have a listener that takes one host and a network; three others signal."""
    run = network.probe(5, on=network.passive, path=path, networks=(f"{MANY[0]}/32", "203.0.113.0/24"))
    assert eventually(lambda: network.signal_from(MANY[:1], 443)[0], 4)
    through = network.signal_from(MANY[1:4], 443)
    return run.end(), through


def check_narrow(shown: tuple[Outcome, list[bool]]) -> None:
    """Check that nobody else is heard, nor handed on."""
    outcome, through = shown
    assert set(outcome.heard) == {MANY[0]}
    assert through == [False] * 3


@in_every_shell
def test_it_takes_hosts_of_the_pairs_networks_only(stage: Stage, shell: str) -> None:
    check_narrow(stage.play(narrow, shell))


@pytest.mark.parametrize("variant", IPTABLES)
def test_by_iptables_it_takes_no_others_either(stage: Stage, variant: str, paths: dict[str, str]) -> None:
    network = next(iter(stage.networks.values()))
    network.mend()
    check_narrow(narrow(network, paths[variant]))


LOOKED_UP = """
case "$*" in
    *one.example) echo "PING one.example (192.0.2.101) 56(84) bytes of data." ;;
    *example) echo "ping: $*: Name or service not known" >&2 && exit 2 ;;
    *) exec /bin/ping "$@" ;;
esac
"""


@pytest.mark.parametrize("by", ["nft", *IPTABLES])
@in_every_shell
def test_a_target_that_is_a_name_is_looked_up(
    stage: Stage, shell: str, by: str, paths: dict[str, str], tmp_path: Path
) -> None:
    network = stage.networks[shell]
    network.mend()
    path = f"{stubs(tmp_path / 'ping', {'ping': LOOKED_UP}).split(':')[0]}:{paths.get(by, os.environ['PATH'])}"
    run = network.probe(3, on=network.passive, path=path, targets=("two.example", "one.example"))
    assert eventually(lambda: listens(network), 3)
    outcome = run.end()
    assert outcome.heard[BACKEND][::2] == ("n", True)
    outcome = network.probe(0, on=network.passive, path=path, targets=("two.example",)).end()
    assert outcome.said["deaf"] == "no address can be found for the names of the targets"


class Heard(NamedTuple):
    """What a listener has heard."""

    offline: Outcome
    online: Outcome
    lingered: bool
    left: str


def hear(network: Network, path: str | None = None) -> Heard:
    """Let hosts be online, then four of six offline; once more, one of three that was offline is online again."""
    run = network.probe(60, on=network.passive, path=path)
    assert eventually(lambda: listens(network), 5)
    network.signal_from(MANY[:5], 443)
    time.sleep(1)
    network.signal_from(MANY[:4], 80)
    offline = run.end()
    lingered = listens(network)
    assert eventually(lambda: not rules(network), 6)
    run = network.probe(6, on=network.passive, path=path, threshold=4)
    assert eventually(lambda: listens(network), 5)
    network.signal_from(MANY[:3], 80)
    time.sleep(0.5)
    network.signal_from(MANY[:1], 443)
    return Heard(offline, run.end(), lingered, rules(network))


def check(heard: Heard, by: str) -> None:
    """Check what a listener has heard."""
    assert (heard.offline.exit_code, heard.offline.said["listener"]) == (1, by)
    assert heard.offline.took < 8
    said = heard.offline.heard
    assert {address: said[address][0] for address in MANY[:5]} == dict(zip(MANY, "ffffn", strict=False))
    assert all(through for _, _, through in said.values())
    assert said[MANY[0]][1] < 1.5
    assert 0.9 < said[MANY[4]][1] < 4
    assert (heard.online.exit_code, heard.online.said["state"]) == (0, "online")
    said = heard.online.heard
    assert said[MANY[0]][0] == "n"
    assert 3.5 < said[MANY[0]][1] < 6.5
    assert said.keys() == {BACKEND, MANY[0]} or said.keys() == {MANY[0], BACKEND, *MANY[:3]}
    # Those who come a moment later find the ports of a listener with evidence still open; then nothing is left.
    assert heard.lingered
    assert heard.left == ""


@in_every_shell
def test_by_nft_it_hears_who_is_offline_and_who_is_online_again(stage: Stage, shell: str) -> None:
    check(stage.play(hear, shell), "nft")


@pytest.mark.parametrize("variant", IPTABLES)
@in_every_shell
def test_by_iptables_alone_it_does_so_as_well(stage: Stage, shell: str, variant: str, paths: dict[str, str]) -> None:
    network = stage.networks[shell]
    network.mend()
    check(hear(network, paths[variant]), "iptables")


def unfit(network: Network) -> tuple[Outcome, Outcome]:
    """Let hosts be offline behind a passive NAT that carries nothing, and online ones fall silent."""
    run = network.probe(60, on=network.passive)
    assert eventually(lambda: bool(network.tables(network.passive)), 5)
    network.kill_nat(network.passive)
    network.signal_from(MANY[:3], 80)
    unproven = run.end()
    assert eventually(lambda: not network.tables(network.passive), 6)
    run = network.probe(60, on=network.passive)
    assert eventually(lambda: bool(network.tables(network.passive)), 5)
    network.signal_from(MANY[:4], 443)
    return unproven, run.end()


@in_every_shell
def test_connections_that_do_not_come_about_are_told_after_a_second(stage: Stage, shell: str) -> None:
    unproven, _ = stage.play(unfit, shell)
    assert unproven.exit_code == 1
    assert [unproven.heard[address][::2] for address in MANY[:3]] == [("f", False)] * 3


@in_every_shell
def test_those_who_fall_silent_together_are_told_of(stage: Stage, shell: str) -> None:
    _, silent = stage.play(unfit, shell)
    assert (silent.exit_code, silent.took < 12) == (1, True)
    assert all(what == "n" and age > 6 for what, age, _ in silent.heard.values())


def roles(network: Network) -> tuple[Outcome, Outcome, Outcome]:
    """Let the active NAT hear many that are offline; the passive one have no Internet; and one that is neither."""
    run = network.probe(3, on=network.active)
    assert eventually(lambda: bool(network.tables(network.active)), 5)
    network.signal_from(MANY[:3], 80, to=ACTIVE)
    active = run.end()
    network.drop(network.internet, 'iifname "eth2"', "input")
    return active, network.probe(60, on=network.passive).end(), network.probe(0, "-", "-", on=network.active).end()


@in_every_shell
def test_each_nat_does_what_its_role_is(stage: Stage, shell: str) -> None:
    active, dark, neither = stage.play(roles, shell)
    assert (active.exit_code, active.said["state"], active.said["elapsed"] >= 3) == (0, "online", True)
    assert len(active.heard) == 3
    assert (dark.exit_code, dark.said["state"], dark.said["heard"]) == (1, "offline", "")
    assert "route" in neither.said


def deaf(network: Network) -> dict[str, Outcome]:
    """Have a NAT listen on the ports itself; and take the listener's table away, as nobody can but its owner."""
    outcomes = {}
    for port in (443, 80):
        with network.server(network.passive, port):
            outcomes[f"this NAT listens on port {port} itself"] = network.probe(1, on=network.passive).end()
    run = network.probe(5, on=network.passive)
    assert eventually(lambda: bool(network.tables(network.passive)), 5)
    time.sleep(0.5)
    commands = {pid: Path(f"/proc/{pid}/cmdline") for pid in network.passive.pids()}
    (nft,) = (pid for pid, file in commands.items() if file.exists() and file.read_bytes() == b"nft\0-i\0")
    os.kill(nft, signal.SIGKILL)
    outcomes["the table of the listener has gone"] = run.end()
    return outcomes


@in_every_shell
def test_where_it_cannot_listen_it_says_why(stage: Stage, shell: str, paths: dict[str, str]) -> None:
    outcomes = stage.play(deaf, shell)
    network = stage.networks[shell]
    outcomes["neither nft nor iptables is installed"] = network.probe(0, on=network.passive, path=paths["none"]).end()
    for why, outcome in outcomes.items():
        code = int(why == "the table of the listener has gone")  # which the next tick has to hear of
        assert (outcome.exit_code, outcome.said["state"], outcome.said["deaf"]) == (code, "online", why)
        assert outcome.said.keys().isdisjoint({"listener", "heard", "route"})


def crowd(network: Network) -> Outcome:
    """Let 49 hosts signal both, and a flood of others."""
    run = network.probe(6, on=network.passive)
    assert eventually(lambda: bool(network.tables(network.passive)), 5)
    time.sleep(1)  # the table is there before its rules are
    network.signal_from(MANY, 443)
    network.kill_nat(network.passive)
    network.signal_from([f"10.8.2.{number}" for number in range(3, 100)], 443)
    return run.end()


@in_every_shell
def test_of_49_hosts_and_a_flood_of_others_all_fits_and_who_came_through_is_told_first(
    stage: Stage, shell: str
) -> None:
    heard = stage.play(crowd, shell).heard
    assert [address for address, (_, _, through) in heard.items() if through] == [*heard][:49]
    assert {*MANY} == {*[*heard][:49]}


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
    assert {name: sorted(outcome.heard) for name, outcome in outcomes.items()} == dict.fromkeys(outcomes, MANY[:2])
    assert all(through for outcome in outcomes.values() for _, _, through in outcome.heard.values())
    assert outcomes["quick"].said["elapsed"] < 7.5
    assert outcomes["a"].said["elapsed"] >= 8


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


# Killed


def kills(network: Network) -> list[str]:
    """Kill listeners at random moments, all that belongs to them or only the shell, and list what is left of each."""
    left, chance = [], random.Random(15)
    for number in range(KILLS):
        run = network.probe(60, on=network.passive)
        time.sleep(chance.uniform(0, 0.6))
        if number % 10:
            run.kill(signal.SIGTERM if number % 3 == 1 else signal.SIGKILL)
        else:
            run.process.kill()
        # The shell alone: what comes before nft in its pipe keeps it for two seconds at most.
        if not eventually(lambda: not network.tables(network.passive), 4):
            left.append(f"{number}: {network.tables(network.passive)}")
        run.end()
    assert network.is_idle(network.passive, 4)
    return left


@in_every_shell
def test_killed_at_random_moments_it_leaves_no_table(stage: Stage, shell: str) -> None:
    assert stage.play(kills, shell) == []


@pytest.mark.parametrize("variant", IPTABLES)
@in_every_shell
def test_rules_of_iptables_hold_for_a_minute_and_the_next_listener_removes_them(
    stage: Stage, shell: str, variant: str, paths: dict[str, str]
) -> None:
    network = stage.networks[shell]
    network.mend()
    run = network.probe(60, on=network.passive, path=paths[variant])
    assert eventually(lambda: listens(network), 5)
    run.kill()
    run.end()
    assert listens(network)
    first = rules(network)
    # A minute later, as the rules know it; and a chain that nothing leads to, of one killed while it began.
    stop = next(word for word in first.split() if word.startswith("20") and "T" in word)
    for table in ("mangle", "nat"):
        network.passive.run(variant, "-w", "5", "-t", table, "-N", "nat-failover-1700000000-dead")
        for line in network.passive.run(variant, "-w", "5", "-t", table, "-S", "PREROUTING").stdout.splitlines():
            if stop in line:
                network.passive.run(variant, "-w", "5", "-t", table, *line.replace("-A", "-D", 1).split())
                network.passive.run(variant, "-w", "5", "-t", table, *line.replace(stop, "2026-01-01T00:00:00").split())
    assert not listens(network)
    # The chains of the one that was killed say when it began.
    began = first.split("nat-failover-")[1].split("-")[0]
    for table in ("mangle", "nat"):
        chain = next(word for word in first.split() if began in word)
        network.passive.run(variant, "-w", "5", "-t", table, "-E", chain, chain.replace(began, "1700000000"))
    outcome = network.probe(1, on=network.passive, path=paths[variant]).end()
    assert outcome.said["listener"] == "iptables"
    assert rules(network) == ""
