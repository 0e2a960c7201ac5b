"""What the steps of a history play on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.lab.lab import Lab
from tests.lab.network.network import ProbeOutcome
from tests.lab.network.simulated.network import SimulatedNetwork
from tests.simulation.account.cloud import ModelCloud
from tests.simulation.rules.rules import Rules
from tests.simulation.rules.truth import Truth

DEFAULT_ROUTE = "0.0.0.0/0"
# Of the schedule, in seconds.
PERIOD = 60.0


@dataclass
class Stage:
    """A lab, what is really so in it, and the rules, which have to know what people do.

    Attributes:
        quiet: troubles have ended: those that were to last a while do nothing more.
        blinded: a host has lost its probe without a word.
        ticks_lost: no tick of the schedule arrives.
        tick_late: seconds by which the next ticks are late.
        lies: what hosts say whatever is so, by host.
        tell: called with all that happens, for the timeline.
    """

    lab: Lab
    network: SimulatedNetwork
    cloud: ModelCloud
    truth: Truth
    rules: Rules
    tell: Callable[[str], None]
    quiet: bool = False
    blinded: bool = False
    ticks_lost: bool = False
    tick_late: list[float] = field(default_factory=list)
    lies: dict[str, ProbeOutcome] = field(default_factory=dict)
    _made: int = 0

    @property
    def nats(self) -> tuple[str, str]:
        """Names of the NATs, the primary's first."""
        first, second = self.network.layout.nats
        return first.name, second.name

    @property
    def tables(self) -> tuple[str, str]:
        """The route tables that the function is told of, the primary's first."""
        environment = self.cloud.environment
        return environment["NAT_FAILOVER_PRIMARY_ROUTE_TABLE"], environment["NAT_FAILOVER_STANDBY_ROUTE_TABLE"]

    def active(self) -> str:
        """Give the NAT that most of the subnets use, the primary where it is undecided."""
        using = list(self.cloud.protected().values())
        primary, standby = self.tables
        return self.nats[1] if using.count(standby) > using.count(primary) else self.nats[0]

    def passive(self) -> str:
        """Give the other NAT."""
        return self.nats[0] if self.active() == self.nats[1] else self.nats[1]

    def backend(self, number: int) -> str:
        """Give a backend."""
        backends = self.network.layout.backends
        return backends[number % len(backends)].name

    def wait(self, seconds: float) -> bool:
        """Let a trouble last; tell whether it has to be ended still."""
        self.lab.world.sleep(seconds)
        return not self.quiet

    def write_lock(self, text: str | None) -> None:
        """Write the lock as a person does; None deletes it."""
        self.cloud.set_lock(text)
        self.rules.person_wrote(text)

    def move(self, subnet: str, table: str) -> None:
        """Associate a subnet with a table, as a person does."""
        account = self.cloud.account
        association = next(a for a, (of, _) in account.holdings.associations.items() if of == subnet)
        if account.holdings.associations[association][1] == table:
            return
        account.associate(association, table)
        self.cloud.mirror_subnet(subnet)
        self.rules.person_moved(subnet)

    def set_routes(self, table: str, change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> None:
        """Change the routes of a table, as a person does."""
        routes = self.cloud.account.change().routes
        if table in routes:
            routes[table] = change([dict(route) for route in routes[table]])
            self.cloud.mirror()
            self.rules.person_routed()

    def deploy(self, changed: Mapping[str, str]) -> None:
        """Deploy the function anew, with variables of its environment changed."""
        self.cloud.environment = {**self.cloud.environment, **changed}
        self.lab.functions.deploy()
        self.rules.deployed()

    def new_table(self, like: str) -> str:
        """Make a route table that has the routes of another."""
        self._made += 1
        made = f"rtb-{self._made:017x}"
        routes = self.cloud.account.change().routes
        routes[made] = [dict(route) for route in routes[like]]
        self.cloud.mirror()
        return made

    def drop_table(self, table: str) -> None:
        """Delete a route table, as CloudFormation does after a replacement; one that is in use stays."""
        holdings = self.cloud.account.holdings
        if any(used == table for _, used in holdings.associations.values()):
            return
        self.cloud.account.change().routes.pop(table, None)
        self.network.set_routes(table, {})
