"""Pure: how a pair stands: what `status` shows, and prints as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Internet(StrEnum):
    """Whether the backends are online."""

    ONLINE = "online"
    OFFLINE = "offline"
    PARTLY_OFFLINE = "partly offline"
    CANNOT_JUDGE = "can't judge"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class InternetStanding:
    """Whether the backends are online now.

    Attributes:
        state: by what they have said, as long as that holds.
        since: since when they are offline, or use the NAT that they use; ISO 8601, None where it is not known.
        heard: when one last said so, ISO 8601; None where none has.
        age: of that, in seconds.
        stale: it is older than a tick.
        online: how many have said that they are.
        offline: how many have said that they are.
        asked: how many have been asked.
        needed: how many it takes to judge.
    """

    state: Internet
    since: str | None
    heard: str | None
    age: float | None
    stale: bool
    online: int
    offline: int
    asked: int
    needed: int


@dataclass(frozen=True)
class NextStep:
    """What to do next: a command to paste, empty where there is none; and what it is for, or what else to do."""

    command: str
    note: str


@dataclass(frozen=True)
class LockStanding:
    """The lock; ``since`` as ISO 8601, ``age`` in seconds, both None where there is no parameter.

    Attributes:
        by: who paused it, or made the record; empty where nobody is known to have.
        by_hand: the command by which a person moved the subnets, or ``drill``; empty where none did.
    """

    state: str
    since: str | None
    age: float | None
    reason: str
    why: str
    by: str
    evidence: tuple[str, ...]
    outcome: str
    seconds: float | None
    by_hand: str = ""


@dataclass(frozen=True)
class HostStanding:
    """A NAT or a backend.

    Attributes:
        role: ``primary`` or ``standby`` as configured; ``backend``.
        now: ``active`` or ``passive``; empty for a backend, and where neither can be told.
        state: of the instance.
        checks: EC2's status checks, of a NAT.
        agent: what Systems Manager says of its agent.
        word: its last observation; ``not asked`` where there is none.
        at: the time for which that holds, ISO 8601.
        age: of it, in seconds.
        stale: it is older than a tick.
        connections: of those that a NAT can track, how many it tracked when it last told, in per cent; else None.
        memory: of a NAT's, what was available then, in per cent; else None.
    """

    id: str
    name: str | None
    role: str
    now: str
    state: str
    zone: str | None
    subnet: str | None
    address: str | None
    public: str | None
    checks: str
    agent: str
    word: str
    at: str | None
    age: float | None
    detail: str
    stale: bool = False
    connections: float | None = None
    memory: float | None = None


@dataclass(frozen=True)
class SubnetStanding:
    """A protected subnet: which table it uses, and which NAT that leads to."""

    id: str
    name: str | None
    cidr: str | None
    zone: str | None
    table: str
    nat: str


@dataclass(frozen=True)
class AlarmStanding:
    """An alarm of the pair."""

    name: str
    state: str
    since: str | None


@dataclass(frozen=True)
class TickStanding:
    """The function's last look at the schedule's bidding."""

    at: str
    age: float
    decision: str
    cause: str
    reason: str


@dataclass(frozen=True)
class ProofStanding:
    """Whether backends have got through the passive NAT since the pair was armed.

    Attributes:
        given: as many as it takes have.
        since: when it was armed, ISO 8601; None where there is no parameter.
        through: ids of those that have.
        needed: how many it takes.
        by: when the next round has told at the latest, ISO 8601.
        said: what is missing, in words; empty where nothing is.
    """

    given: bool
    since: str | None
    through: tuple[str, ...]
    needed: int
    by: str
    said: str


@dataclass(frozen=True)
class Standing:
    """How a pair stands.

    Attributes:
        protected: a dead NAT would be replaced now, and that this helps is proven.
        proof: of that; None where the pair is not armed, or nothing can be proven.
        why: why not, in a few words.
        trouble: why not, a sentence each; what is wrong besides.
        next: what to do next.
        internet: whether the backends are online.
        degraded: what makes it worse though it is protected, a sentence each: lost pings, a NAT that is nearly full.
        active: id of the NAT that all subnets use; None where there is no such.
        differences: of the two route tables.
        egress: the egress address and who has it, and the standby's where there is a second; None where there is none.
        mail: why people, or some of them, are not told of a failover, a sentence each.
        last_tick: None where the log tells of none.
        unread: what could not be read, with the reason.
    """

    pair: str
    region: str
    mode: str
    at: str
    protected: bool
    proof: ProofStanding | None
    why: str
    trouble: tuple[str, ...]
    next: NextStep
    internet: InternetStanding
    degraded: tuple[str, ...]
    active: str | None
    lock: LockStanding | None
    nats: tuple[HostStanding, ...]
    subnets: tuple[SubnetStanding, ...]
    backends: tuple[HostStanding, ...]
    alarms: tuple[AlarmStanding, ...]
    differences: tuple[str, ...]
    egress: dict[str, str | None] | None
    mail: tuple[str, ...]
    last_tick: TickStanding | None
    unread: Mapping[str, str]

    @property
    def active_role(self) -> str:
        """The role of the NAT that all subnets use; empty where there is no such."""
        return next((nat.role for nat in self.nats if nat.id == self.active), "")

    @property
    def json(self) -> dict[str, Any]:
        """Everything, as JSON takes it."""
        return asdict(self)
