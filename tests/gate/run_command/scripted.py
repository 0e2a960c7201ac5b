"""Run Command with hosts that come to what a test says, put into real clients."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError
from botocore.hooks import BaseEventHooks

from nat_failover.runtime import Runtime
from tests.gate.gate import Gate
from tests.gate.run_command.command import Command, CommandInvocation, Managed
from tests.gate.run_command.documents import Document
from tests.gate.run_command.service import Refusal, Service


class RunCommand:
    """The operations of SSM that moto lacks or answers with made-up success.

    Args:
        events: of a boto3 session or client; requests are built and checked as ever, only nothing is sent.
        runtime: clock.
        gate: of the account.

    Attributes:
        online: instance ids whose agent is online.
        managed: what else there is to say of a host, in place of an agent on Linux that is online, by instance id.
        answer: called with a command and a host whenever a command is read, gives what SSM tells of it by then;
            None where SSM does not list it.
        content: of the document that is sent, where it matters.
        calls: operation and arguments of every call.
    """

    def __init__(self, events: BaseEventHooks, runtime: Runtime, gate: Gate) -> None:
        self.online: list[str] = []
        self.managed: dict[str, Managed] = {}
        self.answer: Callable[[Command, str], CommandInvocation | None] = lambda command, host: command.invocations.get(
            host
        )
        self.content: Mapping[str, Any] | None = None
        self.calls: list[tuple[str, Mapping[str, Any]]] = []
        self.service = Service(self, runtime.now, lambda: f"00000000-0000-0000-0000-{len(self.commands):012}")
        self._gate = gate
        for operation in self.service.operations:
            events.register(f"before-call.ssm.{operation}", self._answering(operation))

    @property
    def commands(self) -> list[Command]:
        """All that were sent."""
        return self.service.commands

    @property
    def page(self) -> int:
        """How many things SSM gives at most at a time."""
        return self.service.page

    @page.setter
    def page(self, most: int) -> None:
        self.service.page = most

    def sent(self, kind: str) -> list[tuple[str, ...]]:
        """Give the hosts of every command of a kind."""
        return [tuple(c.arguments["InstanceIds"]) for c in self.commands if c.kind == kind]

    def known(self, ids: Collection[str] | None) -> Iterable[Managed]:
        """Give those that are online, and those of which a test has set something else."""
        wanted = None if ids is None else set(ids)
        for host in dict.fromkeys((*self.online, *self.managed)):
            if wanted is None or host in wanted:
                yield self.managed.get(host, Managed(host))

    def document(self, name: str) -> Document | None:
        """Give the document, if there is one."""
        del name
        return None if self.content is None else Document(self.content)

    def take(self, command: Command) -> None:
        """Do nothing: what a host has come to is looked up when somebody reads it."""

    def stop(self, command: Command, hosts: Collection[str]) -> None:
        """Let hosts have been stopped."""
        command.invocations |= dict.fromkeys(hosts, CommandInvocation("Cancelled", "Cancelled", -1))

    def invocation(self, command: Command, host: str) -> CommandInvocation | None:
        """Give what the test says."""
        return self.answer(command, host)

    def _answering(self, operation: str) -> Callable[..., Any]:
        def before_call(params: Mapping[str, Any], **_: object) -> tuple[Any, dict[str, Any]]:
            arguments = json.loads(params["body"])
            self.calls.append((operation, arguments))
            try:
                self._gate.admit("ssm", operation, arguments)
                response = self.service.answer(operation, arguments)
            except Refusal as refusal:
                response = error(refusal.code, refusal.message)
            except ClientError as refused:
                response = error(refused.response["Error"]["Code"], refused.response["Error"]["Message"])
            return SimpleNamespace(status_code=400 if "Error" in response else 200), response

        return before_call


def error(code: str, message: str) -> dict[str, Any]:
    """Return an error as botocore gives it after parsing."""
    return {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": 400}}
