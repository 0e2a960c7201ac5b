"""What is known when a decision is to be made: plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

from nat_failover.lock.record import LockState
from nat_failover.network.announced import Announced
from nat_failover.network.instances import Nat
from nat_failover.probing.observation import Observation
from nat_failover.settings import Settings, Side


@dataclass(frozen=True)
class Situation:
    """All that a decision is made from.

    Attributes:
        active: route table that the protected subnets use; None where they are split or there are none.
        subnets: protected subnets by route table.
        active_unfit: whether EC2 says that what backends send to the active NAT does not pass: its check is on, say.
        looking_since: when this invocation began to look: what it has read of later came while it looked.
        passive_route: why the passive table's default route would not carry traffic; None where it would.
        backends: every observation of a backend, direct or relayed, of all rounds that were read.
        listeners: what the passive NAT has said, as the passive one, whether it could listen or not.
        nats: instances, as EC2 describes them.
        has_worked: whether a backend was ever online through the active NAT; see first_online.py.
        passive_trouble: what the passive NAT, or what backends have tried through it, says against it.
        fleet: the backends' instances, those that ran some minutes ago among them; empty where EC2 was not asked just
            now, or could not tell of all and too few are known.
        announced: ends of NATs that AWS has announced, by instance id.
        moved_at: when the last failover had moved the subnets; minus infinity where there was none.
    """

    now: float
    lock: LockState
    lock_reason: str
    active: str | None
    subnets: Mapping[str, Sequence[str]]
    passive_route: str | None
    backends: Sequence[Observation]
    listeners: Sequence[Observation] = ()
    nats: Mapping[str, Nat] = field(default_factory=dict)
    active_unfit: bool = False
    looking_since: float = inf
    has_worked: bool = False
    passive_trouble: str | None = None
    fleet: Sequence[Nat] = ()
    announced: Mapping[str, Announced] = field(default_factory=dict)
    moved_at: float = -inf

    def sides(self, settings: Settings) -> tuple[Side, Side]:
        """Return the active and the passive side; only where there is an active route table."""
        assert self.active is not None  # noqa: S101 - decide holds otherwise # nosec B101
        return settings.sides(self.active)
