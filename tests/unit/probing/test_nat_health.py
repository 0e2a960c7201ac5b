"""What a NAT tells of itself: read as it stands, dated minute by minute, and left out where it makes no sense."""

from __future__ import annotations

from typing import Any

import pytest

from nat_failover.probing.nat_health import Health, Minute, read_health
from nat_failover.probing.probe_report import read_report
from tests.unit.probing.observing import probe_line

HEALTH: dict[str, Any] = {"limit": 16384, "memory": 420, "exceeded": "pps bw_in", "minutes": "1200,210,0 1300,200,7"}
READ = Health(16384, 420, ("pps", "bw_in"), (Minute(1200, 210, 0), Minute(1300, 200, 7)))


def test_a_nat_tells_of_itself_in_its_line() -> None:
    report = read_report(probe_line("online", heard="", health=HEALTH))
    assert report is not None
    assert report.health == READ


def test_where_ec2s_limits_are_not_known_the_rest_is() -> None:
    health = read_health({**HEALTH, "minutes": "0,210"})
    assert health is not None
    assert health.minutes == (Minute(0, 210, None),)


@pytest.mark.parametrize(
    "printed",
    [
        None,
        "health",
        {},
        {**HEALTH, "limit": -1},
        {**HEALTH, "limit": 1.5},
        {**HEALTH, "limit": True},
        {**HEALTH, "memory": "420"},
        {**HEALTH, "exceeded": None},
        {**HEALTH, "minutes": ""},
        {**HEALTH, "minutes": "1,2 "},
        {**HEALTH, "minutes": "1,2,3,4"},
        {**HEALTH, "minutes": "-1,2"},
        {**HEALTH, "minutes": "12345678901,2"},
        {**HEALTH, "minutes": ["1,2"]},
    ],
)
def test_what_makes_no_sense_is_left_out(printed: object) -> None:
    assert read_health(printed) is None


def test_no_more_is_read_than_a_watch_has_minutes() -> None:
    health = read_health({**HEALTH, "minutes": " ".join(["1,2"] * 5000), "exceeded": "x" * 5000})
    assert health is not None
    assert (len(health.minutes), health.exceeded) == (60, ())


@pytest.mark.parametrize(
    ("elapsed", "ends"),
    [(150.0, [910.0, 970.0, 1000.0]), (125.0, [935.0, 995.0, 1000.0]), (600.5, [939.5, 999.5, 1000.0])],
)
def test_each_minute_ends_a_minute_after_the_one_before_and_the_last_with_the_watch(
    elapsed: float, ends: list[float]
) -> None:
    health = Health(100, 100, (), (Minute(1, 1, None), Minute(2, 1, None), Minute(3, 1, None)))
    dated = health.dated(1000.0, elapsed)
    assert [at for at, _ in dated] == pytest.approx(ends, abs=0.01)
    assert [minute.connections for _, minute in dated] == [1, 2, 3]


def test_a_quick_check_has_one() -> None:
    health = Health(100, 100, (), (Minute(80, 25, None),))
    assert health.dated(1000.0, 3.0) == [(1000.0, health.minutes[0])]
    assert (health.connections_percent, health.memory_percent_in(health.minutes[0])) == (80.0, 25.0)


def test_where_ec2_tracks_no_more_it_is_full() -> None:
    assert Health(100, 100, ("conntrack",), (Minute(1, 1, 1),)).connections_percent == 100.0


def test_whatever_a_nat_says_is_a_part_of_a_hundred() -> None:
    health = Health(1, 1, (), (Minute(500, 500, None),))
    assert health.connections_percent == health.memory_percent_in(health.minutes[0]) == 100.0
    nothing = Health(0, 0, (), (Minute(500, 500, None),))
    assert (nothing.connections_percent, nothing.memory_percent_in(nothing.minutes[0])) == (0.0, 100.0)
