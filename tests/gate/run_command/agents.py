"""An agent on every host of a network, each told of what becomes of its machine and its connection."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

from tests.gate.run_command.agent.agent import Agent
from tests.gate.run_command.habits import AgentHabits
from tests.lab.network.network import Network
from tests.lab.world.world import World

# How often a network is asked that does not say when it changes, in seconds.
LOOK_EVERY = 0.25
# So long may an agent have been connected when it is first looked at, in seconds.
CONNECTED_FOR = 3600.0


class Dead(set[str]):
    """The hosts whose agent neither hears nor tells anything; whoever changes it has the agents look."""

    def __init__(self, look: Callable[[], None]) -> None:
        super().__init__()
        self._look = look

    def add(self, host: str) -> None:
        super().add(host)
        self._look()

    def discard(self, host: object) -> None:
        super().discard(host)
        self._look()

    def clear(self) -> None:
        super().clear()
        self._look()


class Agents:
    """All agents.

    Args:
        address: of Systems Manager.
        habits: how they behave.
        chance: source of randomness.

    Attributes:
        dead: hosts whose agent neither hears nor tells anything.
    """

    def __init__(self, address: str, network: Network, world: World, habits: AgentHabits, chance: Random) -> None:
        self._address = address
        self._network = network
        self._world = world
        self._habits = habits
        self._chance = chance
        self._agents: dict[str, Agent] = {}
        self._boots: dict[str, int] = {}
        self._ids: Callable[[], Mapping[str, str]] = dict
        self._seen: dict[str, str] = {}
        self.dead = Dead(self.look)

    def __getitem__(self, host: str) -> Agent:
        """Return the agent of a host."""
        return self._agents[host]

    def start(self, instances: Callable[[], Mapping[str, str]]) -> None:
        """Have an agent on every host, connected for a while already.

        Args:
            instances: gives the instance ids by the names of hosts: one that changes is another machine.
        """
        self._ids = instances
        self._seen = dict(instances())
        for host in self._seen:
            agent = Agent(host, self._address, self._network, self._world, self._habits, self._chance)
            self._agents[host] = agent
            self._boots[host] = self._network.boots[host]
            agent.connection.begin(self._chance.uniform(self._habits.keepalive, CONNECTED_FOR))
        self.look()
        self._world.spawn(self._watch, "agents")

    def _watch(self) -> None:
        changes = self._network.changes()
        while True:
            if changes is None:
                self._world.sleep(LOOK_EVERY)
            else:
                changes.wait(CONNECTED_FOR)
            self.look()

    def look(self) -> None:
        """Let every agent note what has become of its machine and its connection."""
        for host, agent in self._agents.items():
            boots, on = self._network.boots[host], self._network.is_powered(host)
            rebooted = boots != self._boots[host]
            if rebooted or (agent.up and not on):
                agent.went_down()
            if rebooted and on:
                self._boots[host] = boots
                self._replace(host, agent)
                agent.came_up()
            agent.connection.muted = host in self.dead
            agent.look()

    def _replace(self, host: str, agent: Agent) -> None:
        now = self._ids()[host]
        if now != self._seen[host]:
            self._seen[host] = now
            agent.forget()
