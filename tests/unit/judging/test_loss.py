"""How much backends lose: what pings and connections lose alike, of the backend in the middle."""

from __future__ import annotations

import pytest

from nat_failover.judging.loss import loss, lost_of
from nat_failover.probing.observation import Observation
from nat_failover.probing.probe_report import Lately
from tests.examples import BACKENDS, NOW, failures, settings, well


@pytest.mark.parametrize(
    ("lately", "lost"),
    [
        (Lately(120, 120, 120, 120), 0.0),
        (Lately(102, 120, 102, 120), 15.0),
        (Lately(96, 120, 108, 120), 15.0),
        # Targets that answer few pings.
        (Lately(12, 120, 120, 120), 0.0),
        (Lately(12, 120, 119, 120), 0.0),
        (Lately(120, 120, 60, 120), 0.0),
        # Pings that nothing lets through.
        (Lately(0, 20, 180, 200), 10.0),
        # No connection ever comes about, or too little was sent.
        (Lately(60, 120, 0, 9), None),
        (Lately(5, 9, 5, 9), None),
        (Lately(0, 0, 0, 0), None),
    ],
)
def test_only_what_both_lose_is_lost(lately: Lately, lost: float | None) -> None:
    assert lost_of(lately) == (None if lost is None else pytest.approx(lost))


def online(*percent: int) -> list[Observation]:
    """Let as many backends have lost so much."""
    lately = [Lately(100 - lost, 100, 100 - lost, 100) for lost in percent]
    return [o for host, each in zip(BACKENDS, lately, strict=False) for o in well(host, lately=each)]


@pytest.mark.parametrize(
    ("percent", "lost"),
    [((15, 16, 17), 16), ((0, 0, 0, 90, 90), 0), ((0, 20, 20, 20), 20), ((15, 15), None), ((), None)],
)
def test_the_trouble_of_a_few_is_none_of_the_nat(percent: tuple[int, ...], lost: float | None) -> None:
    assert loss(online(*percent), settings()) == lost


def test_the_latest_report_counts_and_only_of_those_who_are_online() -> None:
    lately = Lately(50, 100, 50, 100)
    before = well(*BACKENDS[:3], lately=lately, at=NOW - 600)
    assert loss([*online(0, 0, 0), *before], settings()) == 0
    assert loss(failures(lately=lately), settings()) is None
