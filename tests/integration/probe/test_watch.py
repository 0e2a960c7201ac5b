"""The watch of a backend where packets are really lost: what it says, what it signals, what it leaves behind."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tests.integration.probe.network import ACTIVE, BACKEND, PASSIVE, TARGETS, Network, Stage, stages
from tests.integration.probe.shells import Outcome, Run, eventually, in_every_shell

pytestmark = pytest.mark.namespaces
TARGET_SET = f"ip daddr {{ {', '.join(TARGETS)} }}"


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    yield from stages()


def listening(network: Network, window: int = 60) -> Run:
    """Let the passive NAT listen, and wait until it does."""
    run = network.probe(window, on=network.passive)
    assert eventually(lambda: bool(network.tables(network.passive)), 5)
    return run


# While all is well


def well(network: Network) -> tuple[Outcome, bool]:
    """Watch at the default settings."""
    listening(network)
    outcome = network.probe(6).end()
    return outcome, network.is_idle(network.host)


@in_every_shell
def test_at_the_end_of_its_window_it_says_that_all_is_well(stage: Stage, shell: str) -> None:
    outcome, idle = stage.play(well, shell)
    said = outcome.said
    assert (outcome.exit_code, outcome.ways) == (0, ("online", "yes", "unknown", "yes"))
    assert said.keys() == {
        *("probe", "state", "pings", "lost_for", "elapsed", "uptime", "boot", "route", "active", "passive")
    }
    assert (said["probe"], said["lost_for"]) == (2, 0)
    assert 6 <= said["elapsed"] < 7.5
    # By turns with connections.
    assert said["pings"][0] == said["pings"][1]
    assert 4 <= said["pings"][1] <= 8
    assert idle
    assert not outcome.held


@in_every_shell
def test_it_signals_at_first_and_every_five_seconds(stage: Stage, shell: str) -> None:
    stage.play(well, shell)
    assert stage.play(signalled, shell) == (2, 0)


def signalled(network: Network) -> tuple[int, int]:
    """Count the signals of a watch."""
    assert network.probe(7).end().ways == ("online", "yes", "unknown", "no")
    return network.signals()


def quick(network: Network) -> tuple[Outcome, Outcome, Outcome]:
    """Check quickly: well, with a passive NAT that begins later; without one; and offline."""
    run = network.probe(0)
    time.sleep(0.5)
    network.probe(0, on=network.passive)
    proven = run.end()
    alone = network.probe(0, passive="-").end()
    network.kill_nat(network.active)
    return proven, alone, network.probe(0, passive="-").end()


@in_every_shell
def test_a_quick_check_takes_one_ping_and_waits_for_the_passive_nat(stage: Stage, shell: str) -> None:
    proven, alone, offline = stage.play(quick, shell)
    assert (proven.exit_code, proven.ways) == (0, ("online", "yes", "unknown", "yes"))
    assert (alone.exit_code, alone.ways) == (0, ("online", "yes", "unknown", "unknown"))
    assert alone.took < 2
    assert (offline.exit_code, offline.ways) == (1, ("offline", "no", "no", "unknown"))
    assert offline.took < 6


def too_early(network: Network) -> tuple[Outcome, Outcome]:
    """Check quickly a host whose own firewall keeps it from the targets; both NATs listen after it has tried."""
    network.drop(network.host, TARGET_SET, "output")
    run = network.probe(0)
    time.sleep(1.7)
    listeners = [network.probe(0, on=nat) for nat in (network.active, network.passive)]
    outcome = run.end()
    return outcome, [listener.end() for listener in listeners][1]


@in_every_shell
def test_a_quick_check_does_not_call_a_port_shut_that_is_not_open_yet(stage: Stage, shell: str) -> None:
    host, passive = stage.play(too_early, shell)
    assert host.ways[:3] == ("offline", "no", "yes")
    assert BACKEND not in passive.heard


# Every row of what a backend can find


class Death(NamedTuple):
    """What a dead active NAT shows."""

    backend: Outcome
    took: float
    passive: Outcome
    signals_while_offline: int
    online_again: Outcome
    left: bool


def nat_dies(network: Network) -> Death:
    """Kill the active NAT in the midst of a watch, and let it live again some seconds later."""
    passive = network.probe(60, on=network.passive, threshold=1)
    network.probe(60, on=network.active)
    watch = network.probe(8)
    time.sleep(3)
    network.kill_nat(network.active)
    begun = time.monotonic()
    backend = watch.end()
    took = time.monotonic() - begun
    evidence = passive.end()
    # Who is no longer the passive NAT listens to the end of its window.
    after = network.probe(14, active=PASSIVE, passive="-", on=network.passive)
    before = network.signals()[1]
    time.sleep(4)
    signals = network.signals()[1] - before
    network.active.nft('add rule ip nat out oifname "outside" masquerade')
    online_again = after.end()
    return Death(backend, took, evidence, signals, online_again, not network.is_idle(network.host, 8))


@in_every_shell
def test_a_dead_active_nat_is_told_with_the_proof_that_the_passive_one_would_help(stage: Stage, shell: str) -> None:
    death = stage.play(nat_dies, shell)
    assert (death.backend.exit_code, death.backend.ways) == (1, ("offline", "no", "no", "yes"))
    assert 1.5 <= death.backend.said["lost_for"] < 3.5
    assert death.took < 4
    assert not death.backend.held


@in_every_shell
def test_the_passive_nat_ends_its_watch_with_that(stage: Stage, shell: str) -> None:
    passive = stage.play(nat_dies, shell).passive
    assert (passive.exit_code, passive.said["state"]) == (1, "online")
    what, age, through = passive.heard[BACKEND]
    assert (what, through) == ("f", True)
    assert age < 1.5
    assert not passive.held


@in_every_shell
def test_after_its_verdict_it_goes_on_until_it_has_been_online_for_ten_seconds(stage: Stage, shell: str) -> None:
    death = stage.play(nat_dies, shell)
    assert 3 <= death.signals_while_offline <= 5
    what, age, through = death.online_again.heard[BACKEND]
    assert (what, through) == ("n", True)
    assert age < 6
    assert not death.left


def rows(network: Network) -> dict[str, Outcome]:
    """Break one thing after the other, with both NATs listening."""
    listening(network)
    network.probe(60, on=network.active)
    outcomes = {}
    network.drop(network.host, TARGET_SET, "output")
    outcomes["the host alone"] = network.probe(20, pair="a").end()
    network.undo(network.host)
    later = network.probe(20, pair="f")
    time.sleep(2)
    network.drop(network.host, TARGET_SET, "output")
    outcomes["the host alone, later"] = later.end()
    network.undo(network.host)
    network.drop(network.internet, "meta l4proto { icmp, tcp }", "input")
    outcomes["the Internet"] = network.probe(20, pair="b").end()
    network.undo(network.internet)
    network.kill_nat(network.passive)
    outcomes["the standby"] = network.probe(6, pair="c").end()
    outcomes["no NAT known"] = network.probe(1, "-", "-", pair="d").end()
    network.host.ip("link set lo down")
    network.drop(network.host, TARGET_SET, "output")
    outcomes["ping"] = network.probe(20, pair="e").end()
    return outcomes


@in_every_shell
def test_each_way_tells_what_is_broken(stage: Stage, shell: str) -> None:
    outcomes = stage.play(rows, shell)
    # Neither signal would be true of a host that has not been online yet, and gets through the active NAT's port.
    assert outcomes["the host alone"].ways == ("offline", "no", "yes", "unknown")
    assert outcomes["the host alone, later"].ways == ("offline", "no", "yes", "yes")
    assert outcomes["the Internet"].ways == ("offline", "no", "no", "no")
    assert outcomes["the standby"].ways == ("online", "yes", "unknown", "no")
    assert outcomes["no NAT known"].ways == ("online", "yes", "unknown", "unknown")


@in_every_shell
def test_where_a_ping_does_not_even_reach_its_own_host_it_cannot_tell(stage: Stage, shell: str) -> None:
    outcome = stage.play(rows, shell)["ping"]
    assert outcome.exit_code == 2
    assert outcome.said == {"probe": 2, "state": "cannot-probe", "why": "ping does not work on this host"}


def one_kind_dead(network: Network) -> dict[str, Outcome]:
    """Let only pings, or only connections, be lost; and connections that never were, or are answered by the NAT."""
    listening(network)
    outcomes = {}
    network.drop(network.active, "ip protocol icmp", "forward")
    outcomes["pings"] = network.probe(6, pair="a").end()
    network.undo(network.active)
    network.drop(network.active, "tcp dport 443", "forward")
    outcomes["connections never"] = network.probe(6, pair="b").end()
    network.undo(network.active)
    dying = network.probe(20, pair="c")
    time.sleep(2)
    network.drop(network.active, "tcp dport 443", "forward")
    outcomes["connections"] = dying.end()
    network.undo(network.active)
    return outcomes


@in_every_shell
def test_where_only_pings_are_lost_it_is_online_and_sends_few(stage: Stage, shell: str) -> None:
    outcome = stage.play(one_kind_dead, shell)["pings"]
    assert outcome.ways[:2] == ("online", "yes")
    answered, sent = outcome.said["pings"]
    assert (answered, sent) == (0, 3)


@in_every_shell
def test_connections_that_do_not_come_about_any_more_are_a_dead_nat(stage: Stage, shell: str) -> None:
    outcome = stage.play(one_kind_dead, shell)["connections"]
    assert outcome.ways == ("offline", "no", "no", "yes")
    assert outcome.said["lost_for"] < 5


@in_every_shell
def test_connections_that_never_came_about_say_nothing(stage: Stage, shell: str) -> None:
    assert stage.play(one_kind_dead, shell)["connections never"].ways[:2] == ("online", "yes")


def intercepted(network: Network) -> tuple[Outcome, Outcome]:
    """Let the active NAT answer for everybody at 443, and then have no way to the Internet."""
    network.active.nft("add table ip grab\nadd chain ip grab in { type nat hook prerouting priority -90 ; }")
    network.active.nft("add rule ip grab in tcp dport 443 redirect to :8443")
    with network.server(network.active, 8443):
        well = network.probe(3, pair="a").end()
        network.drop(network.active, 'oifname "outside"', "forward")
        dead = network.probe(20, pair="b").end()
    return well, dead


@in_every_shell
def test_where_somebody_answers_for_others_pings_decide(stage: Stage, shell: str) -> None:
    well, dead = stage.play(intercepted, shell)
    assert well.ways[:2] == ("online", "yes")
    assert (dead.exit_code, dead.ways[:3]) == (1, ("offline", "no", "unknown"))
    assert dead.said["intercepted"] is True


def lossy(network: Network) -> list[Outcome]:
    """Lose packets by chance, on several watches at once that look more often than usual."""
    outcomes = []
    for percent in (10, 30):
        network.drop(network.internet, f"{TARGET_SET} numgen random mod 100 < {percent}", "input")
        runs = [network.probe(12, pair=f"p{number}", interval=0.2) for number in range(3)]
        outcomes += [run.end() for run in runs]
        network.undo(network.internet)
    return outcomes


@in_every_shell
def test_packets_lost_by_chance_are_no_outage(stage: Stage, shell: str) -> None:
    outcomes = stage.play(lossy, shell)
    assert {outcome.ways[:2] for outcome in outcomes} == {("online", "yes")}
    lost = [1 - outcome.said["pings"][0] / outcome.said["pings"][1] for outcome in outcomes]
    assert 0 < sum(lost[:3]) < sum(lost[3:])


# The end


def ends(network: Network) -> dict[str, tuple[bool, Outcome]]:
    """Tell of offline probes whether they have gone on, and when they end."""
    shown = {}
    network.kill_nat(network.active)
    capped = network.probe(1, longest=600, failures=1, interval=0.2).end()
    goes_on = not network.is_idle(network.host, 1)
    shown["longest"] = (goes_on and network.is_idle(network.host, 8), capped)
    older = network.probe(60, failures=1, interval=0.2).end()
    time.sleep(1)
    first = set(network.host.pids())
    newer = network.probe(60)
    gone = eventually(lambda: not first & set(network.host.pids()), 4)
    shown["older"] = (gone, older)
    shown["newer"] = (bool(network.host.pids()), newer.end())
    other = network.probe(60, pair="other").end()
    shown["other pair"] = (not network.is_idle(network.host, 3), other)
    return shown


@in_every_shell
def test_what_goes_on_ends_after_six_hours_or_when_a_newer_one_of_the_pair_begins(stage: Stage, shell: str) -> None:
    shown = stage.play(ends, shell)
    assert {name: so for name, (so, _) in shown.items()} == dict.fromkeys(shown, True)
    assert {outcome.ways for _, outcome in shown.values()} == {("offline", "no", "no", "no")}


def killed(network: Network) -> tuple[dict[tuple[str, signal.Signals], Outcome], bool]:
    """Kill probes in every way, while all is well, and while all is lost."""
    network.drop(network.host, f"ip daddr {TARGETS[2]}", "output")
    runs: dict[tuple[str, signal.Signals], Run] = {}
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL):
        runs["well", number] = network.probe(600, targets=TARGETS[:1], pair=f"a{number}", interval=9)
        runs["lost", number] = network.probe(600, targets=TARGETS[2:], pair=f"b{number}", failures=9)
    time.sleep(2)
    for (_, number), run in runs.items():
        run.process.send_signal(number)
    idle = network.is_idle(network.host, 3)
    return {of: run.end() for of, run in runs.items()}, idle


@in_every_shell
def test_when_it_is_killed_nothing_is_left_nor_said(stage: Stage, shell: str) -> None:
    outcomes, idle = stage.play(killed, shell)
    assert idle
    expected = {signal.SIGTERM: 143, signal.SIGINT: 130, signal.SIGHUP: 129, signal.SIGKILL: -signal.SIGKILL}
    assert {of: outcome.exit_code for of, outcome in outcomes.items()} == {of: expected[of[1]] for of in outcomes}
    assert {(outcome.stdout, outcome.stderr, outcome.held) for outcome in outcomes.values()} == {("", "", False)}


def killed_later(network: Network) -> bool:
    """Kill what has gone on after the verdict."""
    network.kill_nat(network.active)
    run = network.probe(60, ACTIVE, PASSIVE)
    run.end()
    run.kill()
    return network.is_idle(network.host)


@in_every_shell
def test_what_goes_on_can_be_killed_with_its_process_group(stage: Stage, shell: str) -> None:
    assert stage.play(killed_later, shell)
