"""Pure: what is wrong with a pair and may last: what people are told of when it begins and when it is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from nat_failover.judging.decision import Action, Cause, Decision
from nat_failover.judging.inspected import Inspection
from nat_failover.judging.while_locked import offline_though_locked
from nat_failover.lock.blocked import BLOCKED
from nat_failover.lock.record import Lock, LockState, Record
from nat_failover.network.route_differences import Difference
from nat_failover.probing.invocation import State
from nat_failover.probing.observation import Observation
from nat_failover.probing.survey import Backends
from nat_failover.settings import Mode, Settings

# What is over before it has lasted for so long, in seconds, is told to nobody.
PATIENCE = 180.0
# A NAT that has given up an Elastic IP is without a public address for up to five minutes after every failover.
UNTIL_ADDRESSED = 420.0
DAY = 86_400.0


class Trouble(StrEnum):
    """What a message is about."""

    FAILED_OVER = "failed-over"
    FAILOVER_FAILED = "failover-failed"
    WOULD_FAIL_OVER = "would-fail-over"
    CONTROL_DOWN = "control-down"
    NOT_THE_NAT = "not-the-nat"
    BOOTING = "booting"
    BLOCKED = BLOCKED
    OFFLINE_WHILE_LOCKED = "offline-while-locked"
    NEVER_ONLINE = "never-online"
    CANNOT_JUDGE = "cannot-judge"
    NO_SUBNETS = "no-subnets"
    SPLIT = "subnets-split"
    NAT_ENDING = "nat-ending"
    PASSIVE_UNHEALTHY = "passive-nat-unhealthy"
    PASSIVE_WITHOUT_ADDRESS = "passive-nat-without-address"
    ROUTES_DIFFER = "routes-differ"
    EGRESS_ELSEWHERE = "egress-elsewhere"
    PINGS_LOST = "pings-lost"
    LOCK_UNREADABLE = "lock-unreadable"
    PAUSED = "paused"


class Severity(StrEnum):
    """How much it matters: subnets are offline, protection is lost or degraded, or all is well (again)."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


# An outage, or what a failover came to, is told at once; not one of machines that may only just be set up.
AT_ONCE_OFFLINE = frozenset(
    {Trouble.WOULD_FAIL_OVER, Trouble.CONTROL_DOWN, Trouble.NOT_THE_NAT, Trouble.OFFLINE_WHILE_LOCKED}
)
AT_ONCE = AT_ONCE_OFFLINE | {Trouble.FAILED_OVER, Trouble.FAILOVER_FAILED, Trouble.NAT_ENDING}
# While one of these lasts, subnets are offline.
OFFLINE = AT_ONCE_OFFLINE | {Trouble.BOOTING, Trouble.BLOCKED, Trouble.NEVER_ONLINE}
# What is known only where one of the tables is the active one, and its backends are asked.
JUDGED = OFFLINE | {Trouble.CANNOT_JUDGE}
CRITICAL = OFFLINE | {Trouble.FAILOVER_FAILED}


def severity(kind: Trouble) -> Severity:
    """Return how much a kind of trouble matters while it lasts."""
    return Severity.CRITICAL if kind in CRITICAL else Severity.WARNING


def patience(kind: Trouble) -> float:
    """Return for how many seconds it has to last until people are told; of a pause they are reminded after a day."""
    own = {Trouble.PAUSED: DAY, Trouble.PASSIVE_WITHOUT_ADDRESS: UNTIL_ADDRESSED}
    return own.get(kind, 0.0 if kind in AT_ONCE else PATIENCE)


@dataclass(frozen=True)
class Condition:
    """Something that is so now.

    Attributes:
        reason: what was seen, in words.
        evidence: the failures that it rests on.
        routes: in which the tables differ.
        active: route table that the subnets use; None where there is no such.
        record: of the failover that it is about; None where it is about none.
        upon: version of the lock that it is about; None where it is about none.
        lasts: for how many seconds it has to last until people are told; None for what its kind has.
        associations: of the active table's subnets; where they are split, of those on the standby's table.
        nobody: none of the backends has answered.
    """

    kind: Trouble
    reason: str
    evidence: tuple[Observation, ...] = ()
    routes: tuple[Difference, ...] = ()
    active: str | None = None
    record: Record | None = None
    upon: int | None = None
    lasts: float | None = None
    associations: tuple[str, ...] = ()
    nobody: bool = False

    @property
    def identity(self) -> float | None:
        """What tells it from another of its kind: when its failover began, upon which lock; else there is one."""
        return self.upon if self.record is None else self.record.since

    @property
    def patience(self) -> float:
        """For how many seconds it has to last until people are told."""
        return patience(self.kind) if self.lasts is None else self.lasts

    def since(self, now: float) -> float:
        """Return since when, as far as is known, in seconds since the epoch."""
        if self.record is not None:
            return self.record.since
        return min((o.since for o in self.evidence), default=now)


