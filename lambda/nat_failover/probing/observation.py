"""Pure: what one host's invocation of the probe says."""

from __future__ import annotations

from dataclasses import dataclass, replace

from nat_failover.probing.invocation import Invocation, State
from nat_failover.probing.nat_health import Health
from nat_failover.probing.probe_report import Lately, Report, Signal, read_report
from nat_failover.probing.rounds import Kind, Round

# SendCommand's shortest TimeoutSeconds. The agent does not know of it: what it has accepted it starts however late.
# https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_SendCommand.html
DELIVERY_TIMEOUT = 30
# Who has not answered a quick check for so long is silent, in seconds.
SILENCE_AFTER = 10.0
# How far a host's own clock may move its answer behind the earliest time that it can have come to it.
CLOCK_TRUST = 30.0
# Beyond its window a probe may still have to finish a judgement and its result has to travel.
SLACK = DELIVERY_TIMEOUT + 15

# Exit codes of the probe: nothing is to be told, or something is.
EXIT_NOTHING, EXIT_TO_TELL = 0, 1
UNFIT = "an answer that does not fit"


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
        explicit: the host has said so itself, directly or by a signal; else it is inferred.
        uptime: of the host, where it said so.
        elapsed: how long the probe had been watching.
        running_until: when the watch ends that is still under way, as one that has told early is; else None.
        detail: for people.
        by_active: whether it got through the active NAT's proof port; None where that was not tried, or nobody may
            have listened there.
        by_passive: the same of the passive NAT.
        relayed_by: the NAT whose listener says it; empty where the host does so itself.
        signals: what a listener has heard; None where it is none.
        deaf: why a NAT can't listen; empty where it can.
        loss: per cent of what it sends by the active NAT, where some comes through.
        unable: the host has said itself that it can't probe, for want of a program.
        about: private addresses of the NATs that its round named, the active one's and the passive one's.
        earliest: before which the host can't have come to its answer, where its other answers tell; see dating.py.
        measured: what an answer is dated by.
        pings: how many were answered, of how many; those of a host that watches.
        lately: what of a backend's last minutes was answered; None where it did not say.
        health: of a NAT; None where it did not say.
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
    by_active: bool | None = None
    by_passive: bool | None = None
    relayed_by: str = ""
    signals: tuple[Signal, ...] | None = None
    deaf: str = ""
    loss: int | None = None
    unable: bool = False
    about: tuple[str, str] = ("", "")
    earliest: float | None = None
    measured: Measured | None = None
    pings: tuple[int, int] = (0, 0)
    lately: Lately | None = None
    health: Health | None = None

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


def observe(invocation: Invocation, round_: Round, read_at: float, now: float) -> Observation:
    """Read one invocation.

    A host's clock may be wrong, so its finishing time is held between what SSM's own times allow; see dating.py.

    Args:
        invocation: as SSM has told it.
        round_: the round that it belongs to.
        read_at: when SSM was asked: what had not happened by then may have happened since, however long it took.
        now: the time; no earlier than ``read_at``.
    """
    return replace(_observe(invocation, round_, read_at, now), about=(round_.active, round_.passive))


def _observe(invocation: Invocation, round_: Round, read_at: float, now: float) -> Observation:
    match invocation.status:
        case "Success" | "Failed":
            return _ended(invocation, round_, now)
        case "InProgress" | "Cancelling":
            return _running(invocation, round_, read_at)
        case "Pending" | "Delayed":
            return _not_begun(invocation, round_, read_at)
        case "TimedOut" if "delivery" in invocation.details.lower():
            return _silent(invocation, round_, "no agent took the command")
        case _:
            return _other(invocation, round_, now)


