"""A model of the network, with the same outside as that of real packets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from tests.lab.network.guards import Guard
from tests.lab.network.layout import TARGETS, Layout
from tests.lab.network.network import DEFAULT_UPTIME, ProbeOutcome
from tests.lab.network.simulated.machine import Machine
from tests.lab.network.simulated.packets import Outcome, SimulatedPackets
from tests.lab.network.simulated.probe import SimulatedProbe
from tests.lab.network.simulated.scripts import SimulatedScript
from tests.lab.network.vpc import Path, Vpc
from tests.lab.world.world import Signal, World


class SimulatedNetwork:
    """See ``Network``; a packet's fate is decided when it is sent."""

    name = "simulated"

    def __init__(self, layout: Layout, world: World, *, picks_up: bool = True) -> None:
        self.layout = layout
        self.world = world
        self.vpc = Vpc(layout, picks_up=picks_up)
        self._packets = SimulatedPackets(layout, self.vpc)
        self._machines = self._packets.machines
        self._loss = 0.0
        # Those that tell the watches of a drill to stop, on all hosts alike.
        self.files: set[str] = set()
        self.changed = world.signal()
        self.boots: Counter[str] = Counter()

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
        self._machines |= {host.name: Machine(booted_at=booted) for host in self.layout.hosts}

    def close(self) -> None:
        """End what runs."""
        for machine in self._machines.values():
            machine.end_runs()

    def _change(self) -> None:
        self._packets.forget()
        self.changed.give()

    def set_routes(self, table: str, routes: Mapping[str, str]) -> None:
        """Give a route table its routes."""
        self.vpc.set_routes(table, routes)
        self._change()

    def associate(self, subnet: str, table: str) -> None:
        """Let a subnet use a table."""
        self.vpc.associations[subnet] = table
        self._change()

    def boot(self, nat: str, user_data: str) -> None:
        """Have a NAT forward and translate, now and after every start; the model does not run shell scripts."""
        if not user_data.startswith("#!"):
            raise ValueError("user data has to be a script")
        machine = self._machines[nat]
        machine.boots_to_nat = machine.forwarding = machine.translating = True
        self._change()

    def start_probe(self, host: str, script: str, arguments: Sequence[str]) -> SimulatedProbe | SimulatedScript:
        """Play the probe, or one of the command's scripts, which have no arguments; the script itself is not run."""
        machine = self._machines[host]
        run = SimulatedProbe(self, host, arguments) if arguments else SimulatedScript(self, host, script)
        machine.runs = [*(run for run in machine.runs if not run.done()), run]
        if not machine.powered:
            run.kill()
        return run

    def reaches(self, host: str, address: str, port: int | None = None) -> bool:
        """Tell whether a packet sent now would be answered."""
        return self._answered(self._packets.sent(host, address, port))

    def path(self, host: str, address: str) -> Path:
        """Return what a flow depends on that a host begins now."""
        return self.vpc.path(host, address)

    def carries(self, host: str, address: str, path: Path, port: int = 443) -> bool:
        """Return whether a connection that was begun on a path still is one, and is answered now."""
        sent = self._packets.sent(host, address, port, known=True)
        return self._answered(sent) and self.vpc.still(host, address, path)

    def forges(self, host: str, source: str, to: str) -> bool:
        """Return whether a ping that a host sends with another's address comes to a host of the VPC."""
        return self._packets.forged(host, source, to)

    def _answered(self, outcome: Outcome) -> bool:
        if not outcome.answered:
            return False
        return not (self._loss and outcome.outside and self.world.random.random() * 100 < self._loss)

    def is_online(self, host: str) -> bool:
        """Tell whether a packet of a host to a target may be answered, but for those lost at random."""
        return any(self._packets.foreseen(host, target).answered for target in TARGETS)

    def default_of(self, table: str) -> str | None:
        """Give the host that a route table's default route leads to; None where it leads to none."""
        way = self.vpc.routes.get(table, {}).get("0.0.0.0/0")
        return way if way in self._machines else None

    @property
    def loss(self) -> float:
        """Per cent of the packets that are lost at random."""
        return self._loss

    def changes(self) -> Signal | None:
        """Return what is given whenever something may have changed."""
        return self.changed

    def is_powered(self, host: str) -> bool:
        """Tell whether a host is switched on."""
        return self._machines[host].powered

    def is_up(self, host: str) -> bool:
        """Tell whether a host runs and is connected."""
        return self._machines[host].up

    def calm(self, host: str) -> bool:
        """Tell whether every ping of a host is answered for certain, until something changes."""
        return not self._loss and all(self._packets.foreseen(host, target).answered for target in TARGETS)

    def nudge(self, host: str, address: str) -> None:
        """Send a ping to a host of the VPC."""
        there = next((h.name for h in self.layout.hosts if h.address == address), None)
        if there is not None and self._packets.sent(host, address).answered:
            self._machines[there].echoes += 1
            self.changed.give()

    def echoes(self, host: str) -> int:
        """Tell how many pings a host has got from within the VPC."""
        return self._machines[host].echoes

    def egress_address(self, host: str, address: str) -> str | None:
        """Give the address that an address in the Internet sees a host come from; None where nothing arrives."""
        outcome = self._packets.sent(host, address)
        return outcome.public if self._answered(outcome) else None

    def set_guards(
        self,
        groups: Mapping[str, Guard] | None = None,
        acls: Mapping[str, Guard] | None = None,
        checks: Mapping[str, bool] | None = None,
    ) -> None:
        """Let something else guard interfaces and subnets."""
        if self.vpc.set_guards(groups, acls, checks):
            self._change()

    def count_rules(self) -> None:
        """Nothing is left to be counted."""

    def set_public(self, nat: str, address: str | None) -> None:
        """Let the Internet gateway translate a NAT's address to another, or to none from now on."""
        if address != self.vpc.public[nat]:
            self.vpc.set_public(nat, address)
            self._change()

    def uptime(self, host: str) -> float:
        """Give the seconds since a host booted."""
        return self.world.now() - self._machines[host].booted_at

    def booted_at(self, host: str) -> float:
        """Give when a host booted."""
        return self._machines[host].booted_at

    def set_uptime(self, host: str, seconds: float) -> None:
        """Let a host have booted so long ago."""
        self._machines[host].booted_at = self.world.now() - seconds

    def flush_nat_rules(self, nat: str) -> None:
        """Take a NAT's translation rules away."""
        self._machines[nat].translating = False
        self._change()

    def is_nat(self, host: str) -> tuple[bool, bool]:
        """Tell whether a host forwards, and whether it translates."""
        machine = self._machines[host]
        return machine.forwarding, machine.translating

    def set_forwarding(self, nat: str, on: bool) -> None:
        """Let a NAT forward, or not."""
        self._machines[nat].forwarding = on
        self._change()

    def set_link(self, host: str, up: bool) -> None:
        """Plug a host's interface in or out."""
        self._machines[host].linked = up
        self._change()

    def stop(self, host: str) -> None:
        """Switch a host off."""
        machine = self._machines[host]
        machine.powered = False
        self._change()
        machine.end_runs()

    def start(self, host: str) -> None:
        """Switch a host on."""
        machine = self._machines[host]
        machine.powered = True
        self.boots[host] += 1
        machine.booted_at = self.world.now()
        self.vpc.forget_flows(host)
        machine.forwarding = machine.translating = machine.boots_to_nat
        self._change()

    def reboot(self, host: str) -> None:
        """Switch a host off and on."""
        self.stop(host)
        self.start(host)

    def restart_agent(self, host: str, outcome: ProbeOutcome | None) -> None:
        """End what an agent runs on a host, as its restart does; ``outcome`` is what it then tells, if anything."""
        for run in self._machines[host].runs:
            run.kill(outcome)
        self._machines[host].runs.clear()

    def set_uplink(self, nat: str, up: bool) -> None:
        """Let a NAT's packets to and from the Internet vanish, or not."""
        self._machines[nat].uplink = up
        self._change()

    def set_target(self, address: str, up: bool) -> None:
        """Let an address answer, or not."""
        (self._packets.dark.discard if up else self._packets.dark.add)(address)
        self._change()

    def set_internet(self, up: bool) -> None:
        """Let the Internet be reachable, or not."""
        self._packets.internet = up
        self._change()

    def set_loss(self, percent: float) -> None:
        """Lose packets at random."""
        self._loss = percent
        self._change()

    def set_sick(self, backend: str, sick: bool) -> None:
        """Let a backend drop its own packets to the outside."""
        self._machines[backend].sick = sick
        self._change()
