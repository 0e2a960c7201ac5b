"""A host of the simulated network."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.lab.network.simulated.listener import Listener
from tests.lab.network.simulated.process import SimulatedProcess


@dataclass
class Machine:
    """What a host is like by itself, whatever the VPC makes of it; ``uplink`` is the provider's.

    Attributes:
        drops: protocols that it does not forward; ``new`` is what begins a flow.
        loses: per cent of what it ought to hand on to the Internet.
        intercepts: whether it answers connections to port 443 itself that it ought to hand on.
        resets: whether it resets connections that it does not know.
        tracked: per cent of the connections that it can track.
        reported_full_at: when its probe has last ended early for that.
        taken: port of its own address at which it serves somebody; 0 for none.
        listeners: of the probe, the oldest first: that one's targets are what proof ports lead to.
        watches: the newest of each pair.
        echoes: what wakes the newest echo of each pair, and tells it whether it has to speak.
        connected: by pair, through which NAT, to which targets and when connections came about last.
    """

    powered: bool = True
    linked: bool = True
    sick: bool = False
    forwarding: bool = False
    translating: bool = False
    boots_to_nat: bool = False
    uplink: bool = True
    booted_at: float = 0.0
    drops: frozenset[str] = frozenset()
    loses: float = 0.0
    intercepts: bool = False
    resets: bool = False
    tracked: float = 0.0
    reported_full_at: float = -math.inf
    taken: int = 0
    listeners: list[Listener] = field(default_factory=list)
    watches: dict[str, SimulatedProcess] = field(default_factory=dict)
    echoes: dict[str, Callable[[bool], None]] = field(default_factory=dict)
    connected: dict[str, tuple[str, list[str], float]] = field(default_factory=dict)
    runs: list[SimulatedProcess] = field(default_factory=list)

    @property
    def up(self) -> bool:
        """Whether it runs and is connected."""
        return self.powered and self.linked

    def end_runs(self) -> None:
        """End what runs on it."""
        for run in self.runs:
            run.end()
        self.runs.clear()
        self.watches.clear()
        self.echoes.clear()
        self.connected.clear()
        self.listeners.clear()

    def take_over(self, pair: str, watch: SimulatedProcess) -> None:
        """Let a watch be the newest of its pair."""
        older = self.watches.get(pair)
        self.watches[pair] = watch
        if older is not None:
            older.stir()
