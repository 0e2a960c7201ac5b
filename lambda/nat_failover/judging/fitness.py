"""Pure: what a NAT needs to take over, and what it lacks, by what EC2 says."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from nat_failover.network.instances import Nat, gone


def why_unfit(route: str | None, instance_id: str, nats: Mapping[str, Nat]) -> str | None:
    """Return why a passive NAT can't take over, by what EC2 says; None where EC2 has nothing against it.

    Args:
        route: what is wrong with its table's default route; None where nothing is.
        instance_id: of the NAT.
        nats: instances as EC2 describes them. One that is missing is gone.
    """
    obstacles = obstacles_to(route, nats.get(instance_id, gone(instance_id)))
    if not obstacles:
        return None
    part, reason = next(iter(obstacles.items()))
    return reason if part is Requirement.ROUTE else f"the passive NAT {instance_id} {reason}"


class Requirement(StrEnum):
    """What a NAT needs to carry traffic, as far as EC2 knows it."""

    ROUTE = "route"
    INSTANCE = "instance"
    CHECK = "source/destination check"


def obstacles_to(route: str | None, nat: Nat) -> dict[Requirement, str]:
    """Return all that stands against a NAT, by what EC2 says; but for the route, to be read after the NAT's name.

    Args:
        route: what is wrong with its table's default route; None where nothing is.
        nat: as EC2 describes it.
    """
    found = {Requirement.ROUTE: route, Requirement.INSTANCE: nat.not_running, Requirement.CHECK: nat.dropped}
    return {part: reason for part, reason in found.items() if reason is not None}
