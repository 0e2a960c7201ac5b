"""The swap: the subnets and, where the pair has one, the egress address, both at the same time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from nat_failover.network.egress_address import Move
from nat_failover.network.elastic_ip import Egress
from nat_failover.network.route_table_pair import Tables
from nat_failover.network.route_tables import Routes, SwapFailedError
from nat_failover.runtime import Runtime


@dataclass(frozen=True)
class Swapped:
    """What came of a swap.

    Attributes:
        moved: all subnets that are on the new table.
        seconds: how long the subnets took; the address may have taken longer.
        ended_at: when the last of them was moved, seconds since the epoch.
        failure: what is left, where not every subnet could be moved.
        egress: the address's move; None where the pair has none.
    """

    moved: tuple[str, ...]
    seconds: float
    ended_at: float
    failure: SwapFailedError | None = None
    egress: Move | None = None


@dataclass(frozen=True)
class Mover:
    """Moves the subnets of a pair, and its egress address.

    Attributes:
        egress: the address; None where the pair has none, or it is to stay where it is.
    """

    routes: Routes
    egress: Egress | None
    runtime: Runtime

    def swap(
        self, tables: tuple[str, str], known: Tables, allowed: Callable[[], None], interface: str | None = None
    ) -> Swapped:
        """Move every subnet to the other table, and the egress address to the NAT behind it.

        Neither waits for the other, so that both together take as long as the slower one. The subnets are online by the
        passive NAT's own address before the egress address comes, and whether or not it comes; one after the other
        would either keep them offline for longer, or open connections that die when the address changes. The address is
        moved also where subnets are left: those that were moved need it, and whoever moves the others by hand finds it
        there.

        Args:
            tables: ids of the table that the subnets leave, and of the one that they go to.
            known: both tables as they were read last.
            allowed: called before each try; raises where nothing may be changed any more.
            interface: primary network interface of the NAT that takes over, where it is known.

        Raises:
            Exception: what ``allowed`` raises.
        """
        from_table, to_table = tables

        def move_subnets() -> Swapped:
            begun = self.runtime.now()
            failure = None
            try:
                moved = self.routes.swap(from_table, to_table, known, allowed)
            except SwapFailedError as error:
                moved, failure = error.moved, error
            ended = self.runtime.now()
            return Swapped(moved, ended - begun, ended, failure)

        egress = self.egress
        if egress is None:
            return move_subnets()
        swapped: Swapped
        swapped, address = self.runtime.together([move_subnets, lambda: egress.move(to_table, allowed, interface)])
        return replace(swapped, egress=address)
