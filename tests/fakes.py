"""Stand-ins for what a test has to own: the clock, what AWS answers, and the part of SSM that moto lacks."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError
from botocore.model import OperationModel
from botocore.stub import Stubber

from tests.examples import NOW
from tests.gate.gate import Gate
from tests.gate.harshness import Harshness
from tests.gate.run_command.command import Command, CommandInvocation, Managed, report, signals_line
from tests.gate.run_command.scripted import RunCommand, error
from tests.gate.timing.rates import Rates

__all__ = ["Command", "CommandInvocation", "FakeRuntime", "Managed", "RunCommand", "before", "report", "signals_line"]


@dataclass(frozen=True)
class Context:
    """Lambda's context object, as far as it is used."""

    aws_request_id: str = "request-1"
    seconds: float = 45

    def get_remaining_time_in_millis(self) -> int:
        """Give the time that is left."""
        return int(self.seconds * 1000)


class FakeRuntime:
    """A clock that stands still but for sleep, a seeded source of chance, and calls one after the other.

    Args:
        now: seconds since the epoch.
        threads: how many calls are made at the same time; 0 makes them in order, in the caller's thread.

    Attributes:
        slept: every pause, in order.
    """

    def __init__(self, now: float = NOW, threads: int = 0, seed: int = 1) -> None:
        self.time = now
        self.random = random.Random(seed)
        self.slept: list[float] = []
        self._threads = threads

    def now(self) -> float:
        """Give the time."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Let that much time be over."""
        self.slept.append(seconds)
        self.time += seconds

    def together(self, calls: Sequence[Callable[[], Any]]) -> list[Any]:
        """Make all calls and give their results in order."""
        if not self._threads:
            return [call() for call in calls]
        with ThreadPoolExecutor(self._threads) as pool:
            return [future.result() for future in [pool.submit(call) for call in calls]]


def before(
    client: Any, operation: str, act: Callable[[], str | None], *, times: float = 1, about: str = "", after: int = 0
) -> None:
    """Do something right before calls of an operation; where it gives an error code, AWS refuses with it.

    Args:
        client: boto3 client.
        operation: as the API calls it.
        act: what is done, and maybe raises.
        times: before how many of the calls.
        about: only before calls that say this somewhere in their request.
        after: how many such calls are let through first.
    """
    seen = 0

    def before_call(params: Mapping[str, Any], **_: object) -> tuple[Any, dict[str, Any]] | None:
        nonlocal seen
        if about not in str(params["body"]):
            return None
        seen += 1
        code = act() if after < seen <= after + times else None
        return None if code is None else (SimpleNamespace(status_code=400), error(code, "by the test"))

    service = client.meta.service_model.service_name
    client.meta.events.register_first(f"before-call.{service}.{operation}", before_call)


def calls(client: Any, operation: str) -> list[str]:
    """Note every call of an operation from now on."""
    seen: list[str] = []
    before(client, operation, lambda: seen.append(operation), times=99)
    return seen


Befall = Callable[..., None]


def lose_answers(client: Any, operation: str, *, times: int = 1, about: str = "") -> None:
    """Let calls of an operation take effect, and their answers get lost.

    Args:
        times: of how many calls.
        about: only of calls that say this somewhere in their request.
    """
    left = times
    service = client.meta.service_model.service_name

    def before_call(params: Mapping[str, Any], context: dict[str, Any], **_: object) -> None:
        context["test_loses"] = about in str(params["body"])

    def after_call(context: Mapping[str, Any], **_: object) -> None:
        nonlocal left
        if context["test_loses"] and left:
            left -= 1
            raise ReadTimeoutError(endpoint_url=f"https://{service}")

    client.meta.events.register(f"before-call.{service}.{operation}", before_call)
    client.meta.events.register(f"after-call.{service}.{operation}", after_call)


def twice(client: Any, operation: str, *, times: int = 1) -> None:
    """Let calls of an operation be made twice, as where somebody on the way sends a request once more."""
    left, under_way = times, False
    service = client.meta.service_model.service_name

    def before_call(params: Mapping[str, Any], **_: object) -> None:
        nonlocal left, under_way
        if not left or under_way:
            return
        left, under_way = left - 1, True
        with suppress(ClientError):
            client._make_api_call(operation, json.loads(params["body"]))
        under_way = False

    client.meta.events.register_first(f"before-call.{service}.{operation}", before_call)


@contextmanager
def stubbed(client: Any) -> Iterator[Stubber]:
    """Let a client be answered what the test says, once a request has passed the gate."""
    gate = Gate(Rates(Harshness(), time.monotonic))
    service = client.meta.service_model.service_name

    def admit(params: Mapping[str, Any], model: OperationModel, **_: object) -> None:
        gate.admit(service, model.name, params)

    client.meta.events.register_first(f"before-parameter-build.{service}", admit)
    with Stubber(client) as stubber:
        yield stubber


def saying(ec2: Any, table_id: str, change: Callable[[dict[str, Any]], None]) -> None:
    """Let EC2 say something else of one route table from now on."""

    def changed(parsed: dict[str, Any], **_: object) -> None:
        for table in parsed["RouteTables"]:
            if table["RouteTableId"] == table_id:
                change(table)

    ec2.meta.events.register("after-call.ec2.DescribeRouteTables", changed)


def read_old(client: Any, name: str, version: int) -> None:
    """Let the next reading of a parameter give an earlier version of it."""
    done = False

    def before_call(params: dict[str, Any], **_: object) -> None:
        nonlocal done
        if not done and name in (names := json.loads(params["body"])["Names"]):
            done = True
            names = [f"{each}:{version}" if each == name else each for each in names]
            params["body"] = json.dumps({"Names": names}).encode()

    client.meta.events.register_first("before-call.ssm.GetParameters", before_call)
