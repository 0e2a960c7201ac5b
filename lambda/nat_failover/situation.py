"""What is known when a decision is to be made: plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from nat_failover.observation import Observation
from nat_failover.record import LockState


@dataclass(frozen=True)
class Nat:
    """What EC2 says of an instance; ``launched_at`` in seconds since the epoch, None where unknown.

    Attributes:
        address: its private IPv4 address; None where it has none (any more).
        interface: id of its primary network interface; None where it has none (any more).
        public: its public IPv4 address, an Elastic IP or one that EC2 has given it; None where it has none.
        subnet: id of its subnet; None where it has none (any more).
        interfaces: ids of all its network interfaces.
        checked: whether the source/destination check of its primary network interface is on, so that EC2 drops what
            it forwards; None where EC2 does not say.
    """

    instance_id: str
    state: str
    launched_at: float | None
    address: str | None = None
    interface: str | None = None
    public: str | None = None
    subnet: str | None = None
    interfaces: tuple[str, ...] = ()
    checked: bool | None = None

    @property
    def trouble(self) -> str | None:
        """Why it can't forward by what EC2 says, as in "i-… is stopped"; None where EC2 has nothing against it."""
        if self.state != "running":
            return f"{self.instance_id} is {self.state}"
        if self.checked:
            return f"{self.instance_id} has its source/destination check on, and EC2 drops what it forwards"
        return None


@dataclass(frozen=True)
class Situation:
    """All that a decision is made from.

    Attributes:
        active: route table that the protected subnets use; None where they are split or there are none.
        subnets: protected subnets by route table.
        passive_route: why the passive table's default route would not carry traffic; None where it would.
        backends: every observation of a backend, of all rounds that were read.
        control: every observation of the passive NAT.
    """

    now: float
    lock: LockState
    lock_reason: str
    active: str | None
    subnets: Mapping[str, Sequence[str]]
    passive_route: str | None
    backends: Sequence[Observation]
    control: Sequence[Observation]
    nats: Mapping[str, Nat] = field(default_factory=dict)
