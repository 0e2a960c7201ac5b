"""Pure: what one host's invocation of the probe says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from nat_failover.probing.probe_report import read_report
from nat_failover.probing.rounds import Kind, Round
from nat_failover.settings import Settings

# SendCommand's shortest TimeoutSeconds. The agent does not know of it: what it has accepted it starts however late.
# https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_SendCommand.html
DELIVERY_TIMEOUT = 30
# How far a host's own clock may move its answer behind the earliest time that it can have come to it.
CLOCK_TRUST = 30.0
# Beyond its window a probe may still have to finish a judgement and its result has to travel.
SLACK = DELIVERY_TIMEOUT + 15

EXIT_REACHABLE = 0
EXIT_UNREACHABLE = 1
EXIT_WARMING_UP = 3


class State(StrEnum):
    """What is known of a host."""

    REACHABLE = "REACHABLE"
    UNREACHABLE = "UNREACHABLE"
    WARMING_UP = "WARMING_UP"
    SILENT = "SILENT"
    BROKEN = "BROKEN"
    PENDING = "PENDING"


@dataclass(frozen=True)
class Invocation:
    """One host's part of a round, as SSM tells it.

    Attributes:
        status: ``Pending``, ``InProgress``, ``Success``, ``Failed``, ...
        details: the finer ``StatusDetails``, e.g. ``Undeliverable``.
        exit_code: of the script; None while it runs.
        finished_at: by the host's own clock, seconds since the epoch; None while it runs.
    """

    host: str
    status: str
    details: str
    exit_code: int | None
    finished_at: float | None
    output: str


def unknown_yet(host: str) -> Invocation:
    """Stand for an invocation that SSM does not list yet."""
    return Invocation(host, "Pending", "Pending", None, None, "")


@dataclass(frozen=True)
class Measured:
    """What a host has measured itself, of an answer; durations in seconds.

    Attributes:
        boot: id of the boot that ``uptime`` counts from; empty where the host has not said it.
        uptime: when it came to its answer.
        lost_for: for how long it had been offline then.
        finished_at: by its own clock, seconds since the epoch; None where SSM does not say.
        seen_at: when it was known to have come to an answer, by the clock of AWS.
    """

    boot: str
    uptime: float
    lost_for: float
    finished_at: float | None
    seen_at: float


@dataclass(frozen=True)
class Observation:
    """What a host says, and what that is worth.

    Attributes:
        at: the time that it holds for, by the clock of AWS as well as can be told.
        since: for UNREACHABLE and SILENT, when the trouble began at the latest known.
        asked_at: when the round was sent.
        explicit: the host has said so itself; else it is inferred from a watch that says nothing.
        uptime: of the host, where it said so.
        elapsed: how long the probe had been watching.
        running_until: when the watch ends that is still under way; None when there is none.
        detail: for people.
        earliest: before which the host can't have come to its answer, where its other answers tell; see dating.py.
        measured: what an answer is dated by.
    """

    host: str
    state: State
    at: float
    since: float
    asked_at: float
    explicit: bool
    uptime: float | None = None
    elapsed: float = 0.0
    running_until: float | None = None
    detail: str = ""
    earliest: float | None = None
    measured: Measured | None = None

    @property
    def answers_soon(self) -> bool:
        """Whether a quick check is under way, which answers at once; a watch would say nothing for minutes."""
        return self.running_until is not None and self.running_until <= self.asked_at

    @property
    def began_at(self) -> float:
        """When the probe began, by the clock of AWS as well as can be told."""
        return self.at - self.elapsed

    @property
    def answered_first(self) -> bool:
        """Whether the probe had answers before what it reports began: the trouble is younger than the probe."""
        return self.since - self.began_at > 0.05

    @property
    def answered_from(self) -> float:
        """The earliest time at which the host can have come to this answer, free of its own clock."""
        return self.asked_at + self.elapsed if self.earliest is None else self.earliest


def observe(invocation: Invocation, asked: Round, read_at: float, now: float, settings: Settings) -> Observation:
    """Read one invocation.

    A host's clock may be wrong, so its finishing time is held between what SSM's own times allow; see dating.py.

    Args:
        invocation: as SSM has told it.
        asked: the round that it belongs to.
        read_at: when SSM was asked: what had not happened by then may have happened since, however long it took.
        now: the time; no earlier than ``read_at``.
        settings: how long a host may say nothing.
    """
    match invocation.status:
        case "Success" | "Failed":
            return _ended(invocation, asked, now, settings)
        case "InProgress" | "Cancelling":
            return _running(invocation, asked, read_at, settings)
        case "Pending" | "Delayed":
            return _not_begun(invocation, asked, read_at, settings)
        case "TimedOut" if "delivery" in invocation.details.lower():
            return _silent(invocation, asked, settings, "no agent took the command")
        case _:
            return _other(invocation, asked, now)


def _ended(invocation: Invocation, asked: Round, now: float, settings: Settings) -> Observation:
    if invocation.details in ("Undeliverable", "Terminated"):
        at = _held(invocation.finished_at, asked.asked_at, now, min(now, asked.asked_at + settings.silence_after))
        return Observation(
            invocation.host, State.SILENT, at, asked.asked_at, asked.asked_at, True, detail="undeliverable"
        )
    report = read_report(invocation.output)
    if report is None:
        return _other(invocation, asked, now)
    # No probe can have run for longer than its round is old, whatever the host says.
    elapsed = min(report.elapsed, max(0.0, now - asked.asked_at))
    measured = Measured(report.boot, report.uptime, report.lost_for, invocation.finished_at, now)
    at = held_clock(measured, asked.asked_at + elapsed)
    state = {
        (EXIT_REACHABLE, "reachable"): State.REACHABLE,
        (EXIT_UNREACHABLE, "unreachable"): State.UNREACHABLE,
        (EXIT_WARMING_UP, "warming-up"): State.WARMING_UP,
    }.get((invocation.exit_code or 0, report.state), State.BROKEN)
    if (state is State.REACHABLE) != (invocation.status == "Success"):
        state = State.BROKEN
    since = max(asked.asked_at, at - report.lost_for)
    return Observation(
        invocation.host,
        state,
        at,
        since,
        asked.asked_at,
        True,
        report.uptime,
        elapsed,
        detail=_why(invocation),
        measured=measured if report.boot else None,
    )


def _running(invocation: Invocation, asked: Round, read_at: float, settings: Settings) -> Observation:
    overdue = asked.ends_at + SLACK if asked.kind is Kind.WATCH else asked.asked_at + settings.silence_after
    if read_at > overdue:
        return _silent(invocation, asked, settings, "the probe has not come back")
    at = read_at - settings.settle
    healthy = asked.kind is Kind.WATCH and at >= asked.asked_at
    return Observation(
        invocation.host,
        State.REACHABLE if healthy else State.PENDING,
        at if healthy else read_at,
        at if healthy else read_at,
        asked.asked_at,
        False,
        running_until=asked.ends_at,
        detail="watching, no loss reported" if healthy else "the probe has begun",
    )


def _not_begun(invocation: Invocation, asked: Round, read_at: float, settings: Settings) -> Observation:
    if read_at > asked.asked_at + settings.silence_after:
        return _silent(invocation, asked, settings, "no agent has taken the command")
    return Observation(
        invocation.host,
        State.PENDING,
        read_at,
        read_at,
        asked.asked_at,
        False,
        running_until=asked.ends_at,
        detail="the command is on its way",
    )


def _silent(invocation: Invocation, asked: Round, settings: Settings, detail: str) -> Observation:
    # Known for good from this moment on, whenever it is read; silent since it was asked.
    at = asked.asked_at + settings.silence_after
    if invocation.status == "InProgress" and asked.kind is Kind.WATCH:
        at = asked.ends_at + SLACK
    return Observation(invocation.host, State.SILENT, at, asked.asked_at, asked.asked_at, False, detail=detail)


def _other(invocation: Invocation, asked: Round, now: float) -> Observation:
    at = _held(invocation.finished_at, asked.asked_at, now, asked.asked_at)
    return Observation(invocation.host, State.BROKEN, at, at, asked.asked_at, True, detail=_why(invocation))


def _why(invocation: Invocation) -> str:
    said = " ".join(invocation.output.split())[:200]
    return f"{invocation.details or invocation.status}, exit {invocation.exit_code}: {said}"


def held_clock(measured: Measured, earliest: float) -> float:
    """Return when a host came to its answer: by its own clock, as far as that may be trusted."""
    latest = min(measured.seen_at, earliest + CLOCK_TRUST)
    return _held(measured.finished_at, earliest, latest, latest)


def _held(at: float | None, earliest: float, latest: float, otherwise: float) -> float:
    """Hold a host's time between two others; one that is missing is the same at every reading."""
    return max(earliest, min(otherwise if at is None else at, latest))
