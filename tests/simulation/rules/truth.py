"""What is really so, and since when: who is online, which way out works; the rules compare what is done with it."""

from __future__ import annotations

from dataclasses import dataclass

from tests.gate.run_command.on_network import RunCommand
from tests.lab.cloud.cloud import Cloud
from tests.lab.network.simulated.network import SimulatedNetwork
from tests.lab.world.world import World

DEFAULT = "0.0.0.0/0"
# Times of a boot that differ by less, in seconds, are those of one.
SAME = 1e-3


@dataclass(frozen=True)
class Spell:
    """Something was so from one time to another, seconds since the epoch; ``until`` is infinite where it still is."""

    begun: float
    until: float


class Truth:
    """Keeps when hosts may have seen a failure, and when a route table would have carried traffic.

    Args:
        silence_counts: whether a host that is not heard of counts as one that fails.
        warm_up: seconds after its boot in which a host's failures say nothing.
    """

    def __init__(
        self,
        cloud: Cloud,
        network: SimulatedNetwork,
        run_command: RunCommand,
        world: World,
        warm_up: float,
        *,
        silence_counts: bool,
    ) -> None:
        self._cloud = cloud
        self._network = network
        self._run_command = run_command
        self._world = world
        self._warm_up = warm_up
        self._silence_counts = silence_counts
        self.liars: set[str] = set()
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
            self._set("fails", backend, self._may_fail(backend))
            self._set("is cut off", backend, self._is_cut_off(backend))
            self._note_boot(backend)
        for table in self._cloud.tables():
            self._set("carries", table, self.carries(table))

    def _may_fail(self, host: str) -> bool:
        return (self._silence_counts and self._silent(host)) or self._is_cut_off(host)

    def _is_cut_off(self, host: str) -> bool:
        """Tell whether a host may say that it can't reach the Internet."""
        if host in self.liars:
            return True
        if not self._network.is_up(host):
            return False  # nobody there who could say so
        return bool(self._network.loss) or not self._network.is_online(host)

    def _silent(self, host: str) -> bool:
        command = self._run_command
        if command.is_deaf(host):
            return True
        return host in self.mute | command.dead | command.offline or not self._network.is_up(host)

    def carries(self, table: str) -> bool:
        """Tell whether the default route of a table leads to a NAT that reaches the Internet now.

        Whether it would get the packets of others there, too, no host can tell that does not use it yet.
        """
        nat = self._network.default_of(table)
        return nat is not None and self._network.is_online(nat)

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

    def heard(self, since: float, until: float) -> list[str]:
        """Give the backends that nothing was the matter with all the time: they have said so, if they were asked."""
        return [
            host.name
            for host in self._network.layout.backends
            if len(self._boots[host.name]) == 1 and not self.spells("fails", host.name, since, until)
        ]

    def failing(self, since: float, until: float, what: str = "fails") -> list[str]:
        """Give the backends that may have seen a failure at some moment of a time, and were not just booted then.

        Args:
            what: ``is cut off`` leaves out those that have only been silent.
        """
        return [
            host.name
            for host in self._network.layout.backends
            if any(
                (begun := max(spell.begun, counting.begun)) <= min(spell.until, until) and begun < counting.until
                for spell in self.spells(what, host.name, since, until)
                for counting in self._counting(host.name)
            )
        ]

    def _note_boot(self, host: str) -> None:
        now = self._world.now()
        booted, boots = now - self._network.uptime(host), self._boots.setdefault(host, [])
        if not boots or abs(boots[-1][1] - booted) > SAME:
            boots.append((now, booted))

    def _counting(self, host: str) -> list[Spell]:
        """Give when a host's failures count; agents that are silent tell nothing of their boot.

        What a machine said before it was rebooted or replaced stands: whoever decides by it may not know of that yet.
        """
        if self._silence_counts or host in self.liars:
            return [Spell(0.0, float("inf"))]
        boots = self._boots[host]
        ends = [*(noted for noted, _ in boots[1:]), float("inf")]
        found = [
            Spell(max(noted, booted + self._warm_up - 1.0), end)
            for (noted, booted), end in zip(boots, ends, strict=True)
        ]
        return [spell for spell in found if spell.begun <= spell.until]
