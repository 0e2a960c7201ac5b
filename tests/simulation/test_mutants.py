"""The proof that a history can fail: defects of the function that it sees. `make mutants` hunts for all of them."""

from __future__ import annotations

from types import CodeType

import pytest

from tests.simulation.generator import history
from tests.simulation.hunt import hunt
from tests.simulation.minimise import minimise
from tests.simulation.mutants import MUTANTS, Mutant, StaleMutantError
from tests.simulation.play import play

BY_NAME = {mutant.name: mutant for mutant in MUTANTS}
# One of each rule, among those that die soon; and the rule that they break.
SOON = {
    "the claim is created over another": 1,
    "the control is ignored": 2,
    "freshness is ignored": 3,
    "a dead failover is not finished": 4,

    "the record is written after the swap": 6,
    "nobody is told": 7,
    "lost routes are not told of": 8,
}


def what_it_does(code: CodeType) -> tuple[object, ...]:
    inner = tuple(what_it_does(c) if isinstance(c, CodeType) else c for c in code.co_consts)
    return code.co_code, code.co_names, inner


@pytest.mark.parametrize("mutant", MUTANTS, ids=BY_NAME)
def test_a_defect_is_one_of_the_function_as_it_is_now_and_leaves_no_trace(mutant: Mutant) -> None:
    function = mutant.function()
    intact = function.__code__
    with mutant.applied():
        assert what_it_does(function.__code__) != what_it_does(intact)
    assert function.__code__ is intact


@pytest.mark.parametrize(
    "stale",
    [
        Mutant("words that are gone", "lock:LockStore.take", "overwrite=Perhaps", ""),
        Mutant("words that are there twice", "lock:LockStore.take", "self", ""),
        Mutant("a function that is gone", "lock:LockStore.steal", "self", ""),
    ],
    ids=lambda mutant: mutant.name,
)
def test_a_defect_that_is_none_any_more_is_an_error(stale: Mutant) -> None:
    with pytest.raises(StaleMutantError, match=stale.name), stale.applied():
        pass


@pytest.mark.parametrize("name", SOON)
def test_a_defect_is_seen_within_a_thousand_histories_by_the_rule_that_it_breaks(name: str) -> None:
    assert hunt(BY_NAME[name]).rule == SOON[name]


def test_a_history_that_breaks_a_rule_is_made_smaller_and_breaks_it_still() -> None:
    mutant = BY_NAME["the control is ignored"]
    seed = hunt(mutant).seed
    assert seed is not None
    with mutant.applied():
        first = play(history(seed))
        smaller = minimise(first)
        again = play(smaller.history)
    assert [v.rule for v in again.violations[:1]] == [2]
    assert len(again.history.steps) <= min(2, len(first.history.steps))
    assert len(again.strikes) <= len(first.strikes)
    assert play(smaller.history).violations == []
