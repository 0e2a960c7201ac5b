"""Stand-ins for what a test has to own: the clock, what AWS answers, and the part of SSM that moto lacks."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from botocore.hooks import BaseEventHooks

from nat_failover.runtime import Runtime
from tests.examples import NOW


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


@dataclass
class Told:
    """What SSM tells of one host's invocation."""

    status: str = "Success"
    details: str = ""
    exit_code: int = 0
    output: str = ""
    finished_at: float | None = None


@dataclass
class Command:
    """A command that was sent: the arguments of SendCommand, when, and what each host has come to."""

    command_id: str
    arguments: Mapping[str, Any]
    asked_at: float
    told: dict[str, Told] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """The first word of its comment."""
        return str(self.arguments["Comment"]).partition(" ")[0]


def report(state: str, at: float, *, elapsed: float = 3.0, lost_for: float = 0.0, uptime: float = 90_000) -> Told:
    """Let the probe have ended by itself."""
    exit_code = {"reachable": 0, "unreachable": 1, "cannot-probe": 2, "warming-up": 3}[state]
    said = {"probe": 1, "state": state, "elapsed": elapsed, "lost_for": lost_for, "uptime": uptime}
    status = "Success" if exit_code == 0 else "Failed"
    return Told(status, status, exit_code, json.dumps(said) + "\n", at)


class RunCommand:
    """The four operations of SSM that moto lacks or answers with made-up success, put into real clients.

    Args:
        events: of a boto3 session or client; requests are built and checked as ever, only nothing is sent.
        runtime: clock.
        page: how many things SSM gives at most at a time.

    Attributes:
        online: instance ids whose agent is online.
        answer: called with a command and a host whenever a command is read, gives what SSM tells of it by then;
            None where SSM does not list it.
        commands: all that were sent.
        calls: operation and arguments of every call.
    """

    def __init__(self, events: BaseEventHooks, runtime: Runtime, page: int = 50) -> None:
        self.online: list[str] = []
        self.answer: Callable[[Command, str], Told | None] = lambda command, host: command.told.get(host)
        self.commands: list[Command] = []
        self.calls: list[tuple[str, Mapping[str, Any]]] = []
        self._runtime = runtime
        self.page = page
        for operation, answer in {
            "SendCommand": self._send,
            "ListCommands": self._list,
            "ListCommandInvocations": self._invocations,
            "DescribeInstanceInformation": self._information,
        }.items():
            events.register(f"before-call.ssm.{operation}", self._answering(operation, answer))

    def sent(self, kind: str) -> list[tuple[str, ...]]:
        """Give the hosts of every command of a kind."""
        return [tuple(c.arguments["InstanceIds"]) for c in self.commands if c.kind == kind]

    def _answering(self, operation: str, answer: Callable[[Any], dict[str, Any]]) -> Callable[..., Any]:
        def before_call(params: Mapping[str, Any], **_: object) -> tuple[Any, dict[str, Any]]:
            arguments = json.loads(params["body"])
            self.calls.append((operation, arguments))
            told = answer(arguments)
            return SimpleNamespace(status_code=400 if "Error" in told else 200), told

        return before_call

    def _send(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        hosts = arguments["InstanceIds"]
        if len(hosts) > 50:
            return _error("ValidationException", "InstanceIds: length must be less than or equal to 50")
        unmanaged = sorted(set(hosts) - set(self.online))
        if unmanaged:
            return _error("InvalidInstanceId", f"{unmanaged} are not managed")
        command = Command(f"00000000-0000-0000-0000-{len(self.commands):012}", arguments, self._runtime.now())
        self.commands.append(command)
        return {"Command": _command(command)}

    def _list(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        wanted = {f["key"]: f["value"] for f in arguments["Filters"]}
        after = datetime.fromisoformat(wanted["InvokedAfter"]).timestamp()
        found = [c for c in self.commands if c.arguments["DocumentName"] == wanted["DocumentName"]]
        return self._paged("Commands", [_command(c) for c in reversed(found) if c.asked_at > after], arguments)

    def _invocations(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        command = next((c for c in self.commands if c.command_id == arguments["CommandId"]), None)
        if command is None:
            return _error("InvalidCommandId", arguments["CommandId"])
        told = {host: self.answer(command, host) for host in command.arguments["InstanceIds"]}
        found = [_invocation(command, host, t) for host, t in told.items() if t is not None]
        return self._paged("CommandInvocations", found, arguments)

    def _information(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        wanted = {f["Key"]: f["Values"] for f in arguments["Filters"]}
        found = [h for h in self.online if h in wanted.get("InstanceIds", [h])]
        return self._paged("InstanceInformationList", [{"InstanceId": h} for h in found], arguments)

    def _paged(self, key: str, found: list[Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
        start = int(arguments.get("NextToken", "0"))
        end = start + min(self.page, arguments["MaxResults"])
        return {key: found[start:end]} | ({"NextToken": str(end)} if end < len(found) else {})


def _error(code: str, message: str) -> dict[str, Any]:
    return {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": 400}}


def _command(command: Command) -> dict[str, Any]:
    told = {key: command.arguments[key] for key in ("DocumentName", "Comment", "Parameters", "InstanceIds")}
    return told | {"CommandId": command.command_id, "RequestedDateTime": _time(command.asked_at)}


def _invocation(command: Command, host: str, told: Told) -> dict[str, Any]:
    plugin: dict[str, Any] = {"Name": "probe", "ResponseCode": told.exit_code, "Output": told.output}
    if told.finished_at is not None:
        plugin["ResponseFinishDateTime"] = _time(told.finished_at)
    return {
        "CommandId": command.command_id,
        "InstanceId": host,
        "Status": told.status,
        "StatusDetails": told.details or told.status,
        "CommandPlugins": [plugin],
    }


def _time(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


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
        return None if code is None else (SimpleNamespace(status_code=400), _error(code, "by the test"))

    service = client.meta.service_model.service_name
    client.meta.events.register_first(f"before-call.{service}.{operation}", before_call)
