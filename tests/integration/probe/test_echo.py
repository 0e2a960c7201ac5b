"""The echo on real packets: a second command on the passive NAT, which ends when the listener has something to tell."""

from __future__ import annotations

import time

import pytest

from tests.integration.probe.listening import listening, listens
from tests.integration.probe.network import PASSIVE, Network, Stage
from tests.integration.probe.shells import Outcome, in_every_shell
from tests.lab.network.real.netns import eventually

pytestmark = pytest.mark.namespaces


def woken(network: Network) -> tuple[Outcome, Outcome, float]:
    """Let an echo wait while the active NAT dies; give how listener and echo end, and how long the latter takes."""
    listener = network.probe(60, on=network.passive, threshold=1)
    assert eventually(lambda: listens(network), 5)
    echo = network.probe(60, PASSIVE, PASSIVE, on=network.passive)
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
    echo = network.probe(4, PASSIVE, PASSIVE, on=network.passive)
    return listener.end(), echo.end(), network.is_idle(network.passive, 3)


@in_every_shell
def test_where_there_is_nothing_to_tell_it_ends_well_and_leaves_nothing(stage: Stage, shell: str) -> None:
    listener, echo, idle = stage.play(undisturbed, shell)
    assert (listener.exit_code, echo.exit_code) == (0, 0)
    assert echo.stdout == ""
    assert idle


def ended(network: Network) -> tuple[Outcome, bool]:
    """End an echo as a shutdown does; give whether nothing is left on the NAT."""
    echo = network.probe(60, PASSIVE, PASSIVE, on=network.passive)
    time.sleep(1)
    echo.process.terminate()
    return echo.end(), network.is_idle(network.passive, 3)


@in_every_shell
def test_one_that_is_ended_leaves_nothing(stage: Stage, shell: str) -> None:
    outcome, idle = stage.play(ended, shell)
    assert outcome.exit_code == 143
    assert idle
