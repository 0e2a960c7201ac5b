"""Pure: what an invocation has found beside its decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from nat_failover.network.route_differences import Difference
from nat_failover.probing.observation import Observation


@dataclass(frozen=True)
class Inspection:
    """What a tick has found beside its decision.

    Attributes:
        passive: why the passive NAT could not take over; None where it could.
        routes: in what the tables differ; None where they were not compared.
        egress: why the pair's addresses are not where they must be; None where they are, or the pair has none.
        unaddressed: that the passive NAT has no public address; None where it has one.
        worked: marks of the NATs that backends are seen to be online through; see first_online.py.
        pings: see without_pings in loss.py.
        ends: what is announced of the NATs, in words; None where EC2 was not asked.
    """

    passive: str | None = None
    routes: tuple[Difference, ...] | None = None
    egress: str | None = None
    unaddressed: str | None = None
    worked: Mapping[str, str] = field(default_factory=dict)
    pings: tuple[Observation, ...] | None = None
    ends: tuple[str, ...] | None = None
