"""The rates are printed, can be multiplied, and none at all leaves the documented ones."""

from __future__ import annotations

import json

from tests.gate.chance import Lots, befallen
from tests.gate.harshness import GENTLE, SHARES, Harshness


def test_a_gentle_account_leaves_nothing_to_chance_but_keeps_its_rates() -> None:
    assert {getattr(GENTLE, name) for name in SHARES} == {0.0}
    assert (GENTLE.put_rate, GENTLE.unaddressed) == (Harshness().put_rate, Harshness().unaddressed)


def test_no_share_becomes_more_than_all() -> None:
    assert Harshness(stale=0.5).scaled(4).stale == 1.0


def test_every_rate_is_told_as_json_and_in_a_line() -> None:
    rates = json.loads(json.dumps(Harshness().as_json()))
    assert rates["unaddressed"] == [10.0, 300.0]
    assert "put_rate 3" in Harshness().in_words
    assert all(name in Harshness().in_words for name in rates)


def test_chance_hangs_on_the_seed_and_on_what_it_is_about_alone() -> None:
    alone = [Lots(1).draw("a", 0.5) is not None for _ in range(1)]
    lots = Lots(1)
    lots.draw("b", 0.5)
    assert [lots.draw("a", 0.5) is not None] == alone
    drawn = [befallen(seed, "x", 0.25) is not None for seed in range(2000)]
    assert 0.2 < sum(drawn) / len(drawn) < 0.3
    assert befallen(1, "x", 0.0) is None
