"""Many histories, on several processors: who breaks which rule, and how much there was of every trouble."""

from __future__ import annotations

import gc
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context

from tests.lab.many_runs import quiet
from tests.simulation.histories.generator import PAIRS, history
from tests.simulation.play import play

# Histories that a process plays before it gives what it has seen.
BATCH = 50


@dataclass
class Campaign:
    """What many histories came to.

    Attributes:
        broken: seed and the first violation of each history that breaks a rule: rule, and how.
        seen: how often each kind of trouble and of outcome happened.
        befallen: how often each fate has befallen each operation.
        calls: how often each operation was called.
        hours: virtual time.
        seconds: real time.
    """

    histories: int = 0
    broken: list[tuple[int, int, str]] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    befallen: Counter[tuple[str, str]] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)
    hours: float = 0.0
    seconds: float = 0.0

    def add(self, other: Campaign) -> None:
        """Add others."""
        self.histories += other.histories
        self.broken += other.broken
        self.seen += other.seen
        self.befallen += other.befallen
        self.calls += other.calls
        self.hours += other.hours


def prepare() -> None:
    """Make ready for many histories: deploy every kind of pair once, and spare it from the garbage collector."""
    quiet()
    wanted = [dict(pair) for _, pair in PAIRS]
    seed = 0
    while wanted:
        drawn = history(seed)
        if drawn.settings in wanted:
            wanted.remove(dict(drawn.settings))
            play(drawn)
        seed += 1
    gc.collect()
    gc.freeze()
    gc.disable()


def campaign(seeds: Sequence[int], jobs: int) -> Iterator[Campaign]:
    """Play histories; gives what they have come to so far, again and again."""
    began, total = time.monotonic(), Campaign()
    batches = [seeds[start : start + BATCH] for start in range(0, len(seeds), BATCH)]
    prepare()
    with ProcessPoolExecutor(jobs, mp_context=get_context("fork")) as pool:
        for done in pool.map(play_batch, batches):
            total.add(done)
            total.seconds = time.monotonic() - began
            yield total


def play_batch(seeds: Iterable[int]) -> Campaign:
    """Play histories one after the other."""
    total = Campaign()
    gc.collect()
    for seed in seeds:
        played = play(history(seed))
        total.histories += 1
        total.seen += played.seen
        total.befallen += played.befallen
        total.calls += played.calls
        total.hours += played.seconds / 3600
        if played.violations:
            first = played.violations[0]
            total.broken.append((seed, first.rule, first.sentence))
    return total
