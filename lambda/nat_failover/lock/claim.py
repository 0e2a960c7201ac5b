"""Pure: the claim, which makes one invocation the one that acts, as it stands in its parameter."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass

from nat_failover.foreign_text import read_json


@dataclass(frozen=True)
class Claim:
    """The claim as it was read; times in seconds since the epoch.

    Attributes:
        until: end of the lease.
        since: when it was taken; None where it does not say so.
        lock: version of the lock that its holder had seen; None where it does not say so.
        token: what no other claim has.
    """

    owner: str
    until: float
    version: int
    since: float | None = None
    lock: int | None = None
    token: str = ""

    def is_live(self, now: float) -> bool:
        """Return whether it still protects its holder."""
        return now < self.until

    @property
    def text(self) -> str:
        """The claim as JSON."""
        fields: dict[str, object] = {"owner": self.owner, "until": round(self.until, 3)}
        if self.since is not None:
            fields |= {"since": round(self.since, 3), "lock": self.lock}
        if self.token:
            fields["token"] = self.token
        return json.dumps(fields)


def read_claim(text: str, version: int, modified_at: float, lease: float) -> Claim:
    """Return the claim that a parameter's value stands for.

    One that can't be understood is held for a lease from its last change on; none may lock the pair for ever.
    """
    try:
        fields = read_json(text)
        owner, until = fields["owner"], fields["until"]
        if not isinstance(owner, str) or isinstance(until, bool) or not isinstance(until, int | float):
            raise TypeError(fields)  # noqa: TRY301
        if not math.isfinite(until):
            raise ValueError(until)  # noqa: TRY301
        # Twice what is honest, for a deployment may have shortened the lease since.
        return Claim(owner, min(float(until), modified_at + 2 * lease), version, *_taken(fields))
    except (ValueError, KeyError, TypeError, OverflowError):
        return Claim("unknown", modified_at + lease, version)


def _taken(fields: Mapping[str, object]) -> tuple[float | None, int | None]:
    """Return when a claim was taken, and upon which lock; what can't be understood is left out, and the lease holds."""
    match fields:
        case {"since": float(since), "lock": int(lock)} if math.isfinite(since) and not isinstance(lock, bool):
            return since, lock
        case _:
            return None, None
