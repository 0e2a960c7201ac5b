"""Pure: puts a message together, of what is due and its words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from nat_failover.judging.conditions import Condition, Severity, severity
from nat_failover.settings import Settings
from nat_failover.telling.memory import Due, Entry, Phase
from nat_failover.telling.message import Letter, Message
from nat_failover.telling.nat_names import name_nats
from nat_failover.telling.texts.failovers import facts
from nat_failover.telling.texts.recoveries import ending
from nat_failover.telling.texts.troubles import letter


def compose(
    due: Due, situation: str, s: Settings, now: float, names: Mapping[str, str] = MappingProxyType({})
) -> Message:
    """Return the message that is due: that something has begun, still lasts, or is over.

    Args:
        due: which trouble, and which message of it.
        situation: what the pair's state is, in words.
        s: of the pair.
        now: seconds since the epoch.
        names: of the NATs that have one, by instance id; see nat_names.py.
    """
    entry, condition = due.entry, due.condition
    if condition is None:
        until = now if entry.over is None else entry.over
        letter_ = ending(entry.kind, entry.since, until, situation, s, drill=entry.drill)
        return name_nats(replace(_message(entry, due.phase, letter_, Severity.INFO, s, now), until=until), names)
    again = due.phase is Phase.REMINDER
    letter_ = letter(condition, entry.since, s, again=again)
    if again:
        letter_ = replace(letter_, outcome=f"STILL {letter_.outcome}")
    record = condition.record
    message = replace(
        _message(entry, due.phase, letter_, severity(entry.kind), s, now),
        evidence=condition.evidence,
        failover=None if record is None else facts(record, None, None, ()),
    )
    return name_nats(message, names)


@dataclass(frozen=True)
class FailoverReport:
    """A failover that has just been carried out, or has failed.

    Attributes:
        condition: what the lock says of it, with its evidence.
        letter: what people are told.
        facts: what was done, for the message's JSON.
        severity: how much it matters.
        names: of the NATs that have one, by instance id.
    """

    condition: Condition
    letter: Letter
    facts: Mapping[str, Any]
    severity: Severity
    names: Mapping[str, str] = field(default_factory=dict)


def compose_failover(entry: Entry, report: FailoverReport, s: Settings, now: float) -> Message:
    """Return the message of a failover: its trouble began before it.

    Args:
        entry: as it is remembered.
        report: of the failover.
        s: of the pair.
        now: seconds since the epoch.
    """
    evidence = report.condition.evidence
    message = replace(
        _message(entry, Phase.BEGIN, report.letter, report.severity, s, now),
        since=min((o.since for o in evidence), default=entry.since),
        evidence=evidence,
        failover=report.facts,
    )
    return name_nats(message, report.names)


def _message(entry: Entry, phase: Phase, letter: Letter, level: Severity, s: Settings, now: float) -> Message:
    return Message(
        s.pair,
        s.region,
        s.mode.value,
        entry.kind,
        phase,
        level,
        entry.incident,
        now,
        entry.since,
        letter,
        targets=s.targets,
        drill=entry.drill,
        place=f"Account {s.account}: primary NAT {s.primary_instance}, standby NAT {s.standby_instance}.",
        runbook=s.runbook,
    )
