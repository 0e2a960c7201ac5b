"""Pure: a game day as a report has it."""

from __future__ import annotations

from typing import Any

from nat_failover.cli.gameday.host_watches import Watched
from nat_failover.cli.gameday.notification_log import Mailed, Sent
from nat_failover.cli.gameday.result import Day, Part
from nat_failover.cli.report.report import DrillReport, Mail, Milestone, Moment, Play, Span, Track, longest_outage
from nat_failover.judging.conditions import PATIENCE
from nat_failover.settings import Settings
from nat_failover.telling.formats import duration

# Of the mails of a real deployment.
ABOUT_MAILS = (
    "What the function has told by the time of this report, as its log has it; the texts are in the mail. "
    f"That something is over is told {PATIENCE / 60:.0f} minutes later."
)


def report_of(day: Day, settings: Settings, region: str, made_at: float, mailed: Mailed) -> DrillReport:
    """Make a report of a game day.

    Args:
        day: as it was measured.
        settings: of the pair.
        region: that it is in.
        made_at: seconds since the epoch.
        mailed: what the function has told meanwhile.
    """
    ends = [*(part.at for part in day.parts[1:]), float("inf")]
    armed = {
        True: "It is armed.",
        False: "It is NOT armed: nothing fails over.",
        None: "Whether it is armed could not be read.",
    }[day.armed]
    return DrillReport(
        f"nat-failover drill: pair {settings.pair}",
        f"Held on the real deployment in {region}; every backend has measured for itself. {armed}",
        made_at,
        tuple(play_of(part, settings, mailed.between(part.at, end)) for part, end in zip(day.parts, ends, strict=True)),
    )


def play_of(part: Part, settings: Settings, mailed: Mailed) -> Play:
    """Return one part of the day as a run."""
    tracks = _tracks(part)
    record = part.record
    zero = "the failure" if part.broken else "the first move"
    log = [*part.log, *((sent.at, f"told: {sent.subject}") for sent in mailed.sent), *mailed.not_taken]
    return Play(
        part.name,
        part.told,
        not part.problems,
        record.outcome or record.reason if record is not None else "; ".join(part.problems),
        _figures(part, tracks),
        tracks,
        _moments(part, tracks),
        tuple((at - part.at, said) for at, said in sorted(log, key=lambda each: each[0])),
        record.evidence if record is not None else (),
        tuple(part.problems),
        tuple(Mail(sent.subject, _sent(sent, sent.at - part.at, zero)) for sent in mailed.sent),
        _told(settings),
        {},
        zero,
        f"What was told is not known: {mailed.unread}." if mailed.unread else ABOUT_MAILS,
    )


def _sent(sent: Sent, after: float, zero: str) -> str:
    return f"Sent {duration(after)} after {zero}, {sent.by}."


def figures_of(part: Part) -> dict[str, Any]:
    """Return what was measured of one part of the day as JSON takes it; times in seconds from its beginning on."""
    tracks = _tracks(part)

    def after(at: float | None) -> float | None:
        return None if at is None else round(at - part.at, 3)

    worst = _worst(tracks)
    return {
        "name": part.name,
        "reached": part.reached,
        "outage": None if worst is None or not tracks else round(worst, 3),
        "detected": after(part.detected_at),
        "swapped": after(part.swapped_at),
        "subnets": part.subnets,
        "backends": {"asked": len(part.watched), "online": _online(part)},
        "problems": part.problems,
    }


def _tracks(part: Part) -> tuple[Track, ...]:
    return tuple(_track(watched, part.at) for watched in part.watched if watched.spans)


def _online(part: Part) -> int:
    """Count the backends that were online at the end."""
    return sum(bool(watched.spans) and watched.spans[-1].online for watched in part.watched)


def _track(watched: Watched, zero: float) -> Track:
    spans = tuple(Span(span.begun - zero, span.ended - zero, span.online) for span in watched.spans)
    return Track(watched.host.name or watched.host.instance, spans, longest_outage(spans, 0.0, spans[-1].ended))


def _worst(tracks: tuple[Track, ...]) -> float | None:
    """Return the longest outage of all; None where one has not ended."""
    outages = [track.outage for track in tracks]
    return None if None in outages else max((o for o in outages if o is not None), default=0.0)


def _recovered(tracks: tuple[Track, ...]) -> float | None:
    """Return when the last backend was back, from the zero on; None where none was offline, or one is still."""
    if _worst(tracks) in (None, 0.0):
        return None
    return max(span.ended for track in tracks for span in track.spans if not span.online and span.ended > 0)


def _figures(part: Part, tracks: tuple[Track, ...]) -> tuple[tuple[str, str], ...]:
    worst = _worst(tracks)
    figures = [("longest outage", "offline still" if worst is None else duration(worst))]
    for name, at in (("detected after", part.detected_at), ("moved after", part.swapped_at)):
        if at is not None:
            figures.append((name, duration(at - part.at)))
    online = f"{_online(part)} of {len(part.watched)}"
    return (*figures, ("subnets moved", str(part.subnets)), ("backends online", online))


def _moments(part: Part, tracks: tuple[Track, ...]) -> tuple[Moment, ...]:
    decided = part.record.since - part.at if part.record is not None else None
    swapped = part.swapped_at - part.at if part.swapped_at is not None else None
    detected = part.detected_at - part.at if part.detected_at is not None else None
    found = [
        (0.0 if part.broken else None, Milestone.FAILURE, part.told),
        (detected, Milestone.DETECTION, "a backend's probe says that it is offline"),
        (decided, Milestone.DECISION, "what is about to be done is written into the lock"),
        (swapped, Milestone.SWAP, "EC2 has replaced the last association"),
        (_recovered(tracks), Milestone.RECOVERY, "the last backend is back online"),
    ]
    moments = [Moment(at, step, told) for at, step, told in found if at is not None]
    return tuple(sorted(moments, key=lambda moment: moment.at))


def _told(settings: Settings) -> dict[str, str]:
    return {
        name: ", ".join(value) if isinstance(value, tuple) else str(value) for name, value in vars(settings).items()
    }
