"""The echo on real packets: a second command on the passive NAT, which ends when the listener has something to tell."""

from __future__ import annotations

import time

import pytest

from tests.integration.probe.listening import listening, listens
from tests.integration.probe.network import PASSIVE, Network, Stage
from tests.integration.probe.shells import Outcome, Run, in_every_shell
from tests.lab.network.real.netns import eventually

pytestmark = pytest.mark.namespaces


def waiting(network: Network, window: int = 60) -> Run:
    """Start an echo, and wait until it waits."""
    run = network.probe(window, PASSIVE, PASSIVE, on=network.passive)
    fifo = network.disk(network.passive) / "nat-failover-main.echo"
    began = fifo.stat().st_ctime_ns if fifo.exists() else 0
    assert eventually(lambda: fifo.is_fifo() and fifo.stat().st_ctime_ns > began, 10)
    return run


def woken(network: Network) -> tuple[Outcome, Outcome, float]:
    """Let an echo wait while the active NAT dies; give how listener and echo end, and how long the latter takes."""
    listener = network.probe(60, on=network.passive, threshold=1)
    assert eventually(lambda: listens(network), 5)
    echo = waiting(network)
    network.probe(20)
    time.sleep(3)
    assert echo.process.poll() is None
    network.kill_nat(network.active)
    ended, begun = listener.end(), time.monotonic()
    return ended, echo.end(), time.monotonic() - begun


@in_every_shell
def test_it_ends_a_moment_after_the_listener_as_one_that_has_failed(stage: Stage, shell: str) -> None:
    listener, echo, later = stage.play(woken, shell)
    assert (listener.exit_code, echo.exit_code) == (1, 1)
    assert echo.fields == {"probe": 2, "echo": 1}
    assert later < 3


def undisturbed(network: Network) -> tuple[Outcome, Outcome, bool]:
    """Let echo and listener come to the ends of their windows; give whether nothing is left on the NAT."""
    listener = listening(network, window=4)
    echo = waiting(network, 4)
    return listener.end(), echo.end(), network.is_idle(network.passive, 3)


@in_every_shell
def test_where_there_is_nothing_to_tell_it_ends_well_and_leaves_nothing(stage: Stage, shell: str) -> None:
    listener, echo, idle = stage.play(undisturbed, shell)
    assert (listener.exit_code, echo.exit_code) == (0, 0)
    assert echo.stdout == ""
    assert idle


def hindered(network: Network) -> Outcome:
    """Let an echo have nowhere to wait."""
    place = network.disk(network.passive) / "nat-failover-main.echo"
    place.unlink(missing_ok=True)
    place.mkdir()
    try:
        return network.probe(60, PASSIVE, PASSIVE, on=network.passive).end()
    finally:
        place.rmdir()


@in_every_shell
def test_one_that_can_not_wait_ends_without_a_word(stage: Stage, shell: str) -> None:
    outcome = stage.play(hindered, shell)
    assert (outcome.exit_code, outcome.stdout, outcome.stderr) == (0, "", "")


def replaced(network: Network) -> tuple[Outcome, bool]:
    """Let a newer echo begin; give how the older one ends, and whether the newer one waits."""
    older, newer = waiting(network), waiting(network)
    outcome = older.end()
    time.sleep(1)
    waits = newer.process.poll() is None
    newer.process.terminate()
    newer.end()
    return outcome, waits


@in_every_shell
def test_the_newest_ends_the_one_before(stage: Stage, shell: str) -> None:
    older, waits = stage.play(replaced, shell)
    assert (older.exit_code, older.stdout) == (0, "")
    assert waits


def ended(network: Network) -> tuple[Outcome, bool]:
    """End an echo as a shutdown does; give whether nothing is left on the NAT."""
    echo = waiting(network)
    echo.process.terminate()
    return echo.end(), network.is_idle(network.passive, 3)


@in_every_shell
def test_one_that_is_ended_leaves_nothing(stage: Stage, shell: str) -> None:
    outcome, idle = stage.play(ended, shell)
    assert outcome.exit_code == 143
    assert idle
