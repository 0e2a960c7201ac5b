"""A message of every kind and phase, of a pair that does not exist; those that ``make texts`` writes as text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from nat_failover.judging.conditions import Condition, Severity, Trouble
from nat_failover.lock.record import DRILL, EC2_SAYS
from nat_failover.network.egress_address import Move
from nat_failover.network.swap import Swapped
from nat_failover.probing.observation import Observation
from nat_failover.probing.verification import NO_TIME, Verified
from nat_failover.settings import Mode
from nat_failover.telling.compose import FailoverReport, compose, compose_failover
from nat_failover.telling.memory import Channel, Due, Phase, begun
from nat_failover.telling.message import Message
from nat_failover.telling.texts.failovers import facts, failed_over, swap_failed
from tests.examples import BACKENDS, NOW, PRIMARY, PRIMARY_TABLE, STANDBY, STANDBY_TABLE, settings
from tests.unit.telling.conditions import (
    ALL_BUT_ONE,
    CONDITIONS,
    ERROR,
    EVIDENCE,
    FAILED,
    MOVE,
    NOBODY,
    REASON,
    RECORD,
    REFUSED,
    SECOND,
    SIGNALS,
    SUBNETS,
    SWAPPED,
)

APPROVED = Path(__file__).parent / "approved"
PAIR = settings(egress_allocation=MOVE.allocation)
OBSERVING = replace(PAIR, mode=Mode.OBSERVE)
CHANNELS = tuple(Channel)
NAMES = {PRIMARY: "nat01", STANDBY: "nat02"}


def lasting(kind: Trouble, phase: Phase) -> Message:
    """Write of a trouble that was noticed four minutes ago, a day ago, or is over after an hour."""
    ago = {Phase.BEGIN: 240.0, Phase.REMINDER: 86_640.0, Phase.END: 3_600.0}[phase]
    condition = replace(CONDITIONS[kind], active=PRIMARY_TABLE, associations=tuple(SUBNETS.values()))
    condition = _earlier(condition, ago)
    entry = begun(condition, PAIR.pair, NOW - ago)
    s = OBSERVING if kind is Trouble.WOULD_FAIL_OVER else PAIR
    if phase is Phase.END:
        return compose(
            Due(replace(entry, over=NOW - 180), phase, CHANNELS, None), "all is well (4 reachable)", s, NOW, NAMES
        )
    return compose(Due(entry, phase, CHANNELS, condition), "", s, NOW, NAMES)


def _earlier(condition: Condition, ago: float) -> Condition:
    """Let a failover lie back; who is offline is so still, and has been for so long."""
    record = condition.record
    return replace(
        condition,
        evidence=tuple(replace(o, since=o.since - ago) for o in condition.evidence),
        record=None if record is None else replace(record, since=record.since - ago),
    )


def done(verified: Verified, egress: Move | None = None, evidence: tuple[Observation, ...] = EVIDENCE) -> Message:
    """Write of a failover that has just been done."""
    condition = Condition(Trouble.FAILED_OVER, REASON, evidence, active=STANDBY_TABLE, record=RECORD)
    letter = failed_over(RECORD, evidence, replace(SWAPPED, egress=egress), verified, PAIR)
    figures = facts(RECORD, SWAPPED, verified, evidence)
    level = Severity.WARNING if verified.all_online else Severity.CRITICAL
    report = FailoverReport(condition, letter, figures, level, NAMES)
    return compose_failover(begun(condition, PAIR.pair, NOW), report, PAIR, NOW)


def ended_by_ec2(verified: Verified, state: str = "stopped") -> Message:
    """Write of a failover that EC2's own word has brought about, before any backend said that it is offline."""
    reason = (
        f"{EC2_SAYS} {PRIMARY} is {state}, while 4 of 4 backends run, and nothing is known against the passive NAT "
        f"{STANDBY}"
    )
    record = replace(RECORD, reason=reason, evidence=(), handover=state == "stopping")
    condition = Condition(Trouble.FAILED_OVER, reason, active=STANDBY_TABLE, record=record)
    letter = failed_over(record, (), SWAPPED, verified, PAIR)
    report = FailoverReport(condition, letter, facts(record, SWAPPED, verified, ()), Severity.WARNING, NAMES)
    return compose_failover(begun(condition, PAIR.pair, NOW), report, PAIR, NOW)


def drilled(verified: Verified) -> Message:
    """Write of a failover that a drill has just brought about."""
    record = replace(RECORD, by_hand=DRILL)
    condition = Condition(Trouble.FAILED_OVER, REASON, EVIDENCE, active=STANDBY_TABLE, record=record)
    letter = failed_over(record, EVIDENCE, SWAPPED, verified, PAIR)
    level = Severity.WARNING if verified.all_online else Severity.CRITICAL
    report = FailoverReport(condition, letter, facts(record, SWAPPED, verified, EVIDENCE), level, NAMES)
    return compose_failover(begun(condition, PAIR.pair, NOW), report, PAIR, NOW)


