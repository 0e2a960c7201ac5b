"""The simulator's defects are defects of the function as it is; `make simulate MUTANTS=1` shows if it sees them."""

from __future__ import annotations

from types import CodeType

import pytest

from tests.simulation.mutant import Mutant, StaleMutantError
from tests.simulation.mutants import MUTANTS


def what_it_does(code: CodeType) -> tuple[object, ...]:
    inner = tuple(what_it_does(c) if isinstance(c, CodeType) else c for c in code.co_consts)
    return code.co_code, code.co_names, inner


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_defect_is_one_of_the_function_as_it_is_now_and_leaves_no_trace(mutant: Mutant) -> None:
    function = mutant.function()
    intact = function.__code__
    with mutant.applied():
        assert what_it_does(function.__code__) != what_it_does(intact)
    assert function.__code__ is intact


@pytest.mark.parametrize(
    "stale",
    [
        Mutant("words that are gone", "lock.store:LockStore.take", "overwrite=Perhaps", ""),
        Mutant("words that are there twice", "lock.store:LockStore.take", "self", ""),
        Mutant("a function that is gone", "lock.store:LockStore.steal", "self", ""),
    ],
    ids=lambda mutant: mutant.name,
)
def test_a_defect_that_is_none_any_more_is_an_error(stale: Mutant) -> None:
    with pytest.raises(StaleMutantError, match=stale.name), stale.applied():
        pass
