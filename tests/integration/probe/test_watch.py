"""The watch of a backend on real packets: while all is well, and when its active NAT dies."""

from __future__ import annotations

import time
from typing import NamedTuple

import pytest

from tests.integration.probe.listening import TARGET_SET, listening
from tests.integration.probe.network import BACKEND, PASSIVE, Network, Stage
from tests.integration.probe.shells import Outcome, in_every_shell

pytestmark = pytest.mark.namespaces


def well(network: Network) -> tuple[Outcome, bool]:
    """Watch at the default settings."""
    listening(network)
    outcome = network.probe(6).end()
    return outcome, network.is_idle(network.host)


@in_every_shell
def test_at_the_end_of_its_window_it_says_that_all_is_well(stage: Stage, shell: str) -> None:
    outcome, idle = stage.play(well, shell)
    fields = outcome.fields
    assert (outcome.exit_code, outcome.ways) == (0, ("online", "yes", "unknown", "yes"))
    assert fields.keys() == {
        *("probe", "state", "pings", "lost_for", "elapsed", "uptime", "boot", "route", "active", "passive", "lately")
    }
    assert (fields["probe"], fields["lost_for"]) == (2, 0)
    assert 6 <= fields["elapsed"] < 7.5
    # By turns with connections.
    assert fields["pings"][0] == fields["pings"][1]
    assert 4 <= fields["pings"][1] <= 8
    assert idle
    assert not outcome.held


@in_every_shell
def test_it_signals_at_first_and_every_five_seconds(stage: Stage, shell: str) -> None:
    stage.play(well, shell)
    assert stage.play(signalled, shell) == (4, 0)


def signalled(network: Network) -> tuple[int, int]:
    """Count the signals of a watch, each of which is two connections."""
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
    assert BACKEND not in passive.signals


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
    assert 1.5 <= death.backend.fields["lost_for"] < 3.5
    assert death.took < 4
    assert not death.backend.held


@in_every_shell
def test_the_passive_nat_ends_its_watch_with_that(stage: Stage, shell: str) -> None:
    passive = stage.play(nat_dies, shell).passive
    assert (passive.exit_code, passive.fields["state"]) == (1, "online")
    what, age, through = passive.signals[BACKEND]
    assert (what, through) == ("f", True)
    assert age < 1.5
    assert not passive.held


@in_every_shell
def test_after_its_verdict_it_goes_on_until_it_has_been_online_for_ten_seconds(stage: Stage, shell: str) -> None:
    death = stage.play(nat_dies, shell)
    # Two connections a second.
    assert 6 <= death.signals_while_offline <= 10
    what, age, through = death.online_again.signals[BACKEND]
    assert (what, through) == ("n", True)
    assert age < 6
    assert not death.left