def drill_over() -> Message:
    """Write that the pair was armed again after a drill."""
    condition = replace(CONDITIONS[Trouble.FAILED_OVER], record=replace(RECORD, by_hand=DRILL))
    entry = begun(_earlier(condition, 240.0), PAIR.pair, NOW - 240)
    due = Due(replace(entry, over=NOW - 180), Phase.END, CHANNELS, None)
    return compose(due, "all is well (4 reachable)", PAIR, NOW, NAMES)


def nobody_answers() -> Message:
    """Write that none of the backends answers."""
    reason = "can't judge: 0 of 4 backends asked can be judged, 3 are needed (4 silent)"
    condition = Condition(Trouble.CANNOT_JUDGE, reason, active=PRIMARY_TABLE, nobody=True)
    return compose(Due(begun(condition, PAIR.pair, NOW - 240), Phase.BEGIN, CHANNELS, condition), "", PAIR, NOW, NAMES)


def by_hand(command: str) -> Message:
    """Return what is told of a move that a person has made, and the command did not tell of."""
    ways = (STANDBY_TABLE, PRIMARY_TABLE) if command == "failback" else (PRIMARY_TABLE, STANDBY_TABLE)
    record = replace(
        RECORD,
        from_table=ways[0],
        to_table=ways[1],
        outcome=f"2 subnets moved from {ways[0]} to {ways[1]} in 0.6 s",
        owner="alice@laptop",
        by_hand=command,
        reason=f"{command} by hand: alice@laptop",
        evidence=(),
    )
    condition = Condition(Trouble.FAILED_OVER, "locked", active=ways[1], record=record)
    return compose(Due(begun(condition, PAIR.pair, NOW), Phase.BEGIN, CHANNELS, condition), "", PAIR, NOW, NAMES)


def failed() -> Message:
    """Write of a failover that has just failed."""
    condition = Condition(Trouble.FAILOVER_FAILED, REASON, EVIDENCE, record=FAILED)
    letter = swap_failed(FAILED, EVIDENCE, ERROR, ["rtbassoc-2"], PAIR)
    figures = facts(FAILED, Swapped(tuple(SUBNETS)[:1], 1.7, NOW), None, ())
    report = FailoverReport(condition, letter, figures, Severity.CRITICAL, NAMES)
    return compose_failover(begun(condition, PAIR.pair, NOW), report, PAIR, NOW)


def examples() -> Mapping[str, Message]:
    """Give all messages that are approved, by the name of their file."""
    everybody = Verified(BACKENDS[:4], BACKENDS[:4])
    refused = replace(MOVE, why=REFUSED)
    found = {
        "failed-over": done(everybody),
        "failed-over-some-offline": done(ALL_BUT_ONE),
        "failed-over-nobody-online": done(NOBODY),
        "failed-over-not-verified": done(Verified(why=NO_TIME)),
        "failed-over-with-egress-address": done(everybody, MOVE),
        "failed-over-egress-address-refused": done(everybody, refused),
        "failed-over-by-signals": done(everybody, evidence=SIGNALS),
        "failed-over-addresses-change-places": done(everybody, replace(MOVE, standby=SECOND)),
        "failed-over-standby-address-refused": done(everybody, replace(MOVE, standby=replace(SECOND, why=REFUSED))),
        "failed-over-by-ec2s-word": ended_by_ec2(everybody),
        "handed-over": ended_by_ec2(everybody, "stopping"),
        "failover-failed": failed(),
        "failed-over-says-the-lock": lasting(Trouble.FAILED_OVER, Phase.BEGIN),
        "failed-back-by-hand": by_hand("failback"),
        "cannot-judge-nobody-answers": nobody_answers(),
        "drill-by-hand": by_hand("drill"),
        "drill-failed-over": drilled(everybody),
        "drill-nobody-online": drilled(NOBODY),
        "drill-recovered": drill_over(),
        "failover-failed-says-the-lock": lasting(Trouble.FAILOVER_FAILED, Phase.BEGIN),
    }
    found |= {k.value: lasting(k, Phase.BEGIN) for k in CONDITIONS if CONDITIONS[k].record is None}
    found |= {f"{k.value}-reminder": lasting(k, Phase.REMINDER) for k in (Trouble.FAILED_OVER, Trouble.CANNOT_JUDGE)}
    return found | {f"{k.value}-recovered": lasting(k, Phase.END) for k in CONDITIONS}


def text_of(message: Message) -> str:
    """Give a mail as it is approved: its subject, an empty line, its text."""
    return f"Subject: {message.subject}\n\n{message.text}"
