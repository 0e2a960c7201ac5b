"""What the order of tests names is there, and no test is lost by it."""

from __future__ import annotations

import pytest

from tests.e2e.account import ROOT
from tests.order import APART, LONG, SHARING, ordered, unit


@pytest.mark.parametrize("path", sorted({*APART, *LONG, *SHARING}))
def test_what_is_named_is_there(path: str) -> None:
    assert list(ROOT.glob(f"{path}*"))


def test_each_test_is_in_one_unit_and_what_takes_long_begins(request: pytest.FixtureRequest) -> None:
    items = request.session.items
    again = ordered(reversed(items))
    assert sorted(again, key=id) == sorted(items, key=id)
    units = [unit(item.nodeid) for item in again]
    changes = [name for n, name in enumerate(units) if n == 0 or units[n - 1] != name]
    assert len(changes) == len(set(changes))
    long = [name for name in LONG if name in changes]
    assert changes[: len(long)] == long
