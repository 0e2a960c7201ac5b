"""The way of a command to a host, what the agent makes of it there, and the way of its result back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from tests.gate.rules.rule import changed
from tests.gate.run_command.agent.agent import Agent, Task
from tests.gate.run_command.agent.output import shown
from tests.gate.run_command.command import Command, CommandInvocation
from tests.gate.run_command.documents import SHELL, Document, reaching, shell_script
from tests.lab.latencies import Latencies
from tests.lab.network.network import Network, ProbeOutcome, ProbeRun
from tests.lab.world.world import World

# The exit code of a script that was killed.
KILLED = 137
# No script of the lab lasts as long, in seconds: an agent that would kill one needs no clock for it.
ENDLESS = 3600.0


@dataclass
class Part:
    """What SSM knows of a host's part in a command.

    Attributes:
        accepted_at: when it learns that the agent has taken it.
        invocation: how it ended, and ``known_at``, when it learns of that.
        expires_at: when it gives up, if no agent has taken it.
        overdue_at: when it gives up in any case.
    """

    expires_at: float
    overdue_at: float
    accepted_at: float = float("inf")
    invocation: CommandInvocation | None = None
    known_at: float = float("inf")

    def as_of(self, at: float) -> CommandInvocation:
        """Return it as it was known then."""
        if self.invocation is not None and at >= self.known_at:
            return self.invocation
        taken = at >= self.accepted_at
        if at >= (self.overdue_at if taken else self.expires_at):
            changed("A2b")
            return CommandInvocation("TimedOut", "ExecutionTimedOut" if taken else "DeliveryTimedOut", -1)
        status = "InProgress" if taken else "Pending"
        return CommandInvocation(status, status, -1)


@dataclass(frozen=True)
class Surroundings:
    """What all deliveries share.

    Attributes:
        tampered: gives what a host's agent tells, for what the script came to.
        failed: called with the time and host of each probe that has seen a failure.
        clocks: by how many seconds the clock of a host is ahead.
        platforms: of hosts that are no Linux.
        instances: gives the instance ids by the names of hosts.
    """

    network: Network
    world: World
    latencies: Latencies
    chance: Random
    tampered: Callable[[str, ProbeOutcome], ProbeOutcome]
    failed: Callable[[float, str], None]
    clocks: Mapping[str, float]
    platforms: Mapping[str, str]
    instances: Callable[[], Mapping[str, str]]


class Delivery:
    """A command's delivery to a host.

    Args:
        command: what is delivered.
        document: of the command.
        agent: of the host.
        part: what SSM knows of it.
        around: the rest of the lab.
        reported: called with how it has ended, when SSM learns of it.
    """

    def __init__(
        self,
        command: Command,
        document: Document,
        agent: Agent,
        part: Part,
        around: Surroundings,
        reported: Callable[[CommandInvocation], None],
    ) -> None:
        self._command = command
        self._document = document
        self._agent = agent
        self._part = part
        self._around = around
        self._reported = reported
        self._task = Task(self._run, self._arrived, part.expires_at)
        self._process: ProbeRun | None = None
        self._stopped = ""

    def go(self) -> None:
        """Bring the command to the agent, which then runs it."""
        around = self._around
        around.world.sleep(around.latencies.draw("delivery", around.chance))
        if not self._stopped:
            self._agent.deliver(self._task)

    def stop(self, status: str) -> None:
        """Have the agent end it: ``Cancelled`` or ``TimedOut``; the script gets no chance to say anything."""
        self._stopped = status
        if self._process is not None:
            self._process.kill()
        elif self._agent.drop(self._task) or self._part.accepted_at == float("inf"):
            self._reported(CommandInvocation(status, status, -1))

    def _run(self) -> CommandInvocation | None:
        if self._around.world.now() > self._command.asked_at + float(
            self._command.arguments.get("TimeoutSeconds", 3600)
        ):
            changed("A2a")
        given, host = self._command.arguments.get("Parameters", {}), self._agent.host
        if self._command.document == SHELL:
            return self._run_script(shell_script(given), [])
        if self._document.refused_by_agent(given):
            return CommandInvocation("Failed", "Failed", -1)
        if self._document.skipped_on(self._around.platforms.get(host, "Linux")):
            changed("A7c")
            return CommandInvocation("Success", "Success", 0)
        script, values = self._document.script(given)
        if self._document.carries_probe:
            return self._run_script(reaching(script, self._agent.address), values)
        return self._run_script(self._named(script), values)

    def _named(self, script: str) -> str:
        """Return a script that knows whose it is, which the agent tells by its environment."""
        first, _, rest = script.partition("\n")
        return f"{first}\nAWS_SSM_INSTANCE_ID='{self._around.instances()[self._agent.host]}'\n{rest}"

    def _run_script(self, script: str, values: list[str]) -> CommandInvocation | None:
        around, host = self._around, self._agent.host
        self._process = around.network.start_probe(host, script, values)
        if self._document.step_timeout < ENDLESS:
            around.world.spawn(self._time_out, "step timeout")
        outcome = around.tampered(host, self._process.wait())
        self._process = None
        ended_at = around.world.now()
        at = ended_at + around.clocks.get(host, 0.0)
        if self._stopped or outcome.exit_code == KILLED:
            changed("A7a")
            status = self._stopped or "TimedOut"
            return CommandInvocation(status, "ExecutionTimedOut" if status == "TimedOut" else status, KILLED, "", at)
        if outcome.exit_code < 0:
            return None  # the host went down with its agent
        if outcome.exit_code == 1 and self._document.carries_probe:
            around.failed(ended_at, host)
        status = "Success" if outcome.exit_code == 0 else "Failed"
        return CommandInvocation(status, status, outcome.exit_code, shown(outcome.stdout, outcome.exit_code), at)

    def _time_out(self) -> None:
        self._around.world.sleep(self._document.step_timeout)
        if self._process is not None:
            self.stop("TimedOut")

    def _arrived(self, invocation: CommandInvocation) -> None:
        world = self._around.world
        takes = self._around.latencies.draw("result", self._around.chance)
        if invocation.status == "InProgress":
            self._part.accepted_at = world.now() + takes
            return

        def arrive() -> None:
            world.sleep(takes)
            if world.now() < self._part.accepted_at:
                changed("A6a")
            self._reported(invocation)

        world.spawn(arrive, "result")
