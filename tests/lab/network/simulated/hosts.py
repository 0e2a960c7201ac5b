"""The hosts of the simulated network and what can be wrong with them, and with the Internet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from itertools import cycle
from typing import Self

from tests.lab.network.layout import Layout
from tests.lab.network.network import DEFAULT_UPTIME, ProbeOutcome
from tests.lab.network.simulated.machine import Machine
from tests.lab.network.simulated.packets import TURNS, SimulatedPackets
from tests.lab.network.simulated.process import SimulatedProcess
from tests.lab.network.vpc import Vpc
from tests.lab.world.world import Signal, World


class SimulatedHosts:
    """See ``Network``.

    Attributes:
        changed: given whenever something has.
        version: how often anything has, listeners included.
        files: those that tell the watches of a drill to stop, on all hosts alike.
    """

    def __init__(self, layout: Layout, world: World, *, picks_up: bool = True) -> None:
        self.layout = layout
        self.world = world
        self.vpc = Vpc(layout, picks_up=picks_up)
        self._packets = SimulatedPackets(layout, self.vpc)
        self._machines = self._packets.machines
        self._loss = 0.0
        # Of connections to proof ports, those of both NATs together.
        self._turns = cycle(range(TURNS))
        # When each target answered a ping of each public address; None where it answers as many as come.
        self._pinged: dict[tuple[str, str], float] | None = None
        self.files: set[str] = set()
        self.changed = world.signal()
        self.boots: Counter[str] = Counter()
        self._running: list[SimulatedProcess] = []
        self.version = 0

    def __enter__(self) -> Self:
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
        self._stir()
        self.changed.give()

    def _stir(self) -> None:
        self.version += 1
        self._packets.forget()
        for run in self._running:
            run.stir()

    def boot(self, nat: str, user_data: str) -> None:
        """Have a NAT forward and translate, now and after every start; the model does not run shell scripts."""
        if not user_data.startswith("#!"):
            raise ValueError("user data has to be a script")
        machine = self._machines[nat]
        machine.boots_to_nat = machine.forwarding = machine.translating = True
        machine.resets = "\nresets='--reset'\n" in user_data
        self._change()

    def machine(self, host: str) -> Machine:
        """Return what a host is like by itself."""
        return self._machines[host]

    @property
    def is_uncertain(self) -> bool:
        """Whether one packet may be answered where another like it is not."""
        return bool(self._loss) or self._pinged is not None or any(m.loses for m in self._machines.values())

    def changes(self) -> Signal | None:
        """Return what is given whenever something may have changed."""
        return self.changed

    def is_powered(self, host: str) -> bool:
        """Tell whether a host is switched on."""
        return self._machines[host].powered

    def is_up(self, host: str) -> bool:
        """Tell whether a host runs and is connected."""
        return self._machines[host].up

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
        machine.intercepts, machine.drops, machine.loses = False, frozenset(), 0.0
        self._change()

    def reboot(self, host: str) -> None:
        """Switch a host off and on."""
        self.stop(host)
        self.start(host)

    def restart_agent(self, host: str, outcome: ProbeOutcome | None) -> None:
        """End what an agent runs on a host, as its restart does; ``outcome`` is what it then tells, if anything."""
        machine = self._machines[host]
        for run in machine.runs:
            run.kill(outcome)
        machine.runs = [run for run in machine.runs if run.lives()]

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

    def set_nat_loss(self, nat: str, percent: float) -> None:
        """Let a NAT lose packets at random."""
        self._machines[nat].loses = percent
        self._change()

    def set_tracked(self, nat: str, percent: float) -> None:
        """Let a NAT track so many of the connections that it can."""
        self._machines[nat].tracked = percent
        self._change()

    def set_pings_limited(self, on: bool) -> None:
        """Let targets answer one ping a second of each address that they see, or all."""
        self._pinged = {} if on else None
        self._change()

    def set_dropping(self, nat: str, protocols: Collection[str]) -> None:
        """Let a NAT drop what it would forward of these protocols."""
        self._machines[nat].drops = frozenset(protocols)
        self._change()

    def set_intercepting(self, nat: str, on: bool) -> None:
        """Let a NAT answer connections to port 443 of everybody itself, or not."""
        self._machines[nat].intercepts = on
        self._change()

    def set_serving(self, nat: str, on: bool) -> None:
        """Let something serve at port 443 of a NAT's own address, or not."""
        self._machines[nat].taken = 443 if on else 0
        self._change()

    def set_sick(self, backend: str, sick: bool) -> None:
        """Let a backend drop its own packets to the outside."""
        self._machines[backend].sick = sick
        self._change()
