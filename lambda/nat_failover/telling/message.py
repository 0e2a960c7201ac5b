"""Pure: a message, as mail for someone who has just been woken and as JSON for what pages and chats."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from nat_failover.judging.conditions import Severity, Trouble
from nat_failover.probing.observation import Observation
from nat_failover.settings import Settings
from nat_failover.telling.alarm_description import runbook_section
from nat_failover.telling.formats import clock, moment
from nat_failover.telling.memory import Phase

# Less than 100 characters. It may be UTF-8, but ASCII can be read everywhere:
# https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
LONGEST_SUBJECT = 99
# Of the JSON below, as message_schema.json describes it.
SCHEMA = 1
# More lines of one sort help nobody, and SNS takes 256 KiB; EventBridge takes more.
MOST_LINES = 60
# Subscriptions that programs read; mail, and whatever else, gets the text.
# https://docs.aws.amazon.com/sns/latest/dg/sns-send-custom-platform-specific-payloads-mobile-devices.html
PROTOCOLS = ("http", "https", "sqs", "lambda", "firehose")


@dataclass(frozen=True)
class Step:
    """Something that a person is to do, with the commands for it."""

    text: str
    commands: tuple[str, ...] = ()


@dataclass(frozen=True)
class Letter:
    """The words of a message.

    Attributes:
        outcome: for the subject, the state first; ASCII.
        headline: what is so now, in a sentence or two.
        seen: on which hosts, since when.
        decided: what, and why.
        done: which subnets, how long it took.
        helped: how many backends are online, how long they were not.
        next: what to do now, by our own commands where there is one.
        by_hand: the same without them, by the AWS CLI.
    """

    outcome: str
    headline: str
    seen: tuple[str, ...] = ()
    decided: tuple[str, ...] = ()
    done: tuple[str, ...] = ()
    helped: tuple[str, ...] = ()
    next: tuple[Step, ...] = ()
    by_hand: tuple[Step, ...] = ()


@dataclass(frozen=True)
class Message:
    """What people and machines are told; times in seconds since the epoch.

    Attributes:
        place: account, and which NATs and tables the pair has, in words.
        runbook: where the runbook is, up to the section's name; empty where the configuration does not say.
        incident: the same for all messages about one trouble.
        since: when the trouble began.
        until: when it was over; None while it lasts.
        letter: the words.
        evidence: the hosts that it rests on.
        drill: it is about a drill's failover.
        failover: what a failover did, as the schema has it; None where the message is about none.
    """

    pair: str
    region: str
    mode: str
    kind: Trouble
    phase: Phase
    severity: Severity
    incident: str
    at: float
    since: float
    letter: Letter
    until: float | None = None
    evidence: tuple[Observation, ...] = ()
    targets: tuple[str, ...] = ()
    place: str = ""
    runbook: str = ""
    failover: Mapping[str, Any] | None = field(default=None)
    drill: bool = False

    @property
    def subject(self) -> str:
        """The mail's subject: ASCII, under 100 characters."""
        outcome = "".join(c if c.isascii() and c.isprintable() else "?" for c in self.letter.outcome)
        subject = f"[nat-failover {self.pair}] {outcome}"
        return subject if len(subject) <= LONGEST_SUBJECT else subject[: LONGEST_SUBJECT - 3] + "..."

    @property
    def text(self) -> str:
        """The mail's text."""
        letter = self.letter
        parts = [letter.headline]
        now = "Next:" if self.phase is Phase.END else "Do now:"
        for heading, steps in ((now, letter.next), ("By hand, with the AWS CLI:", letter.by_hand)):
            if steps:
                parts.append("\n".join((heading, *_steps(steps))))
        for heading, lines in (
            ("Seen", letter.seen),
            ("Decided", letter.decided),
            ("Done", letter.done),
            ("Helped", letter.helped),
        ):
            if lines:
                parts.append("\n".join((f"{heading}: {lines[0]}", *(f"  {line}" for line in bounded(lines[1:])))))
        about = (
            f"Runbook: {runbook_section(self.runbook, self.kind.value)}",
            f"Pair {self.pair} in {self.region}, mode {self.mode}. {self.place}",
            f"Sent {moment(self.at)}. {self.incident}",
        )
        parts.append("\n".join(about))
        return "\n\n".join(parts) + "\n"

    @property
    def detail(self) -> dict[str, Any]:
        """The message as JSON; message_schema.json describes it."""
        letter = self.letter
        fields: dict[str, Any] = {
            "schema": SCHEMA,
            "pair": self.pair,
            "region": self.region,
            "mode": self.mode,
            "kind": self.kind.value,
            "phase": self.phase.value,
            "severity": self.severity.value,
            "incident": self.incident,
            "at": timestamp(self.at),
            "since": timestamp(self.since),
            "subject": self.subject,
            "headline": letter.headline,
            "seen": list(bounded(letter.seen)),
            "decided": list(letter.decided),
            "done": list(bounded(letter.done)),
            "helped": list(bounded(letter.helped)),
            "next": _as_json(letter.next),
            "by_hand": _as_json(letter.by_hand),
            "hosts": [
                {"instance": o.host, "state": o.state.value, "at": timestamp(o.at), "since": timestamp(o.since)}
                for o in self.evidence
            ],
            "targets": list(self.targets),
        }
        if self.until is not None:
            fields["until"] = timestamp(self.until)
        if self.failover is not None:
            fields["failover"] = dict(self.failover)
        if self.drill:
            fields["drill"] = True
        return fields

    @property
    def by_protocol(self) -> str:
        """What SNS takes as ``Message`` where ``MessageStructure`` is json: each protocol's own text."""
        machine = json.dumps(self.detail, separators=(",", ":"))
        return json.dumps({"default": self.text, "sms": self.subject, **dict.fromkeys(PROTOCOLS, machine)})


def _steps(steps: Sequence[Step]) -> list[str]:
    lines = []
    for number, step in enumerate(steps, 1):
        lines.append(f"{number}. {step.text}" + (":" if step.commands else ""))
        lines += [f"   {command}" for command in bounded(step.commands)]
    return lines


def _as_json(steps: Sequence[Step]) -> list[dict[str, Any]]:
    return [{"say": step.text, "commands": list(step.commands[:MOST_LINES])} for step in steps]


def bounded(lines: Sequence[str]) -> tuple[str, ...]:
    """Return lines without those that nobody would read."""
    if len(lines) <= MOST_LINES:
        return tuple(lines)
    return (*lines[:MOST_LINES], f"and {len(lines) - MOST_LINES} more")


def hosts(evidence: Sequence[Observation], s: Settings) -> tuple[str, ...]:
    """Return a line for each host: since when it is offline, through which NAT, and who says so."""
    return tuple(f"{o.host}: {_ways(o)}, at {clock(o.at)} UTC{_source(o, s)}" for o in evidence)


def _ways(o: Observation) -> str:
    by_nat = {True: "online", False: "offline", None: "not known"}
    since = "" if o.relayed_by else f" since {clock(o.since)}"
    active, passive = by_nat[o.by_active], by_nat[o.by_passive]
    if o.loss is not None:
        active += f" ({o.loss} % lost)"
    return f"offline{since}; through the active NAT's proof port {active}, through the passive NAT's {passive}"


def _source(o: Observation, s: Settings) -> str:
    if o.relayed_by:
        return f", by its signal to {o.relayed_by}"
    return f", by its own report (targets {', '.join(s.targets)})"


def timestamp(at: float) -> str:
    """Return a time as RFC 3339 has it, in UTC."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"
