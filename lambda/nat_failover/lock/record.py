"""Pure: what stands in the lock."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from nat_failover.foreign_text import read_json

ARMED = "armed"
PAUSED = "paused"
# Who has brought a failover about, see ``Record.by_hand``.
DRILL = "drill"
# How the reason of a failover begins that EC2's own word is for.
EC2_SAYS = "EC2 says that the active NAT"
# Records that were written before they had a field for it say so in their outcome.
OLD_ROLLED_BACK = " rolled back, "
# A standard parameter holds 4 KB: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
LARGEST = 4096


class LockState(StrEnum):
    """What the lock says; everything but ARMED is locked."""

    ARMED = "armed"
    PAUSED = "paused"
    FAILING_OVER = "failing-over"
    FAILED_OVER = "failed-over"
    FAILED = "failed"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class EgressMove:
    """The move of the egress address: which Elastic IP, and whether the NAT behind ``to_table`` has it by now.

    ``standby`` is of the address that the other NAT gets in its place; None where the pair has no second.
    """

    allocation: str
    moved: bool
    standby: EgressMove | None = None

    @property
    def json(self) -> dict[str, object]:
        """Return it as the lock's record has it."""
        standby = {} if self.standby is None else {"standby": self.standby.json}
        return {"allocation": self.allocation, "moved": self.moved, **standby}


@dataclass(frozen=True)
class Record:
    """What a failover writes into the lock.

    Attributes:
        state: ``failing-over``, ``failed-over`` or ``failed``.
        owner: request id of the invocation that writes it.
        since: when the failover began, seconds since the epoch.
        subnets: what was to be moved, by association id as it was then.
        evidence: the hosts that could not reach the Internet.
        outcome: what came of it, for people; empty while under way.
        seconds: how long the swap took; None while under way.
        egress: the move of the egress address; None where the pair has none.
        handover: the NAT that was left was about to go, and had not failed anybody yet.
        rolled_back: a move by hand was undone: all that was moved has gone back, or was to.
        by_hand: the command by which a person did it: ``failover``, ``failback`` or ``drill``, also where the function
            failed over in a drill; empty where none did.
    """

    state: LockState
    owner: str
    since: float
    from_table: str
    to_table: str
    subnets: Mapping[str, str]
    evidence: tuple[str, ...]
    reason: str
    outcome: str = ""
    seconds: float | None = None
    egress: EgressMove | None = None
    rolled_back: bool = False
    handover: bool = False
    by_hand: str = ""

    @property
    def in_drill(self) -> bool:
        """Whether a drill has brought it about."""
        return self.by_hand == DRILL

    @property
    def ec2_says_so(self) -> bool:
        """Whether EC2's own word that the active NAT is going or gone is why; no backend had to confirm it."""
        return self.reason.startswith(EC2_SAYS)

    def text(self) -> str:
        """Return it as JSON that fits into a standard parameter; what is for people only is shortened first."""
        for subnets, evidence, longest in (
            (self.subnets, self.evidence, LARGEST),
            (self.subnets, self.evidence[:5], 300),
        ):
            text = self._shortened(subnets, evidence, longest)
            if len(text) <= LARGEST:
                return text
        return self._shortened({}, (), 100)

    def _shortened(self, subnets: Mapping[str, str], evidence: tuple[str, ...], longest: int) -> str:
        record = replace(self, evidence=evidence, reason=self.reason[:longest], outcome=self.outcome[:longest])
        return record._json(dict(subnets))

    def _json(self, subnets: dict[str, str]) -> str:
        fields: dict[str, object] = {
            "state": self.state.value,
            "owner": self.owner,
            "since": _iso(self.since),
            "from": self.from_table,
            "to": self.to_table,
            "subnets": subnets,
            "evidence": list(self.evidence),
            "reason": self.reason,
        }
        if self.outcome:
            fields["outcome"] = self.outcome
        if self.seconds is not None:
            fields["seconds"] = round(self.seconds, 3)
        if self.egress is not None:
            fields["egress"] = self.egress.json
        if self.rolled_back:
            fields["rolledBack"] = True
        if self.handover:
            fields["handover"] = True
        if self.by_hand:
            fields["byHand"] = self.by_hand
        return json.dumps(fields, ensure_ascii=True, separators=(",", ":"))


