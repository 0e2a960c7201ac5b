"""What is really so, and since when: who is online, which way out works; the rules compare what is done with it."""

from __future__ import annotations

from dataclasses import dataclass

from tests.gate.run_command.on_network import RunCommand
from tests.lab.network.simulated.network import SimulatedNetwork
from tests.lab.world.world import World
from tests.simulation.account.cloud import ModelCloud

# Times of a boot that differ by less, in seconds, are those of one.
SAME = 1e-3


@dataclass(frozen=True)
class Spell:
    """Something was so from one time to another, seconds since the epoch; ``until`` is infinite where it still is."""

    begun: float
    until: float


class Truth:
    """Keeps when hosts may have seen a failure, and when a route table would have carried traffic."""

    def __init__(self, cloud: ModelCloud, network: SimulatedNetwork, run_command: RunCommand, world: World) -> None:
        self._cloud = cloud
        self._network = network
        self._run_command = run_command
        self._world = world
        self.liars: set[str] = set()
        # Whether packets have ever been lost at random.
        self.lossy = False
        # Say nothing that can be judged by.
        self.mute: set[str] = set()
        self._spells: dict[tuple[str, str], list[tuple[float, float | None]]] = {}
        self._boots: dict[str, list[tuple[float, float]]] = {}

    def watch(self) -> None:
        """Note every change, for ever."""
        while True:
            self.note()
            self._network.changed.wait(3600.0)

    def note(self) -> None:
        """Note what is so from now on."""
        for backend in (host.name for host in self._network.layout.backends):
            self._set("fails", backend, self._is_cut_off(backend))
            self._set("is online", backend, self._network.is_up(backend) and self._network.is_online(backend))
            self._note_boot(backend)
        self.lossy |= self._network.is_uncertain
        for table in self._cloud.tables():
            self._set("carries", table, self.carries(table))
            for nat in self._network.layout.nats:
                self._set(f"leads to {nat.name}", table, self._network.default_of(table) == nat.name)
        for nat in self._network.layout.nats:
            self._set("has worked", nat.name, self._works(nat.name))
            self._set("forwards", nat.name, self._forwards(nat.name))
            self._set("leaves", nat.name, self._leaves(nat.name))
            self._set("is warned of", nat.name, self._cloud.instances[nat.name] in self._cloud.warned)
        staying = [self._cloud.state_of(host.name) == "running" for host in self._network.layout.backends]
        self._set("most stay", "the backends", 2 * sum(staying) >= len(staying))

    def _leaves(self, nat: str) -> bool:
        """Tell whether EC2 says that a NAT goes, or has announced that it will at any moment."""
        return self._cloud.state_of(nat) != "running" or self._cloud.instances[nat] in self._cloud.warned

    def _is_cut_off(self, host: str) -> bool:
        """Tell whether a host may say that it can't reach the Internet."""
        if host in self.liars:
            return True
        if not self._network.is_up(host):
            return False  # nobody there who could say so
        return self._network.is_uncertain or not self._network.is_online(host)

    def _works(self, nat: str) -> bool:
        """Tell whether a backend is online through a NAT, or could be by its port while no route leads there."""
        tables = {table for table in self._cloud.tables() if self._network.default_of(table) == nat}
        subnets = {name for name, used in self._cloud.protected().items() if used in tables}
        hosts = [host for host in self._network.layout.backends if self._network.is_up(host.name)]
        if subnets:
            return any(host.subnet in subnets and self._network.is_online(host.name) for host in hosts)
        return bool(hosts) and any(map(self.carries, tables))

    def has_worked(self, nat: str, until: float) -> bool:
        """Tell whether a NAT, by its instance's id, has ever got a backend to the Internet."""
        spells = self.spells("has worked", self._cloud.host_of(nat), 0.0, until)
        return any(spell.until > spell.begun for spell in spells)

    def has_forwarded(self, nat: str, since: float, until: float) -> bool:
        """Tell whether a NAT, by its instance's id, would have carried what most backends send, whatever led to it."""
        return bool(self.spells("forwards", self._cloud.host_of(nat), since, until))

    def leads(self, table: str, nat: str, since: float, until: float) -> bool:
        """Tell whether the default route of a table has led to a NAT, by its instance's id."""
        return bool(self.spells(f"leads to {self._cloud.host_of(nat)}", table, since, until))

    def carries(self, table: str) -> bool:
        """Tell whether the default route of a table leads to a NAT that would carry what most backends send."""
        nat = self._network.default_of(table)
        return nat is not None and self._forwards(nat)

    def _forwards(self, nat: str) -> bool:
        if not (self._network.is_online(nat) and all(self._network.is_nat(nat))):
            return False
        group, backends = self._network.vpc.group(nat), self._network.layout.backends
        return 2 * sum(group.admits(host.address, "tcp", 443) for host in backends) > len(backends)

    def carried(self, table: str, since: float, until: float) -> bool:
        """Tell whether the default route of a table has led to a NAT that carries, for a whole time and no loss."""
        spells = self.spells("carries", table, since, until)
        return not self.lossy and any(s.begun <= since and s.until >= until for s in spells)

    def online_since(self, since: float, until: float) -> bool:
        """Tell whether any backend was online at some moment of a time."""
        return any(self.spells("is online", h.name, since, until) for h in self._network.layout.backends)

    def ec2_says_gone(self, nat: str, passive: str, since: float, until: float) -> bool:
        """Tell whether EC2 has said at a time that a NAT goes, while most of the backends and the other NAT stayed."""
        away = self.spells("leaves", self._cloud.host_of(passive), since, until)
        return bool(
            self.spells("leaves", self._cloud.host_of(nat), since, until)
            and self.spells("most stay", "the backends", since, until)
            and not any(spell.begun <= since and spell.until >= until for spell in away)
        )

    def warned_of_both(self, nat: str, passive: str, until: float) -> bool:
        """Tell whether AWS had announced the passive NAT's end no later than that of the one that is left."""
        left, other = (self.spells("is warned of", self._cloud.host_of(i), until, until) for i in (nat, passive))
        return bool(left and other) and other[0].begun <= left[0].begun and self._cloud.state(nat) == "running"

    def _set(self, what: str, of: str, value: bool) -> None:
        spells = self._spells.setdefault((what, of), [])
        if value and (not spells or spells[-1][1] is not None):
            spells.append((self._world.now(), None))
        elif not value and spells and spells[-1][1] is None:
            spells[-1] = (spells[-1][0], self._world.now())

    def spells(self, what: str, of: str, since: float, until: float) -> list[Spell]:
        """Give when something was so, as far as it reaches into a time; the present moment is noted first."""
        self.note()
        found = [Spell(begun, float("inf") if end is None else end) for begun, end in self._spells.get((what, of), [])]
        return [spell for spell in found if spell.begun <= until and spell.until >= since]

    def well(self, since: float, until: float) -> list[str]:
        """Give the backends that nothing was the matter with all the time: they have said so, if they were asked."""
        return [
            host.name
            for host in self._network.layout.backends
            if len(self._boots[host.name]) == 1 and not self.spells("fails", host.name, since, until)
        ]

    def failing(self, since: float, until: float) -> list[str]:
        """Give the backends that may have seen a failure at some moment of a time."""
        return [h.name for h in self._network.layout.backends if self.spells("fails", h.name, since, until)]

    def _note_boot(self, host: str) -> None:
        now = self._world.now()
        booted, boots = now - self._network.uptime(host), self._boots.setdefault(host, [])
        if not boots or abs(boots[-1][1] - booted) > SAME:
            boots.append((now, booted))