def _ended(invocation: Invocation, round_: Round, now: float) -> Observation:
    if invocation.details in ("Undeliverable", "Terminated"):
        at = _held(invocation.finished_at, round_.asked_at, now, min(now, round_.asked_at + SILENCE_AFTER))
        return Observation(
            invocation.host, State.SILENT, at, round_.asked_at, round_.asked_at, True, detail="undeliverable"
        )
    report = read_report(invocation.output)
    if report is None:
        return _other(invocation, round_, now)
    if report.state == "unknown" and invocation.status == "Success":
        at, detail = round_.asked_at, "a newer watch has ended it before it knew"
        return Observation(invocation.host, State.PENDING, at, at, at, explicit=True, detail=detail)
    # No probe can have run for longer than its round is old, whatever the host says.
    elapsed = min(report.elapsed, max(0.0, now - round_.asked_at))
    measured = Measured(report.boot, report.uptime, report.lost_for, invocation.finished_at, now)
    at = held_clock(measured, round_.asked_at + elapsed)
    state, since = _state(invocation, report), max(round_.asked_at, at - report.lost_for)
    return Observation(
        invocation.host,
        state,
        at,
        since,
        round_.asked_at,
        True,
        report.uptime,
        elapsed,
        running_until=round_.ends_at if report.goes_on and state is State.REACHABLE else None,
        detail=report.in_words if state is not State.BROKEN or report.why else _why(invocation),
        by_active=report.active,
        by_passive=report.passive,
        signals=report.signals,
        deaf=report.deaf,
        loss=report.loss,
        unable=report.state == "cannot-probe",
        measured=measured if report.boot else None,
        pings=(report.answered, report.sent),
        lately=report.lately,
        health=report.health,
    )


def _state(invocation: Invocation, report: Report) -> State:
    """Return what an ended probe says; one whose words, exit code and status don't agree is broken.

    A listener that has something to tell, or listens no more, ends as if it had failed, though its NAT is online.
    """
    ended_well, code = invocation.status == "Success", invocation.exit_code or EXIT_NOTHING
    if ended_well != (code == EXIT_NOTHING):
        return State.BROKEN
    match report.state:
        case "online" if ended_well or (code == EXIT_TO_TELL and (report.signals is not None or report.deaf)):
            return State.REACHABLE
        case "offline" if code == EXIT_TO_TELL:
            return State.UNREACHABLE
        case _:
            return State.BROKEN


def _running(invocation: Invocation, round_: Round, read_at: float) -> Observation:
    """A watch that runs says nothing: not that its host is well, and not even that it runs there."""
    overdue = round_.ends_at + SLACK if round_.kind is Kind.WATCH else round_.asked_at + SILENCE_AFTER
    if read_at > overdue:
        return _silent(invocation, round_, "the probe has not come back")
    detail = "watching, as far as Systems Manager knows" if round_.kind is Kind.WATCH else "the probe has begun"
    ends, at, sent_at = round_.ends_at, read_at, round_.asked_at
    return Observation(invocation.host, State.PENDING, at, at, sent_at, False, running_until=ends, detail=detail)


def _not_begun(invocation: Invocation, round_: Round, read_at: float) -> Observation:
    if read_at > round_.asked_at + SILENCE_AFTER:
        return _silent(invocation, round_, "no agent has taken the command")
    ends, at, sent_at, detail = round_.ends_at, read_at, round_.asked_at, "the command is on its way"
    return Observation(invocation.host, State.PENDING, at, at, sent_at, False, running_until=ends, detail=detail)


def _silent(invocation: Invocation, round_: Round, detail: str) -> Observation:
    # Known for good from this moment on, whenever it is read; silent since it was asked.
    at = round_.asked_at + SILENCE_AFTER
    if invocation.status == "InProgress" and round_.kind is Kind.WATCH:
        at = round_.ends_at + SLACK
    return Observation(invocation.host, State.SILENT, at, round_.asked_at, round_.asked_at, False, detail=detail)


def _other(invocation: Invocation, round_: Round, now: float) -> Observation:
    at = _held(invocation.finished_at, round_.asked_at, now, round_.asked_at)
    return Observation(invocation.host, State.BROKEN, at, at, round_.asked_at, True, detail=_why(invocation))


def _why(invocation: Invocation) -> str:
    output = " ".join(invocation.output.split())[:200] or "no answer"
    shown = UNFIT if output.startswith("{") else output
    return f"{invocation.details or invocation.status}, exit {invocation.exit_code}: {shown}"


def held_clock(measured: Measured, earliest: float) -> float:
    """Return when a host came to its answer: by its own clock, as far as that may be trusted."""
    latest = min(measured.seen_at, earliest + CLOCK_TRUST)
    return _held(measured.finished_at, earliest, latest, latest)


def _held(at: float | None, earliest: float, latest: float, otherwise: float) -> float:
    """Hold a host's time between two others; one that is missing is the same at every reading."""
    return max(earliest, min(otherwise if at is None else at, latest))
