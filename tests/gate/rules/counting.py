"""Counts which rules change an answer while a scenario is played; a process of its own can do that."""

from __future__ import annotations

import sys
from collections import Counter

from tests.gate.rules.rule import CHANGED
from tests.lab.latencies import Latencies
from tests.lab.run import play
from tests.lab.scenarios import SCENARIOS

# Real packets need root, and change no answer of AWS.
NETWORK, SEED = "simulated", 1


def counted(scenario: str) -> Counter[str]:
    """Return how often each rule changed an answer in a scenario; one that fails or breaks off counts, too."""
    before = Counter(CHANGED)
    try:
        play(SCENARIOS[scenario], NETWORK, SEED, Latencies())
    except Exception as error:  # noqa: BLE001 - what ended a scenario is told, and is a matter of `make test`
        print(f"{scenario} ended early: {type(error).__name__}: {error}", file=sys.stderr)
    return Counter(CHANGED) - before
