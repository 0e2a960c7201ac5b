"""A model of the network, the probe and the pinger, with the same outside as the one of real packets."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.lab.layout import PUBLIC_SUBNET, SSM_ENDPOINT, Layout
from tests.lab.network import PINGS_A_SECOND, ProbeOutcome, Slot, longest_outage
from tests.lab.world import Cancelled, World

DEFAULT_UPTIME = 86400.0
# As in infra/probe.sh.
LAST_TRY = 3
LAST_SPACING = 0.12
LAST_WAIT = 0.40


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
    runs: list[SimulatedProbe] = field(default_factory=list)

    @property
    def up(self) -> bool:
        return self.powered and self.linked


class SimulatedProbe:
    """The probe, slot by slot, as infra/probe.sh goes about it."""

    def __init__(self, network: SimulatedNetwork, host: str, arguments: Sequence[str]) -> None:
        targets, interval, failures, window, warm_up = arguments
        self._network = network
        self._host = host
        self._targets = targets.split(" ")
        self._interval = float(interval)
        self._failures = int(failures)
        self._window = float(window)
        self._warm_up = float(warm_up)
        self._sent = self._lost = 0
        self._last_target = ""
        self._outcome = ProbeOutcome(-9, "")
        self._begun = network.world.now()
        self._task = network.world.spawn(self._main, f"probe on {host}")

    def wait(self) -> ProbeOutcome:
        """Wait until it has ended."""
        self._task.join()
        return self._outcome

    def kill(self) -> None:
        """End it without a word."""
        self._task.cancel()

    def _main(self) -> None:
        world = self._network.world
        in_a_row, since = 0, self._begun
        while True:
            now = world.now()
            if in_a_row == 0:
                since = now
            answered = self._fire(self._draw())
            if not (answered and self._window == 0):
                world.sleep(self._interval if in_a_row == 0 else self._interval / 2)
            if answered:
                in_a_row = 0
                if world.now() - self._begun >= self._window:
                    return self._verdict("reachable", 0, 0.0)
                continue
            self._lost += 1
            in_a_row += 1
            if in_a_row < self._failures:
                continue
            if not self._last_try():
                lost_for = world.now() - since
                if self._network.uptime(self._host) < self._warm_up:
                    return self._verdict("warming-up", 3, lost_for)
                return self._verdict("unreachable", 1, lost_for)
            in_a_row = 0
            if self._window == 0:
                return self._verdict("reachable", 0, 0.0)

    def _draw(self) -> str:
        others = [t for t in self._targets if t != self._last_target] or self._targets
        self._last_target = self._network.world.random.choice(others)
        return self._last_target

    def _fire(self, target: str) -> bool:
        self._sent += 1
        return self._network.reaches(self._host, target)

    def _last_try(self) -> bool:
        for turn in range(LAST_TRY):
            if any([self._fire(target) for target in self._targets]):
                return True
            self._network.world.sleep(LAST_WAIT if turn == LAST_TRY - 1 else LAST_SPACING)
        return False

    def _verdict(self, state: str, exit_code: int, lost_for: float) -> None:
        said = {
            "probe": 1,
            "state": state,
            "sent": self._sent,
            "lost": self._lost,
            "lost_for": round(lost_for, 2),
            "elapsed": round(self._network.world.now() - self._begun, 2),
            "uptime": int(self._network.uptime(self._host)),
            "targets": " ".join(self._targets),
        }
        self._outcome = ProbeOutcome(exit_code, json.dumps(said) + "\n")


class SimulatedNetwork:
    """See ``Network``; a packet's fate is decided when it is sent."""

    name = "simulated"

    def __init__(self, layout: Layout, world: World) -> None:
        self.layout = layout
        self.world = world
        self._machines: dict[str, _Machine] = {}
        self._routes: dict[str, dict[str, str]] = {}
        self._associations: dict[str, str] = {}
        self._dark_targets: set[str] = set()
        self._internet = True
        self._loss = 0.0

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

    def associate(self, subnet: str, table: str) -> None:
        """Let a subnet use a table."""
        self._associations[subnet] = table

    def boot(self, nat: str, user_data: str) -> None:
        """Have a NAT forward and translate, now and after every start; the model does not run shell scripts."""
        if not user_data.startswith("#!"):
            raise ValueError("user data has to be a script")
        machine = self._machines[nat]
        machine.boots_to_nat = machine.forwarding = machine.translating = True

    def start_probe(self, host: str, script: str, arguments: Sequence[str]) -> SimulatedProbe:
        """Play the probe; the script itself is not run."""
        del script
        machine = self._machines[host]
        machine.runs.append(SimulatedProbe(self, host, arguments))
        return machine.runs[-1]

    def reaches(self, host: str, address: str) -> bool:
        """Tell whether a packet sent now would be answered."""
        machine = self._machines[host]
        if not machine.up:
            return False
        if address == SSM_ENDPOINT:
            return True
        if machine.sick or address in self._dark_targets or not self._internet:
            return False
        if not self._leaves(host):
            return False
        return not (self._loss and self.world.random.random() * 100 < self._loss)

    def _leaves(self, host: str) -> bool:
        route = self._default_route(self.layout.host(host).subnet)
        if route == "igw":
            return self._machines[host].uplink and self.layout.host(host).public is not None
        nat = self._machines.get(route)
        if nat is None or self._default_route(PUBLIC_SUBNET) != "igw":
            return False
        return nat.up and nat.forwarding and nat.translating and nat.uplink

    def _default_route(self, subnet: str) -> str:
        return self._routes.get(self._associations.get(subnet, ""), {}).get("0.0.0.0/0", "")

    def uptime(self, host: str) -> float:
        """Give the seconds since a host booted."""
        return self.world.now() - self._machines[host].booted_at

    def set_uptime(self, host: str, seconds: float) -> None:
        """Let a host have booted so long ago."""
        self._machines[host].booted_at = self.world.now() - seconds

    def flush_nat_rules(self, nat: str) -> None:
        """Take a NAT's translation rules away."""
        self._machines[nat].translating = False

    def set_forwarding(self, nat: str, on: bool) -> None:
        """Let a NAT forward, or not."""
        self._machines[nat].forwarding = on

    def set_link(self, host: str, up: bool) -> None:
        """Plug a host's interface in or out."""
        self._machines[host].linked = up

    def stop(self, host: str) -> None:
        """Switch a host off."""
        machine = self._machines[host]
        machine.powered = False
        self._kill(machine)

    def start(self, host: str) -> None:
        """Switch a host on."""
        machine = self._machines[host]
        machine.powered = True
        machine.booted_at = self.world.now()
        machine.forwarding = machine.translating = machine.boots_to_nat

    def _kill(self, machine: _Machine) -> None:
        for run in machine.runs:
            run.kill()
        machine.runs.clear()

    def set_uplink(self, nat: str, up: bool) -> None:
        """Let a NAT's packets to and from the Internet vanish, or not."""
        self._machines[nat].uplink = up

    def set_target(self, address: str, up: bool) -> None:
        """Let an address answer, or not."""
        (self._dark_targets.discard if up else self._dark_targets.add)(address)

    def set_internet(self, up: bool) -> None:
        """Let the Internet be reachable, or not."""
        self._internet = up

    def set_loss(self, percent: float) -> None:
        """Lose packets at random."""
        self._loss = percent

    def set_sick(self, backend: str, sick: bool) -> None:
        """Let a backend drop its own packets to the outside."""
        self._machines[backend].sick = sick


