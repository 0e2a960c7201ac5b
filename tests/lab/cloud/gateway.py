"""Between the product and AWS: latency, counting, faults, and Run Command, which moto only pretends."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError

from nat_failover.clients import CONFIG, GROUPS, IMPATIENT, ONCE, TELLING, Clients
from tests.gate import moto_hook
from tests.gate.chance import Lots
from tests.gate.gate import Gate
from tests.gate.harshness import Harshness
from tests.gate.retries import Retries
from tests.gate.rules.rule import changed
from tests.gate.run_command.command import Managed
from tests.gate.run_command.on_network import RunCommand
from tests.gate.timing.day import Day
from tests.gate.timing.rates import Rates
from tests.lab.cloud.clients import borrow, give_back
from tests.lab.cloud.cloud import Cloud
from tests.lab.cloud.execution import Call, Execution, Line
from tests.lab.cloud.propagation import MOTO, Propagation
from tests.lab.latencies import Latencies
from tests.lab.world.world import World

Fault = Callable[[str, Mapping[str, Any]], ClientError | None]
# Makes a context in which a call takes effect.
Within = Callable[[], AbstractContextManager[Any]]
Observer = Callable[[str, Mapping[str, Any], Execution], None]


class Gateway(Propagation):
    """Makes boto3 clients whose calls take AWS's time and can be made to fail.

    Attributes:
        calls: how often the product's clients have asked what, ``service:Action``, their own retries included.
        faults: asked at every try; gives the error that AWS answers with, or None.
        interpose: gets every call, and a function that makes it with the client's own retries, each of them within
            a context that it may be given; gives its answer.
        after: called with every call that took effect.
        confirmed: whether people have confirmed that the topic may write to them.
        sent: what was sent to topics: when, subject and text.
        events: the details of what was put on the event bus.
        recorded: what the product has written into the lock.
    """

    def __init__(
        self, cloud: Cloud, run_command: RunCommand, world: World, latencies: Latencies, harshness: Harshness, seed: int
    ) -> None:
        super().__init__(cloud, world, latencies, harshness, Lots(seed))
        self._run_command = run_command
        self.gate = Gate(Rates(harshness, world.now))
        self.day = Day(harshness, self._lots, world.now, cloud.parameter)
        self.calls: Counter[str] = Counter()
        self.faults: list[Fault] = []
        self.interpose: Callable[[Call, Callable[..., Any]], Any] = lambda call, make: make()  # noqa: ARG005
        self.after: list[Observer] = []
        self.confirmed = True
        self.sent: list[tuple[float, str, str]] = []
        self.events: list[dict[str, Any]] = []
        self.recorded: list[tuple[float, str]] = []
        self._borrowed: list[Any] = []

    @property
    def published(self) -> list[tuple[float, str, str]]:
        """What people have got of what was sent to topics: when, subject and text."""
        if self.sent and not self.confirmed:
            changed("T9b")
        return self.sent if self.confirmed else []

    def clients(self, execution: Execution) -> Clients:
        """Make the clients of one execution environment, with the settings that the function gives them."""

        def client(service: str, config: Config) -> Any:
            made = borrow(service)
            original = made._make_api_call
            self._borrowed.append((service, made))
            retries = Retries(config, self._lots.sure("jitter"))
            made._make_api_call = lambda operation, arguments: self._call(
                Call(service, operation, arguments, execution), Line(made, original, retries)
            )
            return made

        return Clients(
            client("ec2", CONFIG),
            client("ssm", CONFIG),
            lambda: client("sns", TELLING),
            lambda: client("events", TELLING),
            lambda: client("ec2", IMPATIENT),
            client("ssm", ONCE),
            lambda: client("autoscaling", GROUPS),
        )

    def give_back(self) -> None:
        """Keep the clients for the next lab."""
        for service, made in self._borrowed:
            del made._make_api_call
            give_back(service, made)
        self._borrowed.clear()

    def _call(self, call: Call, line: Line) -> Any:
        """Make a call as the client does: again by itself, after a pause, where AWS refuses it for a while."""
        call.execution.check()
        return self.interpose(call, lambda within=nullcontext: self._until_answered(call, line, within))

    def _until_answered(self, call: Call, line: Line, within: Within) -> Any:
        request: dict[str, Any] = {}
        attempt = 0
        while True:
            attempt += 1
            try:
                answer = self._attempt(call, line, within)
            except (ClientError, HTTPClientError) as error:
                model = line.client.meta.service_model.operation_model(call.operation)
                pause = line.retries.pause(model, request, attempt, error)
                if pause is None:
                    raise
                self._world.sleep(pause)
                call.execution.check()
            else:
                if request:
                    line.retries.succeeded(request)
                return answer

    def _attempt(self, call: Call, line: Line, within: Within) -> Any:
        self.calls[f"{call.service}:{call.operation}"] += 1
        latency = self._latencies.draw(_kind(call.service, call.operation), self._world.random)
        self._world.sleep(latency / 2)
        call.execution.check()
        try:
            self.gate.admit(call.service, call.operation, call.arguments)
            for fault in self.faults:
                error = fault(call.operation, call.arguments)
                if error is not None:
                    raise error
            answer = self.day.answer(
                call.service, call.operation, call.arguments, lambda: self._effect(call, line, within)
            )
        except ClientError as error:
            self._world.sleep(latency / 2)
            call.execution.check()
            # As boto3 does, whose clients have a class of error for each code that their model names.
            kind = line.client.exceptions.from_code(error.response["Error"]["Code"])
            raise kind(error.response, error.operation_name) from error.__cause__
        lost = self.day.lost(call.service, call.operation, line.retries.read_timeout)
        self._world.sleep(latency / 2 if lost is None else max(latency / 2, lost[1]))
        call.execution.check()
        if lost is not None:
            raise lost[0]
        return answer

    def _effect(self, call: Call, line: Line, within: Within) -> Any:
        with MOTO, moto_hook.admitted(), within():
            answer = self._answer(call, line)
        for observer in self.after:
            observer(call.operation, call.arguments, call.execution)
        return answer

    def _answer(self, call: Call, line: Line) -> Any:
        operation, arguments = call.operation, call.arguments
        client, original = line.client, line.original
        if call.service == "ssm" and self._run_command.answers(operation):
            return self._run_command.answer(client, operation, arguments, self._may_ask)
        if operation == "ReplaceRouteTableAssociation":
            return self.replace(arguments, lambda: self._cloud.answer(client, operation, arguments, original))
        if operation == "PutEvents":
            # moto's can't match an event against the rules that its CloudFormation has made.
            self.events += [json.loads(entry["Detail"]) for entry in arguments["Entries"]]
            return {"FailedEntryCount": 0, "Entries": [{"EventId": "1"} for _ in arguments["Entries"]]}
        self._note(operation, arguments)
        answer = self._cloud.answer(client, operation, arguments, original)
        self._put_in_force(operation, arguments)
        return answer

    def _may_ask(self, host: Managed) -> bool:
        """Tell whether the function's role lets it send its document to a host: see infra/function/permissions.py."""
        environment = self._cloud.environment
        nats = [environment.get(f"NAT_FAILOVER_{role}_INSTANCE") for role in ("PRIMARY", "STANDBY")]
        tag = (host.tags or {}).get(environment["NAT_FAILOVER_PROBE_TAG_KEY"])
        tagged = tag == environment["NAT_FAILOVER_PROBE_TAG_VALUE"]
        return host.instance_id in nats or (tagged and host.instance_id.startswith("i-"))

    def _note(self, operation: str, arguments: Mapping[str, Any]) -> None:
        """Note what people are told, and what is written into the lock."""
        if operation == "Publish":
            mail = json.loads(arguments["Message"])["default"]
            self.sent.append((self._world.now(), arguments["Subject"], mail))
        if operation == "PutParameter" and arguments["Name"] == self._cloud.lock_name:
            self.recorded.append((self._world.now(), arguments["Value"]))


def _kind(service: str, operation: str) -> str:
    if service != "ec2":
        return "ssm_call"
    if operation == "AssociateAddress":
        return "associate"
    return "ec2_read" if operation.startswith("Describe") else "replace"


def refused(operation: str, code: str, message: str) -> ClientError:
    """Make an error as AWS answers it."""
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


def denying(operations: Sequence[str]) -> Fault:
    """Make a fault that refuses operations."""

    def fault(operation: str, arguments: Mapping[str, Any]) -> ClientError | None:
        del arguments
        if operation not in operations:
            return None
        return refused(operation, "UnauthorizedOperation", "You are not authorized to perform this operation.")

    return fault
