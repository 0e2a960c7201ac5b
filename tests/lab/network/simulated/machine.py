"""A host of the simulated network."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.lab.network.simulated.probe import SimulatedProbe
from tests.lab.network.simulated.scripts import SimulatedScript


@dataclass
class Machine:
    """What a host is like by itself, whatever the VPC makes of it; ``uplink`` is the provider's."""

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
        """Whether it runs and is connected."""
        return self.powered and self.linked

    def end_runs(self) -> None:
        """End what runs on it."""
        for run in self.runs:
            run.kill()
        self.runs.clear()
