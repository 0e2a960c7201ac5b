"""Pure: a game day as a report has it."""

from __future__ import annotations

from typing import Any

from nat_failover.cli import __version__
from nat_failover.cli.gameday.host_watches import Watched
from nat_failover.cli.gameday.notification_log import Mailed, Sent
from nat_failover.cli.gameday.place import Place
from nat_failover.cli.gameday.result import Day, Part
from nat_failover.cli.report.configured import configured
from nat_failover.cli.report.report import DrillReport, Mail, Milestone, Moment, Play, Span, Track, longest_outage
from nat_failover.judging.conditions import PATIENCE
from nat_failover.settings import Settings
from nat_failover.telling.formats import clock, duration, moment

# Of the mails of a real deployment.
ABOUT_MAILS = (
    "What the function had sent by the time of this report, according to its log; the texts are in your mail. "
    f"A message that something is over comes {PATIENCE / 60:.0f} minutes later."
)


def report_of(day: Day, settings: Settings, place: Place, made_at: float, mailed: Mailed) -> DrillReport:
    """Return the report of a game day.

    Args:
        day: as it was measured.
        settings: of the pair.
        place: where it was held, and by whom.
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
        f"Held on the real deployment; every backend has measured for itself. {armed}",
        made_at,
        tuple(play_of(part, settings, mailed.between(part.at, end)) for part, end in zip(day.parts, ends, strict=True)),
        _about(day, settings, place, made_at),
    )


def _about(day: Day, s: Settings, place: Place, made_at: float) -> tuple[tuple[str, str], ...]:
    """Return when, by whom and where it was held."""

    def nat(instance: str, table: str) -> str:
        name = place.names.get(instance)
        return f"{instance} ({name}), {table}" if name else f"{instance}, {table}"

    return (
        ("Held", f"{moment(day.begun)} to {moment(made_at)}"),
        ("By", place.by),
        ("Account", s.account),
        ("Region", place.region),
        ("VPC", place.vpc or "not read"),
        ("Primary NAT", nat(s.primary_instance, s.primary_route_table)),
        ("Standby NAT", nat(s.standby_instance, s.standby_route_table)),
        ("Command", f"nat-failover {__version__}"),
    )


def play_of(part: Part, settings: Settings, mailed: Mailed) -> Play:
    """Return one part of the day as a run."""
    tracks = _tracks(part)
    record = part.record
    zero = "the failure" if part.broken else "the first move"
    log = [*part.log, *mailed.not_taken]
    return Play(
        part.name,
        part.description,
        not part.problems,
        record.outcome or record.reason if record is not None else "; ".join(part.problems),
        _figures(part, tracks),
        tracks,
        _moments(part, tracks),
        tuple((at - part.at, sentence) for at, sentence in sorted(log, key=lambda each: each[0])),
        _evidence(part),
        tuple(part.problems),
        tuple(Mail(sent.subject, _sent(sent, sent.at - part.at, zero)) for sent in mailed.sent),
        configured(vars(settings)),
        {},
        zero,
        f"What was sent is not known: {mailed.unread}." if mailed.unread else ABOUT_MAILS,
        part.at,
    )


def _evidence(part: Part) -> tuple[str, ...]:
    """Return what the hosts had said by which it was decided, each with the times that it has measured itself."""
    by_host = {watched.host.instance: watched for watched in part.watched}
    entries = [entry.partition(" ") for entry in (part.record.evidence if part.record is not None else ())]
    return tuple(
        f"{by_host[host].host.label if host in by_host else host}: {state}{_measured(by_host.get(host), part.at)}"
        for host, _, state in entries
    )


def _measured(watched: Watched | None, since: float) -> str:
    """Return the longest outage that a host has measured after a time; empty where it has measured none."""
    outages = [span for span in (watched.spans if watched else ()) if not span.online and span.ended > since]
    if not outages:
        return ""
    longest = max(outages, key=lambda span: span.ended - span.begun)
    return f"; by its own watch offline from {clock(longest.begun)} to {clock(longest.ended)} UTC"


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
    """Return how many backends were online at the end."""
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
        (0.0 if part.broken else None, Milestone.FAILURE, part.description),
        (detected, Milestone.DETECTION, "a backend's probe says that it is offline"),
        (decided, Milestone.DECISION, "what is about to be done is written into the lock"),
        (swapped, Milestone.SWAP, "EC2 has replaced the last association"),
        (_recovered(tracks), Milestone.RECOVERY, "the last backend is back online"),
    ]
    moments = [Moment(at, step, description) for at, step, description in found if at is not None]
    return tuple(sorted(moments, key=lambda moment: moment.at))