@dataclass(frozen=True)
class Lock:
    """The lock as it was read.

    Attributes:
        text: the parameter's value; None where there is no parameter.
        version: of the parameter; 0 where there is none.
        record: the failover's record, where it is one.
        reason: for people, what it means that the lock stands like this.
    """

    state: LockState
    text: str | None
    version: int
    reason: str
    record: Record | None = None


def read_lock(text: str | None, version: int) -> Lock:
    """Return the lock that a parameter's value stands for; whatever can't be understood is locked."""
    if text is None:
        return Lock(LockState.ARMED, None, 0, "armed: there is no lock parameter")
    if text.strip() == ARMED:
        return Lock(LockState.ARMED, text, version, "armed")
    if text.strip() == PAUSED:
        return Lock(LockState.PAUSED, text, version, "paused by a person: nothing is probed until it is resumed")
    try:
        fields = read_json(text)
        state = LockState(fields["state"])
        if state is LockState.PAUSED:
            return Lock(state, text, version, "paused by a person: nothing is probed until it is resumed")
        if state in (LockState.ARMED, LockState.UNREADABLE):
            raise ValueError(state)  # noqa: TRY301 - the words of the function, not of a record
        record = _record(fields, state)
        reason = _meaning(record)
    except (ValueError, KeyError, TypeError, OverflowError):
        return Lock(LockState.UNREADABLE, text, version, f"locked: the lock's value {_shown(text)} can't be understood")
    return Lock(state, text, version, reason, record)


def _shown(text: str) -> str:
    """Return what may be a slip of the pen, and of anything else the length only: it might be a secret."""
    return repr(text) if re.fullmatch(r"\s*[A-Za-z-]{1,16}\s*", text) else f"({len(text)} characters)"


def _record(fields: object, state: LockState) -> Record:
    if not isinstance(fields, dict):
        raise TypeError(fields)
    texts = {key: fields[key] for key in ("owner", "since", "from", "to")}
    if not all(isinstance(value, str) for value in texts.values()):
        raise TypeError(texts)
    subnets, evidence = fields.get("subnets", {}), fields.get("evidence", [])
    if not isinstance(subnets, dict) or not isinstance(evidence, list):
        raise TypeError(fields)
    seconds, outcome = fields.get("seconds"), str(fields.get("outcome", ""))
    return Record(
        state,
        texts["owner"],
        datetime.fromisoformat(texts["since"]).timestamp(),
        texts["from"],
        texts["to"],
        {k: str(v) for k, v in subnets.items()},
        tuple(map(str, evidence)),
        str(fields.get("reason", "")),
        outcome,
        float(seconds) if isinstance(seconds, int | float) else None,
        _egress(fields.get("egress")),
        fields.get("rolledBack", OLD_ROLLED_BACK in outcome) is True,
        fields.get("handover") is True,
        str(fields.get("byHand", "")),
    )


def _egress(fields: Any) -> EgressMove | None:
    """Return the address's move; what can't be understood is left out, for no step depends on it."""
    match fields:
        case {"allocation": str(allocation), "moved": bool(moved)}:
            return EgressMove(allocation, moved, _egress(fields.get("standby")))
        case _:
            return None


def _meaning(record: Record) -> str:
    since = f"{datetime.fromtimestamp(record.since, UTC):%Y-%m-%d %H:%M:%S} UTC"
    match record.state:
        case LockState.FAILING_OVER:
            return f"locked: a failover to {record.to_table} is under way since {since}"
        case LockState.FAILED_OVER:
            return f"locked: failed over to {record.to_table} at {since}; re-arm to allow another failover"
        case _:
            failure = f"has failed ({record.outcome}); fix the cause and re-arm"
            return f"locked: the failover to {record.to_table} at {since} {failure}"


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
