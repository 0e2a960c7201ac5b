"""Pure: what a report is made of, whether a drill in the lab or one on the real deployment has measured it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby
from operator import itemgetter


class Milestone(StrEnum):
    """The moments of a failover that a timeline marks; the value is what people read."""

    FAILURE = "failure"
    DETECTION = "detection"
    DECISION = "decision"
    SWAP = "swap"
    RECOVERY = "recovery"


@dataclass(frozen=True)
class Span:
    """A time in which a backend was online or offline all along; seconds from the run's zero."""

    begun: float
    ended: float
    online: bool


@dataclass(frozen=True)
class Track:
    """One backend's connectivity.

    Attributes:
        spans: in order of time and without a gap; where nobody has measured, there is none.
        outage: its longest outage in seconds; 0.0 where there was none, None where it had not ended.
    """

    host: str
    spans: tuple[Span, ...]
    outage: float | None


@dataclass(frozen=True)
class Moment:
    """One moment of the timeline; ``at`` in seconds from the run's zero."""

    at: float
    step: Milestone
    description: str


@dataclass(frozen=True)
class Mail:
    """A mail; the text is that which was sent, or says what is known of it."""

    subject: str
    text: str


@dataclass(frozen=True)
class Play:
    """One run of a drill.

    Attributes:
        passed: whether it came out as it had to.
        verdict: what came out, in one sentence.
        figures: what was measured: a name and a value with its unit each, the most telling first.
        tracks: every backend.
        moments: in order of time.
        log: everything that happened: seconds from the run's zero, and a sentence.
        evidence: what the hosts had said by which it was decided.
        problems: a sentence for each thing that is wrong; none where it passed.
        about_mails: what is to be known of the mails, or why there are none; empty where they speak for themselves.
        configuration: those of the pair's settings that explain it, by name.
        latencies: what AWS was taken to add, ranges in seconds by name; none where AWS itself was measured.
        zero: what its zero is.
        begun_at: when that was, seconds since the epoch; None where there is no such time.
    """

    name: str
    description: str
    passed: bool
    verdict: str
    figures: tuple[tuple[str, str], ...]
    tracks: tuple[Track, ...]
    moments: tuple[Moment, ...]
    log: tuple[tuple[float, str], ...] = ()
    evidence: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    mails: tuple[Mail, ...] = ()
    configuration: Mapping[str, str] = field(default_factory=dict)
    latencies: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    zero: str = "the failure"
    about_mails: str = ""
    begun_at: float | None = None


@dataclass(frozen=True)
class DrillReport:
    """A drill's report.

    Attributes:
        description: where it was played, and how, in a sentence or two.
        made_at: seconds since the epoch.
        about: where, when and by whom: a name and a value each.
    """

    title: str
    description: str
    made_at: float
    plays: tuple[Play, ...]
    about: tuple[tuple[str, str], ...] = ()

    @property
    def passed(self) -> int:
        """How many runs came out as they had to."""
        return sum(play.passed for play in self.plays)


def spans_of(samples: Iterable[tuple[float, bool]], ended: float) -> tuple[Span, ...]:
    """Join samples into spans.

    Args:
        samples: when each was taken (seconds), and whether the host was online; in order of time.
        ended: when the watching ended; the last span lasts until then.
    """
    spans: list[Span] = []
    begun, state = 0.0, None
    for at, online in samples:
        if online is state:
            continue
        if state is not None:
            spans.append(Span(begun, at, state))
        begun, state = at, online
    if state is not None and ended > begun:
        spans.append(Span(begun, ended, state))
    return tuple(spans)


def each_once(log: Iterable[tuple[float, str]]) -> tuple[tuple[float, str], ...]:
    """Return what happened, what happened several times in a row once, with how often and until when."""
    found = []
    for sentence, same in groupby(log, key=itemgetter(1)):
        times = [at for at, _ in same]
        found.append(
            (times[0], f"{sentence} ({len(times)} times, until {times[-1]:.2f} s)" if len(times) > 1 else sentence)
        )
    return tuple(found)


def longest_outage(spans: Iterable[Span], since: float, ended: float) -> float | None:
    """Return the longest outage that reaches beyond ``since``, in seconds; None where it lasted until ``ended``."""
    outages = [span for span in spans if not span.online and span.ended > since]
    if any(span.ended >= ended for span in outages):
        return None
    return max((span.ended - max(since, span.begun) for span in outages), default=0.0)
