"""Pings that are lost while backends are online: told only of what backends have reported themselves."""

from __future__ import annotations

import pytest

from nat_failover.judging.loss import without_pings
from nat_failover.probing.observation import Observation
from tests.examples import BACKENDS, NOW, STANDBY, failures, settings, well


def online(*pings: tuple[int, int]) -> list[Observation]:
    """Let as many backends have reported that they are online, with these pings answered."""
    return [o for host, each in zip(BACKENDS, pings, strict=False) for o in well(host, pings=each)]


LOST, ANSWERED = (4, 60), (60, 60)


@pytest.mark.parametrize(
    ("reports", "number"),
    [
        ([LOST] * 3, 3),
        ([LOST] * 3 + [ANSWERED] * 2, 3),
        ([LOST] * 2 + [ANSWERED], 0),
        ([LOST] * 3 + [ANSWERED] * 3, 0),
        ([(30, 60)] * 4, 0),
        ([(29, 60)] * 4, 4),
    ],
)
def test_most_pings_of_most_backends_are_lost_or_it_is_not_so(reports: list[tuple[int, int]], number: int) -> None:
    found = without_pings(online(*reports), settings())
    assert found is not None
    assert len(found) == number


@pytest.mark.parametrize(
    "observations",
    [
        [],
        online(LOST, LOST),
        online(*[(0, 2)] * 4),
        failures(pings=LOST),
        well(*BACKENDS[:4], pings=LOST, relayed_by=STANDBY),
    ],
)
def test_where_too_few_have_reported_nothing_is_known(observations: list[Observation]) -> None:
    assert without_pings(observations, settings()) is None


def test_the_latest_report_of_a_backend_counts() -> None:
    before = well(*BACKENDS[:3], pings=LOST, at=NOW - 600)
    assert without_pings([*online(*[ANSWERED] * 3), *before], settings()) == ()
