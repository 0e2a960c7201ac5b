"""Run Command with an agent on every host of the lab's network, which runs the scripts there."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from random import Random
from typing import Any, Protocol

from tests.gate.events import Bus, Change
from tests.gate.run_command.agents import Agents
from tests.gate.run_command.command import Command, CommandInvocation, Managed
from tests.gate.run_command.delivery import Delivery, Part, Surroundings
from tests.gate.run_command.documents import SHELL, SHELL_DOCUMENT, Document
from tests.gate.run_command.habits import AgentHabits
from tests.gate.run_command.service import Refusal, Service
from tests.lab.cloud.cloud import ACCOUNT_ID, REGION
from tests.lab.latencies import Latencies
from tests.lab.network.network import Network, ProbeOutcome
from tests.lab.world.world import World


class Account(Protocol):
    """The account that the hosts are in.

    Attributes:
        instances: instance ids by the names of hosts.
        document: content of the probe's document.
        documents: content of all of the account's documents by their names; where there is none, whatever is sent is
            the probe's.
    """

    instances: dict[str, str]
    document: dict[str, Any]
    documents: dict[str, dict[str, Any]]

    def host_of(self, instance_id: str) -> str:
        """Give the name of the host that is an instance."""
        ...

    def tags(self, instance_id: str) -> dict[str, str]:
        """Give an instance's tags."""
        ...

    def state(self, instance_id: str) -> str:
        """Give an instance's state, as EC2 calls it."""
        ...


