"""Pure: both route tables of a pair as they were read: who uses them, and in what they differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from nat_failover.network.instances import Nat
from nat_failover.network.route_differences import Destination, Difference, Nats, RouteTarget, differences


@dataclass(frozen=True)
class Table:
    """One route table of the pair.

    Attributes:
        associations: association id by subnet id, explicit subnet associations only: the main route table's own
            association and gateway (edge) associations have no subnet of ours to move.
        trouble: why its default route would not carry traffic; None where it would.
        routes: all others but the VPC's own.
        nat: id of the NAT that it is to lead to.
        has_default_route: whether it has one, wherever that leads.
    """

    table_id: str
    associations: Mapping[str, str]
    trouble: str | None
    routes: Mapping[Destination, RouteTarget] = field(default_factory=dict)
    nat: str = ""
    has_default_route: bool = True

    def ids_of_nat(self, instances: Mapping[str, Nat]) -> frozenset[str]:
        """Return the ids by which a route to its NAT is known: the instance's, and its network interfaces'."""
        known = instances.get(self.nat)
        return frozenset({self.nat, *(known.interfaces if known is not None else ())})


@dataclass(frozen=True)
class Tables:
    """Both route tables of the pair, by id."""

    by_id: Mapping[str, Table]

    @property
    def active(self) -> str | None:
        """The table that all protected subnets use; None where they are split or there are none."""
        used = [table_id for table_id, table in self.by_id.items() if table.associations]
        return used[0] if len(used) == 1 else None

    @property
    def associations(self) -> tuple[str, ...]:
        """The ids of the active table's associations; none where no table is active."""
        return () if self.active is None else tuple(self.by_id[self.active].associations.values())

    def differences(self, instances: Mapping[str, Nat]) -> tuple[Difference, ...]:
        """Return what the subnets would lose or gain by a swap, beside the NAT; nothing where no table is active.

        Args:
            instances: the NATs as EC2 describes them, as far as it does.
        """
        if self.active is None:
            return ()
        active = self.by_id[self.active]
        (passive,) = (table for table_id, table in self.by_id.items() if table_id != self.active)
        nats = Nats(active.ids_of_nat(instances), passive.ids_of_nat(instances))
        return differences(active.routes, passive.routes, nats)

    @property
    def subnets(self) -> dict[str, tuple[str, ...]]:
        """Protected subnets by table."""
        return {table_id: tuple(sorted(table.associations)) for table_id, table in self.by_id.items()}
