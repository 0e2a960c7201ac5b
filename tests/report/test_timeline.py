"""Where everything stands on a timeline."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nat_failover.cli.report.report import Milestone, Moment, Span, Track, longest_outage, spans_of
from nat_failover.cli.report.timeline import AFTER, BEFORE, MARKER, MOST_TICKS, SHORTEST, timeline
from tests.report.plays import play

times = st.floats(min_value=-100, max_value=10_000, allow_nan=False)


def test_samples_become_spans_that_touch_each_other() -> None:
    samples = [(0.0, True), (1.0, True), (2.0, False), (3.0, False), (4.0, True)]
    assert spans_of(samples, 5.0) == (Span(0.0, 2.0, True), Span(2.0, 4.0, False), Span(4.0, 5.0, True))
    assert spans_of([], 5.0) == ()


@given(st.lists(st.booleans(), min_size=2, max_size=60))
def test_spans_keep_every_sample_and_alternate(states: list[bool]) -> None:
    spans = spans_of([(float(n), online) for n, online in enumerate(states)], len(states))
    shown = [next(span.online for span in spans if span.begun <= n < span.ended) for n in range(len(states))]
    assert shown == states
    assert all(a.ended == b.begun and a.online != b.online for a, b in pairwise(spans))


def test_the_longest_outage_is_counted_from_the_failure_on_and_is_none_while_it_lasts() -> None:
    spans = spans_of([(-9.0, True), (-4.0, False), (1.0, True), (2.0, False), (5.0, True)], 9.0)
    assert longest_outage(spans, 0.0, 9.0) == 3.0
    assert longest_outage(spans[:-2], 0.0, 2.0) == 1.0  # what began before counts from the failure on
    assert longest_outage(spans_of([(0.0, True), (3.0, False)], 9.0), 0.0, 9.0) is None
    assert longest_outage(spans_of([(0.0, True)], 9.0), 0.0, 9.0) == 0.0


def test_it_shows_a_little_before_the_failure_and_a_little_after_the_recovery_and_no_long_rest() -> None:
    drawn = timeline(play())
    length = BEFORE + 4.4 + AFTER
    offline = next(bar for bar in drawn.rows[0].bars if not bar.online)
    assert offline.left == pytest.approx(100 * (BEFORE + 0.2) / length, abs=0.01)
    assert offline.width == pytest.approx(100 * 4.2 / length, abs=0.01)


def test_where_nothing_has_come_back_it_shows_everything_to_the_end() -> None:
    lasting = replace(
        play(), tracks=(Track("backend1", (Span(-5, 1, True), Span(1, 200, False)), None),), moments=play().moments[:1]
    )
    drawn = timeline(lasting)
    assert drawn.rows[0].outage == "offline still"
    assert drawn.rows[0].bars[-1].left + drawn.rows[0].bars[-1].width == pytest.approx(100)


def test_an_outage_too_short_to_be_seen_is_widened_and_drawn_over_its_neighbours() -> None:
    spans = (Span(-5, 100, True), Span(100, 100.2, False), Span(100.2, 4000, True))
    drawn = timeline(replace(play(), tracks=(Track("backend1", spans, 0.2),), moments=play().moments[:1]))
    assert not drawn.rows[0].bars[-1].online
    assert drawn.rows[0].bars[-1].width == SHORTEST
    assert drawn.rows[0].hit


@given(st.lists(times, min_size=1, max_size=12), times, times)
def test_whatever_happened_everything_stands_within_the_page_and_no_marker_hides_another(
    at: list[float], begun: float, ended: float
) -> None:
    first, last = sorted((begun, ended))
    tracks = (Track("b", (Span(first, (first + last) / 2, True), Span((first + last) / 2, last, False)), None),)
    drawn = timeline(replace(play(), tracks=tracks, moments=tuple(Moment(a, Milestone.SWAP, "") for a in at)))
    for bar in drawn.rows[0].bars:
        assert bar.left >= -0.001
        assert bar.left + bar.width <= 100.01
    assert len(drawn.ticks) <= MOST_TICKS + 1
    assert all(0 <= tick.left <= 100 for tick in drawn.ticks)
    assert all(-0.001 <= mark.left <= 100.001 for mark in drawn.markers)
    for one in drawn.markers:
        for other in drawn.markers:
            if one.number < other.number and one.lane == other.lane:
                assert other.left - one.left >= MARKER - 0.001
    assert [mark.number for mark in drawn.markers] == list(range(1, len(at) + 1))


def test_a_run_in_which_nothing_was_measured_can_still_be_drawn() -> None:
    drawn = timeline(replace(play(), tracks=(Track("b", (), 0.0),), moments=()))
    assert drawn.rows[0].bars == ()
    assert drawn.markers == ()