@dataclass(frozen=True)
class Findings:
    """What an invocation has found.

    Attributes:
        present: what is so; each kind once.
        unknown: kinds of which this invocation could not say whether they are so.
        now: what the pair's state is, in words, for messages about what is over.
        worked: marks of the NATs that backends have been online through, to be kept; see first_online.py.
        names: of the NATs that have one, by instance id.
    """

    present: tuple[Condition, ...]
    unknown: frozenset[Trouble]
    now: str
    worked: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def urgent(self) -> Findings:
        """Only what is told at once; of all else an invocation by an event says nothing."""
        present = tuple(c for c in self.present if c.kind in AT_ONCE)
        return replace(self, present=present, unknown=frozenset(Trouble) - {c.kind for c in present}, worked={})


def find(
    decision: Decision, lock: Lock, backends: Backends, active: str | None, seen: Inspection, settings: Settings
) -> Findings:
    """Return what is so and what can't be said.

    Args:
        decision: of this invocation.
        lock: as it was read.
        backends: what they say.
        active: route table that the subnets use; None where they are split or there are none.
        seen: what else was found.
        settings: of the pair.
    """
    judged, unknown = _judged(decision, lock, backends, settings)
    present = [replace(c, active=active) for c in (*judged, *_of_the_lock(lock))]
    if seen.routes:
        differ = "1 route differs" if len(seen.routes) == 1 else f"{len(seen.routes)} routes differ"
        reason = f"{differ} besides the default route"
        present.append(Condition(Trouble.ROUTES_DIFFER, reason, routes=seen.routes, active=active))
    elif seen.routes is None:
        unknown |= {Trouble.ROUTES_DIFFER, Trouble.EGRESS_ELSEWHERE}
    if seen.egress is not None:
        present.append(Condition(Trouble.EGRESS_ELSEWHERE, seen.egress, active=active))
    if seen.pings is None:
        unknown |= {Trouble.PINGS_LOST}
    elif seen.pings:
        reason = f"{len(seen.pings)} backends are online, and most of their pings are lost"
        present.append(Condition(Trouble.PINGS_LOST, reason, seen.pings, active=active))
    if seen.ends is None:
        unknown |= {Trouble.NAT_ENDING}
    elif seen.ends:
        present.append(Condition(Trouble.NAT_ENDING, "; ".join(seen.ends), active=active))
    # A failover's own message says that the NAT is dead which it has left; so does that of an outage of both.
    if lock.state is not LockState.ARMED or active is None or unknown & OFFLINE:
        unknown |= {Trouble.PASSIVE_UNHEALTHY, Trouble.PASSIVE_WITHOUT_ADDRESS}
    elif seen.unaddressed is not None:
        present.append(Condition(Trouble.PASSIVE_WITHOUT_ADDRESS, seen.unaddressed, active=active))
        unknown |= {Trouble.PASSIVE_UNHEALTHY}
    elif seen.passive is not None:
        present.append(Condition(Trouble.PASSIVE_UNHEALTHY, seen.passive, active=active))
    return Findings(tuple(present), unknown, decision.reason, seen.worked)


_BY_CAUSE = {
    Cause.CONTROL_DOWN: Trouble.CONTROL_DOWN,
    Cause.NOT_THE_NAT: Trouble.NOT_THE_NAT,
    Cause.WARM_UP: Trouble.BOOTING,
    Cause.NEVER_ONLINE: Trouble.NEVER_ONLINE,
    Cause.CANNOT_JUDGE: Trouble.CANNOT_JUDGE,
    Cause.NO_SUBNETS: Trouble.NO_SUBNETS,
    Cause.SPLIT: Trouble.SPLIT,
}


def _judged(
    decision: Decision, lock: Lock, backends: Backends, settings: Settings
) -> tuple[list[Condition], frozenset[Trouble]]:
    """Return what the decision says; while subnets are offline, one kind of outage does not end another."""
    kind = _BY_CAUSE.get(decision.cause)
    evidence = decision.evidence
    if decision.action is Action.FAIL_OVER and decision.cause is not Cause.HANDOVER and settings.mode is Mode.OBSERVE:
        kind = Trouble.WOULD_FAIL_OVER
    if decision.cause is Cause.LOCKED:
        evidence = offline_though_locked(lock, backends)
        if len(evidence) >= settings.failure_threshold:
            kind = Trouble.OFFLINE_WHILE_LOCKED
        elif lock.state is LockState.PAUSED or len(backends.usable) < settings.failure_threshold:
            return [], JUDGED | {Trouble.SPLIT, Trouble.NO_SUBNETS}
        else:
            return [], frozenset({Trouble.SPLIT, Trouble.NO_SUBNETS})
    if kind is None:
        settled = decision.cause in (Cause.HEALTHY, Cause.FEW_FAILURES)
        return [], frozenset() if settled else JUDGED
    broken = [host for host, observation in backends.latest.items() if observation.state is State.BROKEN]
    nobody = not backends.usable and not broken
    return [Condition(kind, decision.reason, evidence, nobody=nobody)], JUDGED - {kind}


def _of_the_lock(lock: Lock) -> Sequence[Condition]:
    match lock.state:
        case LockState.FAILED_OVER:
            return [Condition(Trouble.FAILED_OVER, lock.reason, record=lock.record)]
        case LockState.FAILED:
            return [Condition(Trouble.FAILOVER_FAILED, lock.reason, record=lock.record)]
        case LockState.UNREADABLE:
            return [Condition(Trouble.LOCK_UNREADABLE, lock.reason)]
        case LockState.PAUSED:
            return [Condition(Trouble.PAUSED, lock.reason)]
        case _:
            return []
