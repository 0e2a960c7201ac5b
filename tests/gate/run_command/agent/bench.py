"""An agent alone on a bench: in virtual time, on a network that is one switch."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from tests.gate.run_command.agent.agent import Agent, Task
from tests.gate.run_command.command import CommandInvocation
from tests.gate.run_command.habits import AgentHabits
from tests.lab.network.vpc import Path
from tests.lab.world.virtual import VirtualWorld

CERTAIN = AgentHabits(in_progress_lost=0.0, twice=0.0)
ONLINE = CommandInvocation("Success", "Success", 0, "online")


class Switch:
    """A network that carries, or not; ``way`` names the way that it takes."""

    def __init__(self) -> None:
        self.carrying = True
        self.way = "nat01"

    def reaches(self, host: str, address: str, port: int | None = None) -> bool:
        del host, address, port
        return self.carrying

    def path(self, host: str, address: str) -> Path:
        del host, address
        return Path(self.way)

    def carries(self, host: str, address: str, path: Path, port: int = 443) -> bool:
        del host, address, port
        return self.carrying and path.way == self.way


class Bench:
    """An agent, and its events: when, of which command, what."""

    def __init__(self, habits: AgentHabits = CERTAIN, seed: int = 1) -> None:
        self.world = VirtualWorld(seed)
        self.network = Switch()
        self.events: list[tuple[float, str, str]] = []
        self.habits = habits
        self.agent: Agent

    def play(self, scene: Callable[[], None], connected_for: float = 54.0 * 10 + 1) -> None:
        """Play a scene with an agent that has been connected for so many seconds."""

        def main() -> None:
            chance = Random(1)
            self.agent = Agent("backend1", "192.0.2.1", self.network, self.world, self.habits, chance)
            self.agent.connection.begin(connected_for)
            scene()

        self.world.run(main)

    def send(self, name: str, lasts: float = 1.0, *, expires_in: float = float("inf")) -> None:
        """Deliver a command that lasts so many seconds."""

        def run() -> CommandInvocation:
            self.events.append((self.world.now(), name, "runs"))
            self.world.sleep(lasts)
            return ONLINE

        def arrived(invocation: CommandInvocation) -> None:
            self.events.append((self.world.now(), name, invocation.status))

        task = Task(run, arrived, self.world.now() + expires_in)
        self.world.spawn(lambda: self.agent.deliver(task), name)

    def cut(self) -> None:
        """Let nothing pass."""
        self.network.carrying = False
        self.agent.look()

    def mend(self, way: str = "nat01") -> None:
        """Let packets pass, by some way."""
        self.network.carrying, self.network.way = True, way
        self.agent.look()

    def of(self, what: str) -> list[str]:
        """Return the names of the commands that have come to an event, in order."""
        return [name for _, name, event in self.events if event == what]

    def when(self, what: str) -> list[float]:
        """Return the times of an event."""
        return [at for at, _, event in self.events if event == what]
