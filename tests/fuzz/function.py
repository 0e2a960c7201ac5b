"""The whole function over a model of its account, when a failover is due: what comes in may be anything."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from nat_failover.application import Application
from nat_failover.judging.first_online import mark
from nat_failover.telling.memory import Memory
from tests.examples import (
    BACKENDS,
    ENVIRONMENT,
    NOW,
    PRIMARY,
    PRIMARY_TABLE,
    STANDBY,
    STANDBY_TABLE,
    TICK,
    status_change,
)
from tests.fakes import Command, CommandInvocation, Context, report
from tests.fuzz.wire import Answer, Call, settings_of, wire
from tests.simulation.account.account import ModelAccount
from tests.simulation.account.holdings import Holdings, Instance, Version

HOSTS = BACKENDS[:4]
SUBNETS = ("subnet-0123456789abcdef0", "subnet-0123456789abcdef1")
ELSEWHERE = "subnet-0123456789abcdefe"
LOCK, CLAIM, MEMORY = (ENVIRONMENT[f"NAT_FAILOVER_{name}_PARAMETER"] for name in ("LOCK", "CLAIM", "TOLD"))
TAGS = {ENVIRONMENT["NAT_FAILOVER_PROBE_TAG_KEY"]: ENVIRONMENT["NAT_FAILOVER_PROBE_TAG_VALUE"]}
# What changes nothing that anybody would miss: it reads, asks hosts, tells people.
HARMLESS = ("Describe", "Get", "List", "SendCommand", "Publish", "PutEvents")
# How long a watch takes to see the loss, in seconds.
LOSS = 2
WATCH_SENT, FAILED_AT = NOW - 100, NOW - 3


class Function:
    """The function of a pair whose four backends have lost the Internet three seconds ago, while its standby has it.

    Args:
        environment: variables that are other than in the example's.

    Attributes:
        account: what EC2 and the parameters hold.
        answers: in place of the account's, by operation.
        results: of commands on hosts, in place of what they would be, by instance id.
        calls: every call that reached AWS, in order.
        measured: the lines of metrics.
    """

    def __init__(self, **environment: str) -> None:
        self.settings = settings_of({f"NAT_FAILOVER_{name}": value for name, value in environment.items()})
        self.answers: dict[str, Answer] = {
            "PutEvents": lambda _: {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]},
        }
        self.results: dict[str, CommandInvocation] = {}
        self.calls: list[Call] = []
        self._wire = wire()
        self._wire.function = self
        self.clock = self._wire.runtime
        self.clock.time, self.clock.slept = NOW, []
        self.account = ModelAccount(_holdings(), self.clock.now)
        self.run_command = self._wire.run_command
        self.run_command.commands.clear()
        self.run_command.online = [*HOSTS, PRIMARY, STANDBY]
        self.run_command.answer = self._answer
        # The pair has worked until three seconds ago.
        worked = {"primary": mark(PRIMARY_TABLE, self.settings), "standby": mark(STANDBY_TABLE, self.settings)}
        self.put(MEMORY, Memory(worked=worked).text())
        self.measured = io.StringIO()
        self.application = Application(self.settings, self._wire.clients, self.clock, self.measured)
        self.watch = self.watched(*HOSTS, STANDBY, PRIMARY)

    def watched(self, *hosts: str, sent_at: float = WATCH_SENT, **parameters: str) -> Command:
        """Let a watch have been sent to hosts, with some of its parameters other than ours."""
        s, known = self.settings, self.account.holdings.instances
        ours = {"window": "600", "active": known[PRIMARY].address, "passive": known[STANDBY].address}
        arguments = {
            "DocumentName": s.probe_document,
            "Comment": f"watch by nat-failover {s.pair}",
            "InstanceIds": list(hosts),
            "Parameters": {name: [value] for name, value in {**ours, **parameters}.items()},
        }
        command = Command(f"00000000-0000-0000-0000-{len(self.run_command.commands):012}", arguments, sent_at)
        self.run_command.commands.append(command)
        return command

    def healthy(self, *hosts: str) -> None:
        """Let hosts have reported a second ago that they are online; who only watches on reports nothing."""
        self.results |= dict.fromkeys(hosts, report("online", NOW - 1, elapsed=90))

    def _answer(self, command: Command, host: str) -> CommandInvocation:
        if host in self.results:
            return self.results[host]
        if command.kind == "watch":
            if host in self.settings.nats or self.clock.now() < command.asked_at + LOSS:
                return CommandInvocation("InProgress", exit_code=-1)
            return self.lost(command)
        at = command.asked_at + 0.5
        if host in self.settings.nats or command.kind == "verify":
            return report("online", at, elapsed=0.5)
        return report("offline", at, elapsed=0.5, lost_for=0.5)

    def lost(self, command: Command) -> CommandInvocation:
        """Give what the probe says that has seen the loss."""
        at = max(FAILED_AT, command.asked_at + LOSS)
        elapsed = at - command.asked_at
        # Twice a second, by turns with connections; until the loss they were answered.
        pings = [round(elapsed - LOSS), round(elapsed)]
        return report("offline", at, elapsed=elapsed, lost_for=LOSS, pings=pings)

    def event(self, **detail: object) -> dict[str, Any]:
        """Give SSM's event of the first backend's failure, with some of its detail changed."""
        event: dict[str, Any] = status_change(self.watch.command_id, HOSTS[0])
        return event | {"detail": {**event["detail"], **detail}}

    def invoke(self, event: object = TICK, seconds: float = 45) -> dict[str, object]:
        """Invoke it, with its log kept; what it answers is JSON."""
        with self._logged():
            answer = self.application.handle(event, Context("request-1", seconds))
        return dict(json.loads(json.dumps(answer, ensure_ascii=False).encode()))

    @contextmanager
    def _logged(self) -> Iterator[None]:
        package = logging.getLogger("nat_failover")
        before = package.handlers, package.level, package.propagate
        self._wire.log.seek(0)
        self._wire.log.truncate()
        package.handlers, package.propagate = self._wire.logger.handlers, False
        package.setLevel(logging.INFO)
        try:
            yield
        finally:
            package.handlers, package.level, package.propagate = before
            package.setLevel(before[1])

    @property
    def log(self) -> str:
        """What the last invocation has logged: JSON lines, in what UTF-8 can write."""
        text = self._wire.log.getvalue()
        text.encode()
        return text

    @property
    def writes(self) -> list[Call]:
        """Every call that would have changed something, the claim and what people have been told aside."""
        return [
            call
            for call in self.calls
            if not call.operation.startswith(HARMLESS) and call.arguments.get("Name") not in (CLAIM, MEMORY)
        ]

    @property
    def messages(self) -> list[str]:
        """The messages that were published."""
        return [str(call.arguments) for call in self.calls if call.operation in ("Publish", "PutEvents")]

    def put(self, name: str, text: str, at: float = NOW - 30) -> None:
        """Let a parameter have a value, which a person wrote."""
        self.account.holdings.parameters[name] = [Version(text, 7, at, "person")]

    @property
    def lock(self) -> str | None:
        """The lock's value."""
        version = self.account.latest(LOCK)
        return None if version is None else version.text

    def on(self, table: str) -> set[str]:
        """Give the subnets of a table."""
        return {subnet for subnet, of in self.account.holdings.associations.values() if of == table}


def _holdings() -> Holdings:
    hosts = {
        host: Instance(
            "running", NOW - 90_000, f"10.0.{n}.5", TAGS, f"eni-{n:017x}", SUBNETS[n % 2], checked=host in HOSTS
        )
        for n, host in enumerate((*HOSTS, PRIMARY, STANDBY))
    }
    routes = {
        table: [{"DestinationCidrBlock": "0.0.0.0/0", "InstanceId": nat, "State": "active", "Origin": "CreateRoute"}]
        for table, nat in ((PRIMARY_TABLE, PRIMARY), (STANDBY_TABLE, STANDBY))
    }
    associations = {f"rtbassoc-{n:017x}": (subnet, PRIMARY_TABLE) for n, subnet in enumerate(SUBNETS, start=1000)}
    return Holdings(hosts, routes, associations)
