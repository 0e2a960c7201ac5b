"""Looks for the seed that kills a mutant."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

from rich.console import Console
from rich.table import Table

from tests.simulation.campaign import BATCH, prepare
from tests.simulation.histories.generator import history
from tests.simulation.mutant import Mutant
from tests.simulation.mutants import MUTANTS
from tests.simulation.play import play

# A mutant that lives through so many histories is one that the simulator does not see.
SEEDS = 1000


@dataclass(frozen=True)
class Kill:
    """What came of the hunt for a mutant; without a rule it lives."""

    mutant: str
    histories: int
    seconds: float
    seed: int | None = None
    rule: int | None = None
    sentence: str = ""


def hunt(mutant: Mutant, seeds: Sequence[int] = range(SEEDS)) -> Kill:
    """Play histories with a mutant until one breaks a rule.

    Raises:
        StaleMutantError: the mutant is none (any more).
    """
    began = time.monotonic()
    with mutant.applied():
        for number, seed in enumerate((*mutant.seeds, *seeds), 1):
            if number % BATCH == 0:
                gc.collect()
            broken = play(history(seed)).violations
            if broken:
                first = broken[0]
                return Kill(mutant.name, number, time.monotonic() - began, seed, first.rule, first.sentence)
    return Kill(mutant.name, len(seeds), time.monotonic() - began)


def hunt_all(jobs: int, seeds: Sequence[int] = range(SEEDS)) -> Iterator[Kill]:
    """Hunt for all mutants; gives what came of each, in their order."""
    prepare()
    with ProcessPoolExecutor(jobs, mp_context=get_context("fork")) as pool:
        yield from pool.map(hunt, MUTANTS, [seeds] * len(MUTANTS))


def main() -> int:
    """Hunt for all, and give 0 only where none lives."""
    console = Console(width=140, highlight=False)
    table = Table("mutant", "histories", "seed", "rule", "how", title="Mutants")
    lives = 0
    for kill in hunt_all(jobs=2):
        lives += kill.rule is None
        found = ("-", "LIVES", "") if kill.rule is None else (str(kill.seed), str(kill.rule), kill.sentence[:70])
        table.add_row(kill.mutant, str(kill.histories), *found)
        if not console.is_terminal:
            console.print(f"{kill.mutant}: {found[1]} after {kill.histories}", markup=False)
    console.print(table)
    console.print(f"{len(MUTANTS) - lives} of {len(MUTANTS)} mutants killed within {SEEDS} histories each")
    return 1 if lives else 0


if __name__ == "__main__":
    sys.exit(main())
