"""The listener on real packets, by nft and by iptables alone: what it hears, and what it says of that."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.integration.probe.listening import IPTABLES, MANY, listening, listens, rules
from tests.integration.probe.network import ACTIVE, BACKEND, TARGETS, Network, Stage
from tests.integration.probe.shells import Outcome, in_every_shell, stubs
from tests.lab.network.real.netns import eventually

pytestmark = pytest.mark.namespaces
LOOKED_UP = """
case "$*" in
    *one.example) echo "PING one.example (192.0.2.101) 56(84) bytes of data." ;;
    *example) echo "ping: $*: Name or service not known" >&2 && exit 2 ;;
    *) exec /bin/ping "$@" ;;
esac
"""
LOOKS_UP_FOR_LONG = 'case "$*" in "-4 "*) exec sleep 9 ;; *) exec /bin/ping "$@" ;; esac'
# As where a kernel has no means to count.
UNCOUNTED = {
    "nft": '[ "$1" = -i ] || exec {program} "$@"; sed -u s/numgen/unknown/ | {program} "$@"',
    "iptables": 'case "$*" in *statistic*) exit 1 ;; esac; exec {program} "$@"',
}


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
    assert run.end().signals[BACKEND][::2] == ("n", True)
    outcome = network.probe(0, on=network.passive, path=path, targets=("two.example",)).end()
    assert outcome.fields["deaf"] == "no address can be found for the names of the targets"


@in_every_shell
def test_a_look_up_that_takes_long_keeps_nobody_waiting(stage: Stage, shell: str, tmp_path: Path) -> None:
    network = stage.networks[shell]
    network.mend()
    path, targets = stubs(tmp_path / "ping", {"ping": LOOKS_UP_FOR_LONG}), (TARGETS[0], "one.example")
    run = network.probe(4, on=network.passive, path=path, targets=targets)
    # Backends of a quick check go on trying for so long.
    assert eventually(lambda: listens(network), 3)
    run.end()
    run = network.probe(60, on=network.passive, path=path, targets=targets)
    time.sleep(0.7)
    run.process.kill()
    assert not run.end().held
    assert network.is_idle(network.passive, 4)


@cache
def get_through_by(path: str | None) -> Callable[[Network], int]:
    """Return the case in which one of three targets is dead: how many of six connections come about."""

    def get_through(network: Network) -> int:
        network.drop(network.internet, f"ip daddr {TARGETS[0]}", "input")
        run = network.probe(5, on=network.passive, path=path)
        assert eventually(lambda: listens(network), 3)
        came = network.signal_from([BACKEND] * 6, 443)
        run.end()
        return sum(came)

    return get_through


@pytest.mark.parametrize("by", ["nft", *IPTABLES])
@in_every_shell
def test_it_hands_on_to_the_targets_by_turns(stage: Stage, shell: str, by: str, paths: dict[str, str]) -> None:
    assert stage.play(get_through_by(paths.get(by)), shell) == 4


@pytest.mark.parametrize("by", ["nft", *IPTABLES])
def test_where_the_kernel_cannot_count_it_hands_on_to_the_last_target(
    stage: Stage, by: str, paths: dict[str, str], tmp_path: Path
) -> None:
    path, tool = paths.get(by, os.environ["PATH"]), "nft" if by == "nft" else "iptables"
    folder = stubs(tmp_path / "stubs", {tool: UNCOUNTED[tool].format(program=shutil.which(tool, path=path))})
    assert stage.play(get_through_by(f"{folder.split(':')[0]}:{path}"), "dash") == 6


def cut_off(network: Network) -> Outcome:
    """Let a listening NAT, which counts only pings, lose its route, so that whatever it tries fails at once."""
    network.drop(network.passive, "tcp dport 443", "output")
    run = network.probe(9, on=network.passive, constants={"SYSTEMS_MANAGER": "192.0.2.2"})
    time.sleep(3)
    network.passive.ip("route del default")
    try:
        return run.end()
    finally:
        network.passive.ip("route add default via 10.9.2.1")


@in_every_shell
def test_a_nat_that_is_cut_off_tries_at_the_same_pace_until_its_window_ends(stage: Stage, shell: str) -> None:
    outcome = stage.play(cut_off, shell)
    assert (outcome.exit_code, outcome.fields["state"]) == (1, "offline")
    assert outcome.fields["pings"][1] <= 4 * outcome.fields["elapsed"]


class Listened(NamedTuple):
    """How two watches of a listener ended, and what they left."""

    offline: Outcome
    online: Outcome
    lingered: bool
    left: str


def hear(network: Network, path: str | None = None) -> Listened:
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
    return Listened(offline, run.end(), lingered, rules(network))


def check(listened: Listened, by: str) -> None:
    """Check how they ended, and that nothing is left."""
    assert (listened.offline.exit_code, listened.offline.fields["listener"]) == (1, by)
    assert listened.offline.took < 8
    signals = listened.offline.signals
    assert {address: signals[address][0] for address in MANY[:5]} == dict(zip(MANY, "ffffn", strict=False))
    assert all(through for _, _, through in signals.values())
    assert signals[MANY[0]][1] < 1.5
    assert 0.9 < signals[MANY[4]][1] < 4
    assert (listened.online.exit_code, listened.online.fields["state"]) == (0, "online")
    signals = listened.online.signals
    assert signals[MANY[0]][0] == "n"
    assert 3.5 < signals[MANY[0]][1] < 6.5
    assert signals.keys() == {BACKEND, MANY[0]} or signals.keys() == {MANY[0], BACKEND, *MANY[:3]}
    # Those who come a moment later find the ports of a listener with evidence still open; then nothing is left.
    assert listened.lingered
    assert listened.left == ""


@in_every_shell
def test_by_nft_it_hears_who_is_offline_and_who_is_online_again(stage: Stage, shell: str) -> None:
    check(stage.play(hear, shell), "nft")


@cache
def hear_by(path: str) -> Callable[[Network], Listened]:
    """Return the case with another PATH: the same one for the same PATH, which a stage plays once."""
    return lambda network: hear(network, path)


@pytest.mark.parametrize("variant", IPTABLES)
@in_every_shell
def test_by_iptables_alone_it_does_so_as_well(stage: Stage, shell: str, variant: str, paths: dict[str, str]) -> None:
    check(stage.play(hear_by(paths[variant]), shell), "iptables")


def unfit(network: Network) -> tuple[Outcome, Outcome]:
    """Let hosts be offline behind a passive NAT that carries nothing, and online ones fall silent."""
    run = listening(network)
    network.kill_nat(network.passive)
    network.signal_from(MANY[:3], 80)
    unproven = run.end()
    assert eventually(lambda: not network.tables(network.passive), 6)
    run = listening(network)
    network.signal_from(MANY[:4], 443)
    return unproven, run.end()


@in_every_shell
def test_connections_that_do_not_come_about_are_told_after_a_second(stage: Stage, shell: str) -> None:
    unproven, _ = stage.play(unfit, shell)
    assert unproven.exit_code == 1
    assert [unproven.signals[address][::2] for address in MANY[:3]] == [("f", False)] * 3


@in_every_shell
def test_those_who_fall_silent_together_are_told_of(stage: Stage, shell: str) -> None:
    _, silent = stage.play(unfit, shell)
    assert (silent.exit_code, silent.took < 12) == (1, True)
    assert all(what == "n" and age > 6 for what, age, _ in silent.signals.values())


def roles(network: Network) -> tuple[Outcome, Outcome, Outcome]:
    """Let the active NAT hear many that are offline; the passive one have no Internet; and one that is neither."""
    run = listening(network, 3, network.active)
    network.signal_from(MANY[:3], 80, to=ACTIVE)
    active = run.end()
    network.drop(network.internet, 'iifname "eth2"', "input")
    return active, network.probe(4, on=network.passive).end(), network.probe(0, "-", "-", on=network.active).end()


@in_every_shell
def test_each_nat_does_what_its_role_is(stage: Stage, shell: str) -> None:
    active, dark, neither = stage.play(roles, shell)
    assert (active.exit_code, active.fields["state"], active.fields["elapsed"] >= 3) == (0, "online", True)
    assert len(active.signals) == 3
    assert (dark.exit_code, dark.fields["state"], dark.fields["heard"]) == (1, "offline", "")
    # It could not have told anybody before.
    assert dark.fields["elapsed"] >= 4
    assert "route" in neither.fields


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
        assert (outcome.exit_code, outcome.fields["state"], outcome.fields["deaf"]) == (code, "online", why)
        assert outcome.fields.keys().isdisjoint({"listener", "heard", "route"})
