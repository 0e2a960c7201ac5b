"""The results that an agent sends, and those that it keeps on disk because nobody has acknowledged them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from tests.gate.rules.rule import changed
from tests.gate.run_command.agent.connection import Connection
from tests.gate.run_command.command import CommandInvocation
from tests.gate.run_command.habits import AgentHabits
from tests.lab.world.world import World

Arrived = Callable[[CommandInvocation], None]


@dataclass(eq=False)
class Result:
    """A result: ``sent`` counts how often it has been, for the first time at ``since``."""

    arrived: Arrived
    invocation: CommandInvocation
    since: float
    sent: int = 1


class Outbox:
    """What one agent sends.

    A result is sent once. If it is not acknowledged within a second it is kept, and only a job that runs every five
    minutes sends it again. The disk outlives the machine's reboots.
    """

    def __init__(self, host: str, connection: Connection, world: World, habits: AgentHabits, chance: Random) -> None:
        self._host = host
        self._connection = connection
        self._world = world
        self._habits = habits
        self._chance = chance
        self._kept: list[Result] = []
        self._in_flight: list[Result] = []
        self._starts = 0
        self._job_at = world.now() - chance.uniform(0, habits.resend_every)
        self._job_runs = False

    def send(self, arrived: Arrived, invocation: CommandInvocation) -> None:
        """Send a result.

        Args:
            arrived: called with it when it leaves the host by a connection that carries it.
        """
        self._send(Result(arrived, invocation, self._world.now()))

    def _send(self, result: Result) -> None:
        if not self._connection.carries:
            changed("A5a")
            if self._connection.open and result not in self._in_flight:
                self._in_flight.append(result)  # TCP takes it, and sends it as long as the connection lives
            self._keep(result)
            return
        if result in self._kept:
            self._kept.remove(result)
        if result.sent == 1 and self._chance.random() < self._habits.twice:
            changed("A6b")
            self._keep(result)
        result.arrived(result.invocation)

    def _keep(self, result: Result) -> None:
        if result not in self._kept:
            self._kept.append(result)
        self._run_job()

    def _run_job(self) -> None:
        if self._kept and not self._job_runs:
            self._job_runs = True
            self._world.spawn(self._job, f"kept results of {self._host}")

    def _job(self) -> None:
        """Send what is kept, again and again, for as long as there is anything."""
        starts, every = self._starts, self._habits.resend_every
        while self._kept:
            since = self._world.now() - self._job_at
            self._world.sleep(-since if since < 0 else every - since % every)
            if self._starts != starts:
                return
            for result in list(self._kept):
                if result.sent > 1 and self._world.now() - result.since > self._habits.kept_for:
                    changed("A5b")
                    self._kept.remove(result)
                    continue
                result.sent += 1
                self._send(result)
        self._job_runs = False

    def opened(self, anew: bool) -> None:
        """Note that packets pass again, by the connection that there was or by a new one."""
        arriving, self._in_flight = self._in_flight, []
        for result in () if anew else arriving:
            changed("A5c")
            result.arrived(result.invocation)

    def close(self) -> None:
        """Note that the machine is off."""
        self._starts += 1
        self._job_runs = False
        self._in_flight.clear()

    def start(self) -> None:
        """Note that the agent has started."""
        self._job_at = self._world.now() + self._habits.resend_at_start
        self._run_job()

    def forget(self) -> None:
        """Be on another machine."""
        self._kept.clear()
