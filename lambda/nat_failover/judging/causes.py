"""Pure: what a decision is: an action, its cause for machines, its reason for people."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from nat_failover.probing.observation import Observation


class Action(StrEnum):
    """What is to be done."""

    HOLD = "HOLD"
    FAIL_OVER = "FAIL_OVER"


class Cause(StrEnum):
    """Why, for machines; the reason says it for people."""

    LOCKED = "LOCKED"
    SPLIT = "SPLIT"
    NO_SUBNETS = "NO_SUBNETS"
    NEVER_ONLINE = "NEVER_ONLINE"
    CANNOT_JUDGE = "CANNOT_JUDGE"
    WAITING = "WAITING"
    HEALTHY = "HEALTHY"
    FEW_FAILURES = "FEW_FAILURES"
    NOT_THE_NAT = "NOT_THE_NAT"
    UNCONFIRMED = "UNCONFIRMED"
    CONTROL_DOWN = "CONTROL_DOWN"
    WARM_UP = "WARM_UP"
    ENOUGH_FAILURES = "ENOUGH_FAILURES"
    NAT_GONE = "NAT_GONE"
    HANDOVER = "HANDOVER"


# What a person must fix, or nothing will be protected.
ALARMING = frozenset(
    {
        *(Cause.SPLIT, Cause.NO_SUBNETS, Cause.NEVER_ONLINE, Cause.CANNOT_JUDGE),
        *(Cause.UNCONFIRMED, Cause.NOT_THE_NAT, Cause.CONTROL_DOWN),
    }
)


@dataclass(frozen=True)
class Decision:
    """What is to be done and why.

    Attributes:
        evidence: the failures that it rests on.
        ask: hosts whose answer is missing: with it the decision may become another.
        to_table: where to, for FAIL_OVER.
    """

    action: Action
    cause: Cause
    reason: str
    evidence: tuple[Observation, ...] = ()
    ask: tuple[str, ...] = ()
    to_table: str | None = None

    @property
    def alarming(self) -> bool:
        """Whether a person has to look."""
        return self.cause in ALARMING
