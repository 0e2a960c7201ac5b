"""Defects of the function that a history sees: the proof that one can fail. `make simulate MUTANTS=1` hunts for all."""

from __future__ import annotations

import pytest

from tests.simulation.histories.history import History, Step
from tests.simulation.hunt import hunt
from tests.simulation.minimise import minimise
from tests.simulation.mutants import MUTANTS
from tests.simulation.play import play

BY_NAME = {mutant.name: mutant for mutant in MUTANTS}
# One of each rule, among those that die soon; and the rule that they break.
SOON = {
    "the claim is created over another": 1,
    "whether backends get through the passive NAT is ignored": 2,
    "a failure counts twice": 3,
    "a dead failover is not finished": 4,
    "the record is written after the swap": 6,
    "nobody is told": 7,
    "lost routes are not told of": 8,
}


@pytest.mark.parametrize("name", SOON)
def test_a_defect_is_seen_within_a_thousand_histories_by_the_rule_that_it_breaks(name: str) -> None:
    assert hunt(BY_NAME[name]).rule == SOON[name]


def test_a_history_that_breaks_a_rule_is_made_smaller_and_breaks_it_still() -> None:
    needless = [
        *(Step("a tick comes too", 5.0), Step("a person adds a route", 8.0), Step("a clock is wrong", 9.0, (1, 5.0))),
        *(Step("an agent is silent", 12.0, (0, 5.0)), Step("a target is dead", 14.0, (1, 5.0))),
    ]
    needed = Step("a person re-arms", 0.0, (), ("PutParameter lock", 1))
    dies = Step("the active NAT fails", 20.0, ("rules flushed",))
    environment = {"NAT_FAILOVER_WARM_UP": "60"}
    whole = History(
        3, environment=environment, events=(0.0, 0.5, 0.5), steps=(*needless, dies, needed), lasts=120.0, harsh=0
    )
    with BY_NAME["the outcome overwrites what a person wrote"].applied():
        first = play(whole)
        smaller = minimise(first).history
        again = play(smaller)
    assert [violation.rule for violation in again.violations[:1]] == [6]
    assert smaller.events == (0.0, 0.0, 0.0)
    assert smaller.steps in ((needed,), (dies, needed))
    assert play(whole).violations == []
