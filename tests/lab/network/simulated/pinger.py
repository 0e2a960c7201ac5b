"""A model of the pinger, on the model of the network."""

from __future__ import annotations

from collections.abc import Sequence

from tests.lab.network.pinger import PINGS_A_SECOND, Pinger, Slot
from tests.lab.network.simulated.network import SimulatedNetwork
from tests.lab.world.world import Cancelled


class SimulatedPinger(Pinger):
    """Asks the model five times a second for every backend."""

    def __init__(self, network: SimulatedNetwork, targets: Sequence[str]) -> None:
        self._network = network
        self._targets = targets
        self._slots: dict[str, list[Slot]] = {host.name: [] for host in network.layout.all_backends}
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

    def slots(self, host: str) -> list[Slot]:
        """Give the slots so far; every answer comes at once."""
        return list(self._slots[host])
