"""A model of the network, with the same outside as that of real packets."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.lab.layout import PRIVATE_WAYS, SSM_ENDPOINT, SSM_PUBLIC, TARGETS, Layout
from tests.lab.network import DEFAULT_UPTIME, ProbeOutcome
from tests.lab.simulated_probe import SimulatedProbe
from tests.lab.simulated_scripts import SimulatedScript
from tests.lab.world import World


@dataclass
class _Machine:
    powered: bool = True
    linked: bool = True
    sick: bool = False
    forwarding: bool = False
    translating: bool = False
    boots_to_nat: bool = False
    uplink: bool = True
    booted_at: float = 0.0
    echoes: int = 0
    runs: list[SimulatedProbe | SimulatedScript] = field(default_factory=list)

    @property
    def up(self) -> bool:
        return self.powered and self.linked


class SimulatedNetwork:
    """See ``Network``; a packet's fate is decided when it is sent."""

    name = "simulated"

    def __init__(self, layout: Layout, world: World) -> None:
        self.layout = layout
        self.world = world
        self._machines: dict[str, _Machine] = {}
        self._routes: dict[str, dict[str, str]] = {}
        self._associations: dict[str, str] = {}
        self._public = {host.name: host.public for host in layout.hosts}
        self._dark_targets: set[str] = set()
        self._internet = True
        self._loss = 0.0
        self._ways: dict[tuple[str, str], str] = {}
        # Those that tell the watches of a drill to stop, on all hosts alike.
        self.files: set[str] = set()
        self.changed = world.signal()

    def __enter__(self) -> SimulatedNetwork:
        """Open it."""
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def open(self) -> None:
        """Have every host up."""
        booted = self.world.now() - DEFAULT_UPTIME
        self._machines = {host.name: _Machine(booted_at=booted) for host in self.layout.hosts}

    def close(self) -> None:
        """End what runs."""
        for machine in self._machines.values():
            self._kill(machine)

    def set_routes(self, table: str, routes: Mapping[str, str]) -> None:
        """Give a route table its routes."""
        self._routes[table] = dict(routes)
        self._ways.clear()
        self.changed.give()

    def associate(self, subnet: str, table: str) -> None:
        """Let a subnet use a table."""
        self._associations[subnet] = table
        self.changed.give()

    def boot(self, nat: str, user_data: str) -> None:
        """Have a NAT forward and translate, now and after every start; the model does not run shell scripts."""
        if not user_data.startswith("#!"):
            raise ValueError("user data has to be a script")
        machine = self._machines[nat]
        machine.boots_to_nat = machine.forwarding = machine.translating = True
        self.changed.give()

    def start_probe(self, host: str, script: str, arguments: Sequence[str]) -> SimulatedProbe | SimulatedScript:
        """Play the probe, or one of the command's scripts, which have no arguments; the script itself is not run."""
        machine = self._machines[host]
        run = SimulatedProbe(self, host, arguments) if arguments else SimulatedScript(self, host, script)
        machine.runs = [*(run for run in machine.runs if not run.done()), run]
        if not machine.powered:
            run.kill()
        return run

    def reaches(self, host: str, address: str) -> bool:
        """Tell whether a packet sent now would be answered."""
        machine = self._machines[host]
        if not machine.up:
            return False
        if address == SSM_ENDPOINT:
            return True
        if machine.sick:
            return False
        way, out = self._path(host, address)
        if way in PRIVATE_WAYS:
            return address == PRIVATE_WAYS[way]
        if out is None or not self._is_there(address):
            return False
        return not (self._loss and self.world.random.random() * 100 < self._loss)

    def _is_there(self, address: str) -> bool:
        return address in (*TARGETS, SSM_PUBLIC) and address not in self._dark_targets and self._internet

    def is_online(self, host: str) -> bool:
        """Tell whether a packet of a host to a target may be answered, but for those lost at random."""
        machine = self._machines[host]
        if not machine.up or machine.sick:
            return False
        return any(self._is_there(target) and self._path(host, target)[1] is not None for target in TARGETS)

    def default_of(self, table: str) -> str | None:
        """Give the host that a route table's default route leads to; None where it leads to none."""
        way = self._routes.get(table, {}).get("0.0.0.0/0")
        return way if way in self._machines else None

    @property
    def loss(self) -> float:
        """Per cent of the packets that are lost at random."""
        return self._loss

    def is_up(self, host: str) -> bool:
        """Tell whether a host runs and is connected."""
        return self._machines[host].up

    def calm(self, host: str) -> bool:
        """Tell whether every ping of a host is answered for certain, until something changes."""
        return not self._loss and all(self.reaches(host, target) for target in TARGETS)

    def nudge(self, host: str, address: str) -> None:
        """Send a ping to a host of the VPC."""
        there = next((h.name for h in self.layout.hosts if h.address == address), None)
        if there is not None and self._machines[host].up and self._machines[there].up:
            self._machines[there].echoes += 1
            self.changed.give()

    def echoes(self, host: str) -> int:
        """Tell how many pings a host has got from within the VPC."""
        return self._machines[host].echoes

    def egress_address(self, host: str, address: str) -> str | None:
        """Give the address that an address in the Internet sees a host come from; None where nothing arrives."""
        return self._path(host, address)[1] if self.reaches(host, address) else None

    def _path(self, host: str, address: str) -> tuple[str, str | None]:
        """Give where a packet leaves the VPC, if it does, and the public address that it has then."""
        way = self._way(host, address)
        machine, by = self._machines[host], host
        if way in self._machines:
            machine, by = self._machines[way], way
            if not (machine.up and machine.forwarding and machine.translating):
                return "", None
            way = self._way(by, address)
        return way, self._public[by] if way == "igw" and machine.uplink else None

    def _way(self, host: str, address: str) -> str:
        """Give the route with the longest prefix in the table of a host's subnet."""
        table = self._associations.get(self.layout.host(host).subnet, "")
        if (table, address) not in self._ways:
            to = ipaddress.ip_address(address)
            networks = {ipaddress.ip_network(cidr): way for cidr, way in self._routes.get(table, {}).items()}
            matching = [network for network in networks if to in network]
            best = max(matching, key=lambda network: network.prefixlen, default=None)
            self._ways[table, address] = "" if best is None else networks[best]
        return self._ways[table, address]

    def set_public(self, nat: str, address: str | None) -> None:
        """Let the Internet gateway translate a NAT's address to another, or to none from now on."""
        if address != self._public[nat]:
            self._public[nat] = address
            self.changed.give()

    def uptime(self, host: str) -> float:
        """Give the seconds since a host booted."""
        return self.world.now() - self._machines[host].booted_at

    def set_uptime(self, host: str, seconds: float) -> None:
        """Let a host have booted so long ago."""
        self._machines[host].booted_at = self.world.now() - seconds

    def flush_nat_rules(self, nat: str) -> None:
        """Take a NAT's translation rules away."""
        self._machines[nat].translating = False
        self.changed.give()

    def is_nat(self, host: str) -> tuple[bool, bool]:
        """Tell whether a host forwards, and whether it translates."""
        machine = self._machines[host]
        return machine.forwarding, machine.translating

    def set_forwarding(self, nat: str, on: bool) -> None:
        """Let a NAT forward, or not."""
        self._machines[nat].forwarding = on
        self.changed.give()

    def set_link(self, host: str, up: bool) -> None:
        """Plug a host's interface in or out."""
        self._machines[host].linked = up
        self.changed.give()

    def stop(self, host: str) -> None:
        """Switch a host off."""
        machine = self._machines[host]
        machine.powered = False
        self.changed.give()
        self._kill(machine)

    def start(self, host: str) -> None:
        """Switch a host on."""
        machine = self._machines[host]
        machine.powered = True
        machine.booted_at = self.world.now()
        machine.forwarding = machine.translating = machine.boots_to_nat
        self.changed.give()

    def reboot(self, host: str) -> None:
        """Switch a host off and on."""
        self.stop(host)
        self.start(host)

    def restart_agent(self, host: str, outcome: ProbeOutcome | None) -> None:
        """End what an agent runs on a host, as its restart does; ``outcome`` is what it then tells, if anything."""
        for run in self._machines[host].runs:
            run.kill(outcome)
        self._machines[host].runs.clear()

    def _kill(self, machine: _Machine) -> None:
        for run in machine.runs:
            run.kill()
        machine.runs.clear()

    def set_uplink(self, nat: str, up: bool) -> None:
        """Let a NAT's packets to and from the Internet vanish, or not."""
        self._machines[nat].uplink = up
        self.changed.give()

    def set_target(self, address: str, up: bool) -> None:
        """Let an address answer, or not."""
        (self._dark_targets.discard if up else self._dark_targets.add)(address)
        self.changed.give()

    def set_internet(self, up: bool) -> None:
        """Let the Internet be reachable, or not."""
        self._internet = up
        self.changed.give()

    def set_loss(self, percent: float) -> None:
        """Lose packets at random."""
        self._loss = percent
        self.changed.give()

    def set_sick(self, backend: str, sick: bool) -> None:
        """Let a backend drop its own packets to the outside."""
        self._machines[backend].sick = sick
        self.changed.give()
