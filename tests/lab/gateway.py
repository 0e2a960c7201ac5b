"""Between the product and AWS: latency, counting, faults, and Run Command, which moto only pretends."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3
from botocore.exceptions import ClientError

from nat_failover.application import CONFIG, Clients
from nat_failover.settings import Settings
from tests.gate.gate import Gate
from tests.lab.cloud import REGION, Cloud
from tests.lab.latencies import Latencies
from tests.lab.runcommand import RunCommand
from tests.lab.world import World

# moto keeps its state in plain dictionaries: one call at a time.
MOTO = threading.RLock()


ROUTE_WRITES = ("CreateRoute", "ReplaceRoute", "ModifyVpcEndpoint", "EnableVgwRoutePropagation")


class FunctionEndedError(BaseException):
    """The function was killed: it makes no further call, and no code of it may catch this."""


class Execution:
    """One execution environment of the function; ``killed`` ends what runs in it.

    Attributes:
        request_id: of the invocation that runs in it now.
        ends_at: when Lambda ends that invocation.
        settings: of the function that runs in it.
        serial: counts the invocations of all environments; that which runs in it now.
    """

    def __init__(self, now: Callable[[], float] = lambda: 0.0) -> None:
        self._now = now
        self.killed = False
        self.request_id = ""
        self.ends_at = float("inf")
        self.settings: Settings | None = None
        self.serial = 0

    def check(self) -> None:
        """End here if the function was killed, or is out of time."""
        if self._now() >= self.ends_at:
            self.killed = True
        if self.killed:
            raise FunctionEndedError


@dataclass(frozen=True)
class Call:
    """A call that the product makes."""

    service: str
    operation: str
    arguments: Mapping[str, Any]
    execution: Execution


Fault = Callable[[str, Mapping[str, Any]], ClientError | None]
# What a client would do of itself with an operation and its arguments.
Original = Callable[[str, Mapping[str, Any]], Any]
Observer = Callable[[str, Mapping[str, Any], Execution], None]


class Gateway:
    """Makes boto3 clients whose calls take AWS's time and can be made to fail.

    Attributes:
        calls: how often the product has called what, ``service:Action``.
        faults: asked before every call; gives the error that AWS answers with, or None.
        interpose: gets every call, and a function that makes it; gives its answer.
        after: told of every call that took effect.
        published: what was sent to topics: when, subject and text.
        events: the details of what was put on the event bus.
        replaced_at: when associations were replaced.
        addressed_at: when the egress address was moved.
        recorded: what the product has written into the lock.
    """

    def __init__(self, cloud: Cloud, run_command: RunCommand, world: World, latencies: Latencies) -> None:
        self._cloud = cloud
        self._run_command = run_command
        self._world = world
        self._latencies = latencies
        self.gate = Gate()
        self.calls: Counter[str] = Counter()
        self.faults: list[Fault] = []
        self.interpose: Callable[[Call, Callable[[], Any]], Any] = lambda call, make: make()  # noqa: ARG005
        self.after: list[Observer] = []
        self.published: list[tuple[float, str, str]] = []
        self.events: list[dict[str, Any]] = []
        self.replaced_at: list[float] = []
        self.addressed_at: list[float] = []
        self.recorded: list[tuple[float, str]] = []
        self._borrowed: list[Any] = []

    def clients(self, execution: Execution) -> Clients:
        """Make the clients of one execution environment."""

        def client(service: str) -> Any:
            made = _client(service)
            original = made._make_api_call
            self._borrowed.append((service, made))
            made._make_api_call = lambda operation, arguments: self._call(
                Call(service, operation, arguments, execution), made, original
            )
            return made

        return Clients(
            client("ec2"), client("ssm"), lambda: client("sns"), lambda: client("events"), lambda: client("ec2")
        )

    def give_back(self) -> None:
        """Keep the clients for the next lab: making one takes a tenth of a second."""
        for service, made in self._borrowed:
            del made._make_api_call
            _SPARE.setdefault(service, []).append(made)
        self._borrowed.clear()

    def _call(self, call: Call, client: Any, original: Original) -> Any:
        call.execution.check()
        self.calls[f"{call.service}:{call.operation}"] += 1
        latency = self._latencies.draw(_kind(call.service, call.operation), self._world.random)
        self._world.sleep(latency / 2)
        call.execution.check()
        self.gate.admit(call.service, call.operation, call.arguments)
        for fault in self.faults:
            error = fault(call.operation, call.arguments)
            if error is not None:
                self._world.sleep(latency / 2)
                raise error

        def make() -> Any:
            with MOTO:
                answer = self._answer(call, client, original)
            for observer in self.after:
                observer(call.operation, call.arguments, call.execution)
            return answer

        answer = self.interpose(call, make)
        self._world.sleep(latency / 2)
        call.execution.check()
        return answer

    def _answer(self, call: Call, client: Any, original: Original) -> Any:
        operation, arguments = call.operation, call.arguments
        if call.service == "ssm" and self._run_command.answers(operation):
            return self._run_command.answer(client, operation, arguments)
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

    def _note(self, operation: str, arguments: Mapping[str, Any]) -> None:
        """Note what people are told, and what is written into the lock."""
        if operation == "Publish":
            mail = json.loads(arguments["Message"])["default"]
            self.published.append((self._world.now(), arguments["Subject"], mail))
        if operation == "PutParameter" and arguments["Name"] == self._cloud.lock_name:
            self.recorded.append((self._world.now(), arguments["Value"]))

    def _put_in_force(self, operation: str, arguments: Mapping[str, Any]) -> None:
        """Have the network take up, after a while, what EC2 has accepted."""
        if operation == "AssociateAddress":
            self.addressed_at.append(self._world.now())
            self._in_force_later(self._cloud.mirror_addresses, "address", "address")
        if operation == "ModifyVpcEndpoint":
            self._cloud.add_endpoint_routes(arguments["VpcEndpointId"], arguments["AddRouteTableIds"])
        if operation in ROUTE_WRITES:
            self._in_force_later(self._cloud.mirror, "route", "route")

    def replace(self, arguments: Mapping[str, Any], call: Callable[[], Any]) -> Any:
        """Replace an association by a call of somebody's; the network takes it up after a while."""
        subnet = next(
            (
                a["SubnetId"]
                for table in self._cloud.tables().values()
                for a in table["Associations"]
                if a["RouteTableAssociationId"] == arguments["AssociationId"] and a.get("SubnetId")
            ),
            None,
        )
        answer = call()
        self.replaced_at.append(self._world.now())
        if subnet is not None:
            self._in_force_later(lambda: self._cloud.mirror_subnet(subnet), "route", subnet)
        return answer

    def _in_force_later(self, mirror: Callable[[], None], latency: str, what: str) -> None:
        delay = self._latencies.draw(latency, self._world.random)

        def in_force() -> None:
            self._world.sleep(delay)
            with MOTO:
                mirror()

        self._world.spawn(in_force, f"change of {what}")


_SPARE: dict[str, list[Any]] = {}


def have_spare_clients(number: int) -> None:
    """Make so many of each kind beforehand: in real time, a cold start takes what its latency says and no more."""
    for service in ("ec2", "ssm", "sns", "events"):
        spare = _SPARE.setdefault(service, [])
        spare.extend(_new(service) for _ in range(number - len(spare)))


def _client(service: str) -> Any:
    spare = _SPARE.setdefault(service, [])
    return spare.pop() if spare else _new(service)


def _new(service: str) -> Any:
    """Make a client like the first of its kind: each made by boto3 would take from a tenth to a quarter of a second."""
    first = _first(service)
    made = object.__new__(type(first))
    made.__dict__.update(first.__dict__)
    paginators: dict[str, Any] = {}

    def paginator(operation: str) -> Any:
        # boto3 makes a class of it every time.
        if operation not in paginators:
            paginators[operation] = type(first).get_paginator(made, operation)
        return paginators[operation]

    made.get_paginator = paginator
    return made


@cache
def _first(service: str) -> Any:
    return boto3.Session(region_name=REGION).client(service, config=CONFIG)  # type: ignore[call-overload]


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
