"""Pure: times and durations as people, and programs, read them."""

from __future__ import annotations

from datetime import UTC, datetime


def moment(at: float) -> str:
    """Return a time, in UTC, to the second."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def iso(at: float) -> str:
    """Return a time as ISO 8601, in UTC, to the millisecond."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


def duration(seconds: float) -> str:
    """Return a duration in the two largest of its units; tenths where it is short."""
    if seconds < 10:
        return f"{max(0.0, seconds):.1f} s"
    whole = round(seconds)
    for size, unit, small, smaller in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            rest = whole % size // small
            return f"{whole // size} {unit}" + (f" {rest} {smaller}" if rest else "")
    return f"{whole} s"


def ago(at: float, now: float) -> str:
    """Return how long ago something was."""
    return duration(now - at)
