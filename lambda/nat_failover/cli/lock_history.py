"""Pure: what the versions of the lock parameter tell of the pair's past."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from nat_failover.foreign_text import read_json
from nat_failover.lock.record import DRILL, Lock, LockState, Record, read_lock
from nat_failover.settings import Settings
from nat_failover.telling.formats import counted


class Happened(StrEnum):
    """What happened."""

    CREATED = "created"
    FAILOVER = "failover"
    FAILED = "failover failed"
    UNFINISHED = "failover begun"
    ROLLED_BACK = "rolled back"
    REARMED = "re-armed"
    PAUSED = "paused"
    GARBLED = "garbled"


@dataclass(frozen=True)
class Version:
    """One version of the lock parameter, as ``GetParameterHistory`` tells it.

    Attributes:
        at: when it was written, seconds since the epoch.
        by: ARN of whoever wrote it.
    """

    number: int
    at: float
    by: str
    text: str


@dataclass(frozen=True)
class Happening:
    """One thing that happened.

    Attributes:
        at: seconds since the epoch; of a failover, when it began.
        by: who did it, in a few words.
        in_words: what it was, a sentence for people.
        version: of the lock parameter, the last that tells of it.
        lasted: how long the lock stayed as this left it, in seconds; None where it still does.
        record: of a failover.
    """

    kind: Happened
    at: float
    by: str
    in_words: str
    version: int
    lasted: float | None = None
    record: Record | None = None

    @property
    def name(self) -> str:
        """What it is called: a failback and a drill are failovers by their kind."""
        by_hand = "" if self.record is None else self.record.by_hand
        return by_hand if self.kind is Happened.FAILOVER and by_hand in ("failback", DRILL) else self.kind.value


@dataclass(frozen=True)
class Pause:
    """What whoever paused the pair has said of it; empty where they have not."""

    by: str = ""
    reason: str = ""


def pause_of(text: str | None) -> Pause:
    """Return what a pause says of itself: the lock may hold the bare word, too."""
    try:
        fields = read_json(text or "")
    except ValueError:
        return Pause()
    if not isinstance(fields, dict):
        return Pause()
    by, reason = fields.get("by"), fields.get("reason")
    return Pause(by if isinstance(by, str) else "", reason if isinstance(reason, str) else "")


def happenings(versions: Sequence[Version], settings: Settings, function: str) -> list[Happening]:
    """Return what happened, oldest first.

    A failover writes the lock twice, as it begins and as it ends: it is told once.

    Args:
        versions: of the lock parameter, in any order.
        settings: of the pair.
        function: name of its function.
    """
    found: list[Happening] = []
    before: Lock | None = None
    for version in sorted(versions, key=lambda v: v.number):
        lock = read_lock(version.text, version.number)
        now = _happening(version, lock, before, settings, function)
        last = found[-1] if found else None
        if last is not None and _ends(now, last):
            found.pop()
        elif last is not None:
            found[-1] = replace(last, lasted=max(0.0, now.at - last.at))
        found.append(now)
        before = lock
    return found


def _ends(now: Happening, last: Happening) -> bool:
    """Return whether a version is the next word on the failover that the one before told of."""
    mine, theirs = now.record, last.record
    return (
        mine is not None
        and theirs is not None
        and theirs.state is LockState.FAILING_OVER
        and mine.since == theirs.since
        # Another invocation finishes what one that died has begun; a person who goes back in stages turns round.
        and (mine.to_table == theirs.to_table or mine.owner == theirs.owner)
    )


def _happening(version: Version, lock: Lock, before: Lock | None, settings: Settings, function: str) -> Happening:
    by = who(version.by, function)
    if lock.record is not None:
        return _of_record(version, lock.record, by, settings)
    match lock.state:
        case LockState.ARMED if version.number == 1:
            return Happening(Happened.CREATED, version.at, by, "lock created, armed", version.number)
        case LockState.ARMED:
            sentences = {
                None: "armed",
                LockState.ARMED: "armed again, though it was armed already",
                LockState.PAUSED: "resumed: armed again after a pause",
            }
            sentence = sentences.get(before.state if before else None, "re-armed")
            return Happening(Happened.REARMED, version.at, by, sentence, version.number)
        case LockState.PAUSED:
            why = pause_of(version.text).reason
            sentence = "paused: nothing is probed" + (f"; {why}" if why else "")
            return Happening(Happened.PAUSED, version.at, by, sentence, version.number)
        case _:
            return Happening(Happened.GARBLED, version.at, by, lock.reason, version.number)


def _of_record(version: Version, record: Record, by: str, s: Settings) -> Happening:
    kind = {LockState.FAILED_OVER: Happened.FAILOVER, LockState.FAILED: Happened.FAILED}.get(
        record.state, Happened.UNFINISHED
    )
    if kind is Happened.FAILOVER and record.rolled_back:
        return Happening(Happened.ROLLED_BACK, record.since, by, record.outcome, version.number, record=record)
    to = f"{s.role_of(record.to_table)} NAT {s.nat_of(record.to_table)}" if record.to_table in s.tables else "?"
    took = f" in {record.seconds:.1f} s" if record.seconds is not None else ""
    took += ", in a drill" if record.in_drill else ""
    sentences = {
        Happened.FAILOVER: f"{counted(len(record.subnets), 'subnet')} moved to the {to}{took}",
        Happened.FAILED: f"the subnets could not all be moved to the {to}: {record.outcome}",
        Happened.UNFINISHED: f"began to move {counted(len(record.subnets), 'subnet')} to the {to}; no end is on record",
    }
    # Of what a person has done by hand the reason says no more than who.
    why = f"; {record.reason}" if record.reason and record.owner not in record.reason else ""
    return Happening(kind, record.since, by, sentences[kind] + why, version.number, record=record)


def who(arn: str, function: str) -> str:
    """Return a name for whoever has an ARN.

    Of an assumed role it is the role and its session; Lambda names the session of a function's role after the function:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-arns
    """
    if not arn.startswith("arn:"):
        return arn or "unknown"
    resource = arn.split(":", 5)[-1]
    kind, _, name = resource.partition("/")
    if kind == "assumed-role":
        role, _, session = name.partition("/")
        return "the function" if session == function else f"{session} ({role})"
    return name.rsplit("/", 1)[-1] or resource
