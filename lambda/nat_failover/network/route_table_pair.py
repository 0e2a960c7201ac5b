"""Pure: both route tables of a pair as they were read: who uses them, and in what they differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from nat_failover.network.instances import Nat
from nat_failover.network.route_differences import Destination, Difference, Nats, RouteTarget, differences
from nat_failover.settings import Settings


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
        interface: id of the network interface that its default route leads to; None where EC2 names none.
        holder: id of the instance that has that interface now; None where none has.
    """

    table_id: str
    associations: Mapping[str, str]
    trouble: str | None
    routes: Mapping[Destination, RouteTarget] = field(default_factory=dict)
    nat: str = ""
    has_default_route: bool = True
    interface: str | None = None
    holder: str | None = None

    def ids_of_nat(self, instances: Mapping[str, Nat]) -> frozenset[str]:
        """Return the ids by which a route to its NAT is known: the instance's, and its network interfaces'."""
        known = instances.get(self.nat)
        return frozenset({self.nat, *(known.interfaces if known is not None else ())})


class NatReplacedError(Exception):
    """Another instance has a NAT's network interface: what is made of these settings has to be made anew.

    Attributes:
        settings: with the instances that are the NATs now.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__(f"the NATs are {' and '.join(settings.nats)} now")
        self.settings = settings


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
        return () if self.active is None else self.of(self.active)

    def of(self, table_id: str) -> tuple[str, ...]:
        """Return the ids of a table's associations."""
        return tuple(self.by_id[table_id].associations.values())

    def seen_through(self, instances: Mapping[str, Nat]) -> dict[str, Nat]:
        """Return instances, the NATs among them by the network interfaces that the backends' traffic comes to."""
        carriers = {table.nat: table.interface for table in self.by_id.values()}
        return {i: known.through(carriers.get(i)) for i, known in instances.items()}

    def settled(self, settings: Settings) -> Settings:
        """Return the settings with the instances that have the pair's network interfaces now.

        While nobody has one, the instance that had it stays the NAT: EC2 says what became of it.
        """
        primary, standby = (self._nat_now(table, settings) for table in settings.tables)
        return replace(settings, primary_instance=primary, standby_instance=standby)

    def _nat_now(self, table_id: str, settings: Settings) -> str:
        table, interface = self.by_id[table_id], settings.interface_of(table_id)
        has_moved = interface is not None and table.interface == interface and table.holder is not None
        return str(table.holder) if has_moved else settings.nat_of(table_id)

    def check_holders(self, settings: Settings) -> None:
        """Raise NatReplacedError where another instance is a NAT now than the settings say."""
        now = self.settled(settings)
        if now.nats != settings.nats:
            raise NatReplacedError(now)

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
