"""Pure: times, durations and counts as people, and programs, read them: in mails, on the command line, in reports."""

from __future__ import annotations

from datetime import UTC, datetime


def clock(at: float) -> str:
    """Return the time of day, in UTC, to the second."""
    return f"{datetime.fromtimestamp(at, UTC):%H:%M:%S}"


def minute(at: float) -> str:
    """Return the time of day, in UTC, to the minute."""
    return f"{datetime.fromtimestamp(at, UTC):%H:%M} UTC"


def moment(at: float) -> str:
    """Return date and time, in UTC, to the second."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC"


def iso(at: float) -> str:
    """Return a time as ISO 8601, in UTC, to the millisecond."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


def counted(number: int, noun: str) -> str:
    """Return so many of something: ``1 subnet``, ``2 subnets``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def duration(seconds: float) -> str:
    """Return a duration in the two largest of its units; tenths below a minute."""
    if seconds < 0:
        return f"-{duration(-seconds)}"
    if round(seconds, 1) < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{round(seconds, 1):g} s"
    whole = round(seconds)
    for size, unit, small, smaller in ((86_400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            rest = whole % size // small
            return f"{whole // size} {unit}" + (f" {rest} {smaller}" if rest else "")
    return f"{whole} s"


def ago(at: float, now: float) -> str:
    """Return how long ago something was; what lies ahead by a clock that is wrong is now."""
    return duration(max(0.0, now - at))