class RunCommand:
    """The part of SSM that runs things on hosts.

    Args:
        ssm_address: where agents reach SSM: the VPC endpoint, or the public one through the NAT.
        emit: gets every status-change event of an invocation that has ended, as EventBridge would.

    Attributes:
        offline: hosts whose agent has not been heard of for long.
        dead: hosts whose agent neither hears nor tells anything.
        platforms: of hosts that are no Linux, by name.
        hybrids: hosts outside EC2 that SSM manages.
        seen: when SSM learnt of each failed probe, and of which host.
        failed: when each of these probes ended on its host.
        clocks: by how many seconds the clock of a host is ahead.
        tampered: gives what a host's agent tells, for what the probe came to.
    """

    def __init__(
        self,
        account: Account,
        network: Network,
        world: World,
        latencies: Latencies,
        ssm_address: str,
        emit: Callable[[dict[str, Any]], None],
        habits: AgentHabits | None = None,
    ) -> None:
        self._account = account
        self._network = network
        self._world = world
        self._latencies = latencies
        self._emit = emit
        self.habits = habits or AgentHabits()
        self._chance = Random(world.random.getrandbits(64))
        self.service = Service(self, self._now, self._command_id, self._chance)
        # The sources disagree on when the service gives up a command that nobody has taken.
        self.patient = self._chance.random() < 0.5
        self._agents = Agents(ssm_address, network, world, self.habits, self._chance)
        self._parts: dict[tuple[str, str], Part] = {}
        self._deliveries: dict[tuple[str, str], Delivery] = {}
        self._documents: dict[str, tuple[Mapping[str, Any], Document]] = {}
        self.offline: set[str] = set()
        self.dead = self._agents.dead
        self.platforms: dict[str, str] = {}
        self.hybrids: list[Managed] = []
        self.seen: list[tuple[float, str]] = []
        self.failed: list[tuple[float, str]] = []
        self.clocks: dict[str, float] = {}
        self.tampered: Callable[[str, ProbeOutcome], ProbeOutcome] = lambda host, outcome: outcome  # noqa: ARG005
        self._as_of: float | None = None
        self._checked: set[str] = set()

    def start(self) -> None:
        """Have an agent on every host."""
        self._agents.start(lambda: self._account.instances)

    @contextmanager
    def as_of(self, at: float) -> Iterator[None]:
        """List commands and invocations as they were at an earlier time."""
        self._as_of = at
        try:
            yield
        finally:
            self._as_of = None

    def _now(self) -> float:
        """Return the time that lists are of."""
        return self._world.now() if self._as_of is None else self._as_of

    def _command_id(self) -> str:
        return str(uuid.UUID(int=self._world.random.getrandbits(128)))

    @property
    def page(self) -> int:
        """How many things a list gives at most at a time."""
        return self.service.page

    @page.setter
    def page(self, most: int) -> None:
        self.service.page = most

    def answers(self, operation: str) -> bool:
        """Tell whether an operation is answered here."""
        return operation in self.service.operations

    def answer(
        self,
        client: Any,
        operation: str,
        arguments: Mapping[str, Any],
        may: Callable[[Managed], bool] | None = None,
    ) -> dict[str, Any]:
        """Answer a call, after checking its arguments as botocore does; the same need no second check.

        Raises:
            botocore.exceptions.ClientError: as AWS would.
        """
        call = f"{operation} {arguments!r}"
        if call not in self._checked:
            model = client.meta.service_model.operation_model(operation)
            client._serializer.serialize_to_request(dict(arguments), model)
            self._checked.add(call)
        try:
            return self.service.answer(operation, arguments, may)
        except Refusal as refusal:
            error = {"Error": {"Code": refusal.code, "Message": refusal.message}}
            raise client.exceptions.from_code(refusal.code)(error, operation) from None

    def known(self, ids: Collection[str] | None) -> Iterable[Managed]:
        """Give the managed hosts."""
        wanted = None if ids is None else set(ids)
        everybody = {instance_id: host for host, instance_id in self._account.instances.items()}
        for instance_id, host in everybody.items():
            if wanted is None or instance_id in wanted:
                yield Managed(
                    instance_id,
                    self._account.tags(instance_id),
                    self._account.state(instance_id),
                    self.platforms.get(host, "Linux"),
                    "ConnectionLost" if host in self.offline else self._agents[host].ping,
                    host not in self.offline,
                )
        for hybrid in self.hybrids:
            if wanted is None or hybrid.instance_id in wanted:
                yield hybrid

    def is_deaf(self, host: str) -> bool:
        """Return whether a host's agent has no connection that carries, maybe without knowing. A4"""
        return self._agents[host].connection.stalled

    def document(self, name: str) -> Document:
        """Give the document of a name."""
        if name == SHELL:
            return SHELL_DOCUMENT
        documents = self._account.documents
        if documents and name not in documents:
            raise Refusal("InvalidDocument", f"Document {name} does not exist")
        content = documents[name] if documents else self._account.document
        if name not in self._documents or self._documents[name][0] is not content:
            self._documents[name] = (content, Document(content))
        return self._documents[name][1]

    def take(self, command: Command) -> None:
        """Have every host of a command get it."""
        command.listed_at = command.asked_at + self._latencies.draw("listing", self._chance)
        document, waits = self.document(command.document), command.timeout
        overdue = command.asked_at + waits + document.step_timeout
        expires = overdue if self.patient else command.asked_at + waits
        around = Surroundings(
            self._network,
            self._world,
            self._latencies,
            self._chance,
            lambda host, outcome: self.tampered(host, outcome),  # noqa: PLW0108 - it may be another by then
            lambda at, host: self.failed.append((at, host)),
            self.clocks,
            self.platforms,
            lambda: self._account.instances,
        )
        for instance_id in command.arguments["InstanceIds"]:
            part = self._parts[command.command_id, instance_id] = Part(expires, overdue)
            if instance_id.startswith("mi-"):
                continue  # outside the network: its agent is not to be seen here
            host = self._account.host_of(instance_id)
            reported = partial(self._reported, command, instance_id, part)
            delivery = Delivery(command, document, self._agents[host], part, around, reported)
            self._deliveries[command.command_id, instance_id] = delivery
            self._world.spawn(delivery.go, "delivery")

    def has_reached_a_host(self) -> bool:
        """Return whether any host has taken a command, or answered one, as far as SSM knows."""
        now = self._now()
        return any(min(part.accepted_at, part.known_at) <= now for part in self._parts.values())

    def stop(self, command: Command, hosts: Collection[str]) -> None:
        """Have agents end a command."""
        for host in hosts:
            if (command.command_id, host) in self._deliveries:
                self._deliveries[command.command_id, host].stop("Cancelled")

    def invocation(self, command: Command, host: str) -> CommandInvocation | None:
        """Give what SSM knows of a host's part."""
        return self._parts[command.command_id, host].as_of(self._now())

    def _reported(self, command: Command, instance_id: str, part: Part, invocation: CommandInvocation) -> None:
        """Let SSM have learnt how a host's part has ended."""
        now = self._world.now()
        if part.invocation is None and now < part.overdue_at:
            part.invocation, part.known_at = invocation, now
            self._deliveries.pop((command.command_id, instance_id), None)
            if invocation.exit_code == 1 and self.document(command.document).carries_probe:
                self.seen.append((now, self._account.host_of(instance_id)))
        self._emit(self._event(command, instance_id, invocation.status))

    def _event(self, command: Command, instance_id: str, status: str) -> dict[str, Any]:
        """Write a status change as EventBridge delivers it."""
        change = Change(command.command_id, instance_id, command.document, status, command.asked_at)
        return Bus(ACCOUNT_ID, REGION, self._chance).status_change(self._world.now(), change)
