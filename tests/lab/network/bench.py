"""A network of the lab as a user has it, on a bench: no account, no function, only the network."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from infra.constructs.user_data import USER_DATA as SCRIPT
from infra.constructs.user_data import filled_in
from infra.probe.document import ProbeValues, content, script
from tests.gate.run_command.documents import Document, reaching
from tests.lab.network.layout import SSM_PUBLIC, TARGETS, VPC_CIDR, standard_layout
from tests.lab.network.network import Network, ProbeRun
from tests.lab.network.simulated.network import SimulatedNetwork
from tests.lab.world.real import RealWorld
from tests.lab.world.virtual import VirtualWorld
from tests.lab.world.world import World

ROOT = Path(__file__).resolve().parents[3]
# The product's own, with the values of a stack that has an egress address: connections may go on under the same one.
USER_DATA = filled_in(SCRIPT.read_text(encoding="utf-8"), "", TARGETS, (VPC_CIDR,), resets=False)
VALUES = ProbeValues("main", TARGETS)
PROBE = Document(content(script(VALUES)))
EVERYBODY = {f"backend{n}" for n in range(1, 7)}
NATS = {"nat01", "nat02"}


class Bench:
    """A network as a user has it, all backends behind nat01, nat02 beside it."""

    def __init__(self, world: World, network: Network) -> None:
        self.world = world
        self.network = network
        self.layout = network.layout

    def set_up(self) -> None:
        """Build it."""
        self.network.open()
        local = {VPC_CIDR: "local"}
        for table, way in (("public", "igw"), ("primary", "nat01"), ("standby", "nat02")):
            self.network.set_routes(table, local | {"0.0.0.0/0": way})
        self.network.associate(self.layout.public_subnet.name, "public")
        for subnet in self.layout.private_subnets:
            self.network.associate(subnet.name, "primary")
        for nat in self.layout.nats:
            self.network.boot(nat.name, USER_DATA)
        self.network.set_guards(checks={nat.name: False for nat in self.layout.nats})

    def play(self, body: Callable[[], None]) -> None:
        """Do something in the lab's world."""
        self.world.run(body)

    def reaching(self, address: str | None = None) -> set[str]:
        """Give the hosts from which an address, or else any target, can be reached now."""
        addresses = [address] if address else TARGETS

        def asks(host: str, target: str) -> Callable[[], str | None]:
            return lambda: host if self.network.reaches(host, target) else None

        answers = self.world.together([asks(host.name, target) for host in self.layout.hosts for target in addresses])
        return {host for host in answers if host}

    def start_watch(
        self, host: str, window: float, active: str = "nat01", passive: str = "nat02", **values: Any
    ) -> ProbeRun:
        """Start the product's probe on a host; the NATs by name, or ``-``, and other values than the default ones."""
        probe = Document(content(script(replace(VALUES, **values))))
        nats = ["-" if name == "-" else self.layout.host(name).address for name in (active, passive)]
        given = dict(zip(("window", "active", "passive"), ([value] for value in (f"{window:g}", *nats)), strict=True))
        text, arguments = probe.script(given)
        return self.network.start_probe(host, reaching(text, SSM_PUBLIC), arguments)

    def watch(self, host: str, window: float) -> tuple[int, dict[str, Any]]:
        """Run the product's probe on a host to its end, and return its exit status and what it tells."""
        outcome = self.start_watch(host, window).wait()
        return outcome.exit_code, json.loads(outcome.stdout)


def make(kind: str, *, picks_up: bool = True) -> Bench:
    """Make one that is not set up yet; for ``picks_up`` see ``Vpc``."""
    if kind == "simulated":
        world = VirtualWorld(7)
        return Bench(world, SimulatedNetwork(standard_layout(), world, picks_up=picks_up))
    from tests.lab.network.real.namespaces import NamespacesNetwork  # noqa: PLC0415 - there is none on other systems

    return Bench(RealWorld(7), NamespacesNetwork(standard_layout(), picks_up=picks_up))