class SimulatedPinger:
    """Asks the model five times a second for every backend."""

    def __init__(self, network: SimulatedNetwork, targets: Sequence[str]) -> None:
        self._network = network
        self._targets = targets
        self._slots: dict[str, list[Slot]] = {host.name: [] for host in network.layout.backends}
        self._stopped = False

    def start(self) -> None:
        """Begin."""
        self._network.world.spawn(self._main, "pinger")

    def _main(self) -> None:
        world = self._network.world
        try:
            while not self._stopped:
                for host, slots in self._slots.items():
                    # All are drawn, not only until the first answers: one seed is one history.
                    answers = [self._network.reaches(host, target) for target in self._targets]
                    slots.append(Slot(world.now(), any(answers)))
                world.sleep(1 / PINGS_A_SECOND)
        except Cancelled:
            return

    def stop(self) -> None:
        """End."""
        self._stopped = True

    def online(self, host: str) -> bool:
        """Tell whether the latest slot was answered."""
        return bool(self._slots[host]) and self._slots[host][-1].answered

    def outage(self, host: str, since: float) -> float | None:
        """Give the longest outage since then."""
        longest = longest_outage(self._slots[host], since)
        if longest is None:
            return 0.0
        begun, ended = longest
        return None if ended is None else ended - begun

    def back_online_at(self, host: str, since: float) -> float | None:
        """Give the end of the longest outage since then."""
        longest = longest_outage(self._slots[host], since)
        return None if longest is None else longest[1]
