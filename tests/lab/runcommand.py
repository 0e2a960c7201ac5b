"""SSM Run Command: commands, an agent on every host that runs the document's script there, status-change events."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.lab.cloud import REGION, Cloud
from tests.lab.latencies import Latencies
from tests.lab.network import Network, ProbeOutcome
from tests.lab.world import World

OPERATIONS = ("SendCommand", "ListCommands", "ListCommandInvocations", "DescribeInstanceInformation")
# AWS's own document, which runs what a person says.
SHELL = "AWS-RunShellScript"
# How often an agent that can't reach SSM tries again, in seconds.
RETRY = 0.5


@dataclass
class _Invocation:
    host: str
    instance_id: str
    status: str = "Pending"
    details: str = "Pending"
    exit_code: int = -1
    output: str = ""
    finished_at: float | None = None
    begun_at: float = float("inf")
    ended_at: float = float("inf")

    def as_of(self, at: float) -> _Invocation:
        """Give it as SSM knew it then."""
        if at >= self.ended_at or self.status == "Pending":
            return self
        status = "InProgress" if at >= self.begun_at else "Pending"
        return _Invocation(self.host, self.instance_id, status, status)


@dataclass
class _Command:
    command_id: str
    arguments: Mapping[str, Any]
    asked_at: float
    listed_at: float
    invocations: dict[str, _Invocation] = field(default_factory=dict)


class RunCommand:
    """The part of SSM that runs things on hosts.

    Args:
        ssm_address: where agents reach SSM: the VPC endpoint, or the public one through the NAT.
        emit: gets every status-change event, as EventBridge would.

    Attributes:
        page: how many things a list gives at most at a time.
        offline: hosts whose agent has not been heard of for long.
        seen: when SSM learnt of each failed probe, and of which host.
        failed: when each of these probes ended on its host.
        clocks: by how many seconds the clock of a host is ahead.
        tampered: gives what a host's agent tells, for what the probe came to.
    """

    def __init__(
        self,
        cloud: Cloud,
        network: Network,
        world: World,
        latencies: Latencies,
        ssm_address: str,
        emit: Callable[[dict[str, Any]], None],
    ) -> None:
        self._cloud = cloud
        self._network = network
        self._world = world
        self._latencies = latencies
        self._address = ssm_address
        self._emit = emit
        self._commands: dict[str, _Command] = {}
        self.page = 50
        self.offline: set[str] = set()
        self.dead: set[str] = set()
        self.seen: list[tuple[float, str]] = []
        self.failed: list[tuple[float, str]] = []
        self.clocks: dict[str, float] = {}
        self.tampered: Callable[[str, ProbeOutcome], ProbeOutcome] = lambda host, outcome: outcome  # noqa: ARG005
        self._as_of: float | None = None
        self._checked: set[str] = set()

    @contextmanager
    def as_of(self, at: float) -> Iterator[None]:
        """List commands and invocations as they were at an earlier time."""
        self._as_of = at
        try:
            yield
        finally:
            self._as_of = None

    @property
    def _now(self) -> float:
        """The time that lists are of."""
        return self._world.now() if self._as_of is None else self._as_of

    def answers(self, operation: str) -> bool:
        """Tell whether an operation is answered here."""
        return operation in OPERATIONS

    def answer(self, client: Any, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Answer a call, after checking its arguments as botocore does; the same need no second check."""
        call = f"{operation} {arguments!r}"
        if call not in self._checked:
            model = client.meta.service_model.operation_model(operation)
            client._serializer.serialize_to_request(dict(arguments), model)
            self._checked.add(call)
        match operation:
            case "SendCommand":
                return self._send(client, arguments)
            case "ListCommands":
                return self._list(arguments)
            case "ListCommandInvocations":
                return self._invocations(client, arguments)
            case _:
                return self._information(arguments)

    def _send(self, client: Any, arguments: Mapping[str, Any]) -> dict[str, Any]:
        known = set(self._cloud.instances.values())
        for instance_id in arguments["InstanceIds"]:
            if instance_id not in known or self._cloud.host_of(instance_id) in self.offline:
                error = {"Error": {"Code": "InvalidInstanceId", "Message": f"{instance_id} is not managed"}}
                raise client.exceptions.InvalidInstanceId(error, "SendCommand")
        script, probe_arguments = self._script(client, arguments)
        now = self._world.now()
        listed = now + self._latencies.draw("listing", self._world.random)
        command = _Command(str(uuid.UUID(int=self._world.random.getrandbits(128))), arguments, now, listed)
        self._commands[command.command_id] = command
        for instance_id in arguments["InstanceIds"]:
            host = self._cloud.host_of(instance_id)
            invocation = _Invocation(host, instance_id)
            command.invocations[instance_id] = invocation

            def agent(of: _Invocation = invocation) -> None:
                self._agent(command, of, script, probe_arguments)

            self._world.spawn(agent, f"agent of {host}")
        return {"Command": self._told(command)}

    def _script(self, client: Any, arguments: Mapping[str, Any]) -> tuple[str, list[str]]:
        """Put the parameters into the document's script, as SSM does, refusing what its patterns refuse."""
        if arguments["DocumentName"] == SHELL:
            return "\n".join(arguments["Parameters"]["commands"]) + "\n", []
        document = self._cloud.document
        values = {}
        for name, declared in document["parameters"].items():
            value = "".join(arguments["Parameters"].get(name, [declared.get("default", "")]))
            if not re.search(declared["allowedPattern"], value):
                error = {"Error": {"Code": "InvalidParameters", "Message": f"{name}: {value!r}"}}
                raise client.exceptions.InvalidParameters(error, "SendCommand")
            values[name] = value
        unknown = set(arguments["Parameters"]) - set(values)
        if unknown:
            error = {"Error": {"Code": "InvalidParameters", "Message": f"unknown: {sorted(unknown)}"}}
            raise client.exceptions.InvalidParameters(error, "SendCommand")
        script = "\n".join(document["mainSteps"][0]["inputs"]["runCommand"]) + "\n"
        for name, value in values.items():
            script = script.replace(f"{{{{ {name} }}}}", value)
        return script, list(values.values())

    def _agent(self, command: _Command, invocation: _Invocation, script: str, arguments: Sequence[str]) -> None:
        self._world.sleep(self._latencies.draw("delivery", self._world.random))
        deadline = command.asked_at + command.arguments["TimeoutSeconds"]
        while not self._reaches_ssm(invocation.host):
            self._world.sleep(RETRY)
            if self._world.now() > deadline:
                return  # DeliveryTimedOut comes only after the step's own timeout, an hour later
        invocation.status = invocation.details = "InProgress"
        invocation.begun_at = self._world.now()
        run = self._network.start_probe(invocation.host, script, arguments)
        outcome = self.tampered(invocation.host, run.wait())
        ended_at = self._world.now()
        if outcome.exit_code == 1 and arguments:
            self.failed.append((ended_at, invocation.host))
        if outcome.exit_code < 0:
            return  # the host went down with its agent: nobody tells
        self._world.sleep(self._latencies.draw("result", self._world.random))
        while not self._reaches_ssm(invocation.host):
            self._world.sleep(RETRY)
        invocation.exit_code, invocation.output = outcome.exit_code, outcome.stdout
        invocation.finished_at = ended_at + self.clocks.get(invocation.host, 0.0)
        invocation.ended_at = self._world.now()
        invocation.status = invocation.details = "Success" if outcome.exit_code == 0 else "Failed"
        if outcome.exit_code == 1 and arguments:
            self.seen.append((self._world.now(), invocation.host))
        self._emit(self._event(command, invocation))

    def _reaches_ssm(self, host: str) -> bool:
        return host not in self.dead and self._network.reaches(host, self._address)

    def _event(self, command: _Command, invocation: _Invocation) -> dict[str, Any]:
        """Write a status change as EventBridge delivers it.

        https://docs.aws.amazon.com/systems-manager/latest/userguide/monitoring-systems-manager-event-examples.html
        """
        return {
            "version": "0",
            "id": str(uuid.UUID(int=self._world.random.getrandbits(128))),
            "detail-type": "EC2 Command Invocation Status-change Notification",
            "source": "aws.ssm",
            "account": "123456789012",
            "time": _time(self._world.now()).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": REGION,
            "resources": [],
            "detail": {
                "command-id": command.command_id,
                "document-name": command.arguments["DocumentName"],
                "instance-id": invocation.instance_id,
                "requested-date-time": _time(command.asked_at).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
                "status": invocation.status,
            },
        }

    def _told(self, command: _Command) -> dict[str, Any]:
        return {
            "CommandId": command.command_id,
            "DocumentName": command.arguments["DocumentName"],
            "Comment": command.arguments.get("Comment", ""),
            "Parameters": dict(command.arguments["Parameters"]),
            "InstanceIds": list(command.arguments["InstanceIds"]),
            "RequestedDateTime": _time(command.asked_at),
            "Status": "InProgress",
        }

    def _list(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        wanted = {f["key"]: f["value"] for f in arguments.get("Filters", [])}
        since = datetime.strptime(wanted["InvokedAfter"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()
        found = [
            self._told(c)
            for c in self._commands.values()
            if c.arguments["DocumentName"] == wanted["DocumentName"] and c.asked_at > since and c.listed_at <= self._now
        ]
        return self._page(list(reversed(found)), "Commands", arguments)

    def _invocations(self, client: Any, arguments: Mapping[str, Any]) -> dict[str, Any]:
        command = self._commands.get(arguments["CommandId"])
        if command is None:
            error = {"Error": {"Code": "InvalidCommandId", "Message": arguments["CommandId"]}}
            raise client.exceptions.InvalidCommandId(error, "ListCommandInvocations")
        listed = [i.as_of(self._now) for i in command.invocations.values()] if command.listed_at <= self._now else []
        return self._page([_told_invocation(command, i) for i in listed], "CommandInvocations", arguments)

    def _information(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Tell which hosts are online; moto has no such operation."""
        wanted = {f["Key"]: f["Values"] for f in arguments.get("Filters", [])}
        found = []
        for host, instance_id in self._cloud.instances.items():
            if host in self.offline:
                continue
            tags = self._cloud.tags(instance_id)
            matching = all(
                (key.startswith("tag:") and tags.get(key.removeprefix("tag:")) in values)
                or (key == "InstanceIds" and instance_id in values)
                or (key == "PingStatus" and "Online" in values)
                for key, values in wanted.items()
            )
            if matching:
                found.append({"InstanceId": instance_id, "PingStatus": "Online"})
        return self._page(found, "InstanceInformationList", arguments)

    def _page(self, found: list[dict[str, Any]], key: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        start, size = int(arguments.get("NextToken", "0")), min(self.page, int(arguments.get("MaxResults", 50)))
        page: dict[str, Any] = {key: found[start : start + size]}
        if start + size < len(found):
            page["NextToken"] = str(start + size)
        return page


def _told_invocation(command: _Command, invocation: _Invocation) -> dict[str, Any]:
    finished = {} if invocation.finished_at is None else {"ResponseFinishDateTime": _time(invocation.finished_at)}
    return {
        "CommandId": command.command_id,
        "InstanceId": invocation.instance_id,
        "Status": invocation.status,
        "StatusDetails": invocation.details,
        "RequestedDateTime": _time(command.asked_at),
        "CommandPlugins": [
            {
                "Name": "probe",
                "Status": invocation.status,
                "ResponseCode": invocation.exit_code,
                "Output": invocation.output[:2500],
                **finished,
            }
        ],
    }


def _time(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
