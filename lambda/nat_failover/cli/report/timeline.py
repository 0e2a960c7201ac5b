"""Pure: where on a timeline everything stands, in percent of its width, so that it suits a phone and a printed page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from nat_failover.cli.report.report import Milestone, Moment, Play, Span, Track
from nat_failover.telling.formats import duration

# How much is shown before the failure, and after the last thing that happened, in seconds.
BEFORE, AFTER = 5.0, 5.0
# A marker is 16 pixels wide, and on a small phone the strip 170: so far apart do two have to be to stand side by side.
MARKER = 9.5
# An outage that is shorter than this is drawn as long as this, in percent: it is what people look for.
SHORTEST = 0.4
MOST_TICKS = 7
STEPS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 21600.0, 86400.0)


@dataclass(frozen=True)
class Bar:
    """One span as it is drawn; in percent of the width."""

    left: float
    width: float
    online: bool
    description: str


@dataclass(frozen=True)
class Row:
    """One backend as it is drawn; ``outage`` is said in words."""

    host: str
    bars: tuple[Bar, ...]
    outage: str
    hit: bool


@dataclass(frozen=True)
class AxisTick:
    """One time on the axis; ``left`` in percent."""

    left: float
    label: str


@dataclass(frozen=True)
class Marker:
    """One moment as it is drawn: its number, ``left`` in percent, and the lane that keeps it off its neighbours."""

    number: int
    left: float
    lane: int
    at: str
    step: Milestone
    description: str


@dataclass(frozen=True)
class Timeline:
    """A timeline as it is drawn."""

    rows: tuple[Row, ...]
    ticks: tuple[AxisTick, ...]
    markers: tuple[Marker, ...]
    lanes: int


def timeline(play: Play) -> Timeline:
    """Lay a run out."""
    begun, ended = _extent(play)
    markers = _markers(play.moments, begun, ended)
    return Timeline(
        tuple(_row(track, begun, ended) for track in play.tracks),
        _ticks(begun, ended),
        markers,
        1 + max((marker.lane for marker in markers), default=0),
    )


def _extent(play: Play) -> tuple[float, float]:
    """Return the time to show: from a little before the failure until a little after the last thing that happened."""
    spans = [span for track in play.tracks for span in track.spans]
    first = min((span.begun for span in spans), default=0.0)
    last = max((span.ended for span in spans), default=0.0)
    begun = max(first, min([-BEFORE, *(moment.at for moment in play.moments)]))
    happened = [moment.at for moment in play.moments] + [span.ended for span in spans if not span.online]
    ended = min(last, max(happened) + AFTER) if _recovered(play) and happened else last
    begun = min(begun, *(moment.at for moment in play.moments)) if play.moments else begun
    ended = max([ended, *(moment.at for moment in play.moments)])
    return (begun, ended) if ended > begun else (begun, begun + 1.0)


def _recovered(play: Play) -> bool:
    return any(moment.step is Milestone.RECOVERY for moment in play.moments)


def _row(track: Track, begun: float, ended: float) -> Row:
    bars = tuple(_bar(span, begun, ended) for span in track.spans if span.ended > begun and span.begun < ended)
    outage = (
        "offline still" if track.outage is None else f"offline {duration(track.outage)}" if track.outage else "online"
    )
    # What is short and offline is drawn last, or a neighbour would cover what it was widened by.
    return Row(track.host, tuple(sorted(bars, key=lambda bar: not bar.online)), outage, track.outage != 0.0)


def _bar(span: Span, begun: float, ended: float) -> Bar:
    left, right = _percent(max(span.begun, begun), begun, ended), _percent(min(span.ended, ended), begun, ended)
    width = max(right - left, 0.0 if span.online else SHORTEST)
    state = "online" if span.online else "offline"
    return Bar(
        round(min(left, 100.0 - width), 3),
        round(width, 3),
        span.online,
        f"{state} for {duration(span.ended - span.begun)}, from {span.begun:.1f} s to {span.ended:.1f} s",
    )


def _percent(at: float, begun: float, ended: float) -> float:
    return 100.0 * (at - begun) / (ended - begun)


def _ticks(begun: float, ended: float) -> tuple[AxisTick, ...]:
    length = ended - begun
    step = next((s for s in STEPS if length / s <= MOST_TICKS), length / MOST_TICKS)
    numbers = range(math.ceil(begun / step - 1e-9), math.floor(ended / step + 1e-9) + 1)
    return tuple(AxisTick(round(_percent(n * step, begun, ended), 3), _label(n * step)) for n in numbers)


def _label(at: float) -> str:
    text = f"{at:.1f}".removesuffix(".0")
    return "0 s" if text in ("0", "-0") else text


def _markers(moments: Sequence[Moment], begun: float, ended: float) -> tuple[Marker, ...]:
    """Number the moments, and put each into the first lane where it does not touch the one before it."""
    taken: list[float] = []
    markers = []
    for number, moment in enumerate(sorted(moments, key=lambda m: m.at), 1):
        left = round(_percent(moment.at, begun, ended), 3)
        lane = next((n for n, before in enumerate(taken) if left - before >= MARKER), len(taken))
        taken[lane : lane + 1] = [left]
        markers.append(
            Marker(number, left, lane, f"{round(moment.at, 2) + 0.0:.2f} s", moment.step, moment.description)
        )
    return tuple(markers)
