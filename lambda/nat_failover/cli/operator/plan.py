"""Pure: a failover or failback by hand, as it is planned, and what it comes to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from nat_failover.cli.operator.operator import Host
from nat_failover.network.egress_address import Move


class Ended(StrEnum):
    """How a passage ended."""

    DONE = "done"
    ROLLED_BACK = "rolled back"
    LEFT = "left"


@dataclass(frozen=True)
class Plan:
    """What is to be moved.

    Attributes:
        name: of what the person does, ``failover`` or ``failback``.
        first: subnets that go first; empty where all go at once.
        subnets: all that are to be moved.
        hosts: backends that are watched, by subnet.
        online: those of them, by instance id, that were online before; they must be afterwards.
        reason: what the lock's record says of why.
        drill: it is part of a drill.
    """

    name: str
    from_table: str
    to_table: str
    subnets: tuple[str, ...]
    first: tuple[str, ...]
    hosts: Mapping[str, tuple[Host, ...]]
    online: frozenset[str]
    reason: str
    drill: bool = False

    def hosts_in(self, subnets: Collection[str]) -> list[str]:
        """Return the instance ids of the backends in subnets."""
        return [host.instance for subnet in subnets for host in self.hosts.get(subnet, ())]


@dataclass(frozen=True)
class Passed:
    """What a passage came to; times in seconds since the epoch.

    Attributes:
        in_words: a sentence for people.
        moved: subnets that are on the new table.
        left: subnets that are where they should not be, with what EC2 said.
        backends: ids of those that were asked afterwards.
        online: ids of those that are online then.
    """

    ended: Ended
    in_words: str
    moved: tuple[str, ...] = ()
    left: Mapping[str, str] = field(default_factory=dict)
    backends: tuple[str, ...] = ()
    online: tuple[str, ...] = ()
    begun_at: float = 0.0
    swapped_at: float = 0.0
    egress: Move | None = None


def choose_first(hosts: Mapping[str, Sequence[Host]], online: Collection[str]) -> str | None:
    """Return the subnet that goes first: few servers at stake, but at least two, where there are, to tell by.

    Args:
        hosts: backends by subnet.
        online: those that were online before; where nobody was, whoever is there will tell.

    Returns:
        Its id; None where no subnet has a backend that can tell.
    """
    telling = {
        subnet: [host for host in there if not online or host.instance in online] for subnet, there in hosts.items()
    }
    candidates = [(len(there) < 2, len(there), subnet) for subnet, there in telling.items() if there]
    return min(candidates)[2] if candidates else None


def missing(plan: Plan, subnets: Collection[str], online: Collection[str]) -> str | None:
    """Return what is wrong after subnets were moved; None where nothing is.

    Whoever was online before has to be online afterwards; where nobody was, somebody has to be.
    """
    hosts = plan.hosts_in(subnets)
    offline = sorted(host for host in hosts if host in plan.online and host not in online)
    if offline:
        return f"{len(offline)} of {len(hosts)} backends are offline through the new path: {', '.join(offline)}"
    if hosts and not plan.online and not online:
        return f"none of {len(hosts)} backends is online through the new path"
    return None
