"""Histories of every kind, each by its seed: no rule is broken in any, and each is played the same whenever it is."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable

import pytest

from tests.simulation.account.weather import FATES
from tests.simulation.histories.generator import KINDS, history
from tests.simulation.histories.timeline import timeline
from tests.simulation.play import Played, play

# The last one has what is in none of the others.
BATCHES = (range(40), range(40, 80), range(80, 120), (*range(120, 160), 248))
Batches = Callable[[int], list[Played]]


def batch(number: int) -> list[Played]:
    return [play(history(seed)) for seed in BATCHES[number]]


@pytest.fixture
def played(once: Callable[..., list[Played]]) -> Batches:
    return lambda number: once(batch, number)


@pytest.mark.parametrize("number", range(len(BATCHES)))
def test_no_rule_is_broken(number: int, played: Batches) -> None:
    broken = {p.history.seed: p.violations[0] for p in played(number) if p.violations}
    assert broken == {}


def test_every_kind_of_trouble_happens_and_most_histories_fail_over(played: Batches) -> None:
    histories = [each for number in range(len(BATCHES)) for each in played(number)]
    seen = sum((p.seen for p in histories), Counter[str]())
    assert set(KINDS) <= set(seen)
    assert set(FATES) == {fate for p in histories for fate, _ in p.befallen}
    assert seen["finales"] == len(histories) - sum(bool(p.violations) for p in histories)
    assert seen["failovers begun"] > 1.3 * len(histories)


def test_a_seed_is_one_history_to_the_letter_in_another_process_too() -> None:
    command = [sys.executable, "-m", "tests.simulation", "--seed", "7"]
    environment = {**os.environ, "PYTHONHASHSEED": "1"}
    output = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    assert "the active NAT" in output
    assert timeline(play(history(7), telling=True)) in output


def test_a_history_logs_nothing_and_leaves_the_log_as_it_was(caplog: pytest.LogCaptureFixture) -> None:
    package = "nat_failover"
    with caplog.at_level(logging.DEBUG, package):
        play(history(0))
        logging.getLogger(package).info("after it")
    assert [record.getMessage() for record in caplog.records if record.name.startswith(package)] == ["after it"]
