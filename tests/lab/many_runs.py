"""Plays many runs, some of them at the same time."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from tests.lab.latencies import Latencies
from tests.lab.run import Run, play
from tests.lab.scenarios import SCENARIOS

# Name of the scenario, network, seed, latencies.
Wanted = tuple[str, str, int, Latencies]


def play_all(wanted: Sequence[Wanted], jobs: int) -> Iterator[Run]:
    """Play runs and give them in order; more than one job are processes, each with clocks and an AWS of its own."""
    if jobs == 1:
        yield from map(_play, wanted)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=quiet) as pool:
        yield from pool.map(_play, wanted)


def _play(wanted: Wanted) -> Run:
    name, network, seed, latencies = wanted
    return play(SCENARIOS[name], network, seed, latencies)


def quiet() -> None:
    """Leave the screen to the drill: what the product and moto log is not for it."""
    logging.getLogger("nat_failover").setLevel(logging.CRITICAL)
    logging.getLogger("nat_failover").addHandler(logging.NullHandler())
    logging.getLogger("moto").setLevel(logging.ERROR)
    # Of alarms and the topic's policy, which its CloudFormation leaves out: no drill needs them.
    warnings.filterwarnings("ignore", message="Tried to parse AWS::", category=UserWarning)
