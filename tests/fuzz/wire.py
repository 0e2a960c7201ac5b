"""Real clients, every call of which is answered by the function of the moment."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from nat_failover.clients import Clients
from nat_failover.observability import start_logging
from nat_failover.settings import Settings
from tests.examples import (
    ENVIRONMENT,
)
from tests.fakes import FakeRuntime, RunCommand
from tests.gate.gate import Gate
from tests.integration.account import REGION
from tests.lab.cloud.sessions import session
from tests.simulation.account.holdings import Refused

if TYPE_CHECKING:
    from tests.fuzz.function import Function

Arguments = Mapping[str, Any]
Answer = Callable[[Arguments], dict[str, Any]]
PAIR = "fuzzed"
READS = (
    *("DescribeRouteTables", "DescribeInstances", "DescribeTags", "DescribeAddresses", "GetParameter"),
    *("DescribeInstanceStatus", "DescribeSpotInstanceRequests", "DescribeAutoScalingInstances"),
)
MIRRORS = ("CreateRoute", "ReplaceRoute", "ModifyVpcEndpoint", "EnableVgwRoutePropagation")
WRITES = (
    *("PutParameter", "ReplaceRouteTableAssociation", "AssociateAddress", "Publish", "PutEvents"),
    "CompleteLifecycleAction",
)
ANSWERED = (*READS, *MIRRORS, "GetParameters", *WRITES)
BY_RUN_COMMAND = ("SendCommand", "ListCommands", "ListCommandInvocations", "DescribeInstanceInformation")


@dataclass(frozen=True)
class Call:
    """A call that reached AWS."""

    operation: str
    arguments: Arguments


class Wire:
    """Real clients, made once, whose every call is answered by the function of the moment."""

    def __init__(self) -> None:
        made = session(REGION, "testing")
        self.runtime = FakeRuntime()
        self._gate = Gate()
        self.run_command = RunCommand(made.events, self.runtime, self._gate)
        made.events.register("provide-client-params", self._keep)
        for service in ("ec2", "ssm", "sns", "events", "autoscaling"):
            for operation in (*ANSWERED, *BY_RUN_COMMAND):
                made.events.register_first(f"before-call.{service}.{operation}", self._answer)
        made.events.register_last("before-call", _refuse)
        clients = Clients.of(made)
        sns, events, egress, groups = clients.sns(), clients.events(), clients.egress(), clients.autoscaling()
        self.clients = replace(
            clients, sns=lambda: sns, events=lambda: events, egress=lambda: egress, autoscaling=lambda: groups
        )
        self.log = io.StringIO()
        self.logger = start_logging(settings_of({}), self.log)
        for handler in self.logger.handlers:
            handler.handleError = _raise  # type: ignore[method-assign]
        self.function: Function

    def _keep(self, params: Arguments, context: dict[str, Any], **_: object) -> None:
        context["arguments"] = params

    def _answer(self, model: Any, context: dict[str, Any], **_: object) -> Any:
        operation, arguments = model.name, context["arguments"]
        self.function.calls.append(Call(operation, arguments))
        answer = self.function.answers.get(operation)
        if answer is None and operation in BY_RUN_COMMAND:
            return None  # by RunCommand
        try:
            self._gate.admit(model.service_model.service_name, operation, arguments)
            response = answer(arguments) if answer else self.function.account.answer(operation, arguments)
        except ClientError as error:
            response = {"Error": error.response["Error"]}
        except Refused as refused:
            response = {"Error": {"Code": refused.code, "Message": refused.message}}
        return SimpleNamespace(status_code=400 if "Error" in response else 200), {"ResponseMetadata": {}, **response}


def _refuse(model: Any, **_: object) -> None:
    raise AssertionError(f"{model.name} would be sent to AWS")


def _raise(record: logging.LogRecord) -> None:
    del record
    raise  # noqa: PLE0704 - called by logging while it handles what went wrong


wire = cache(Wire)


def settings_of(environment: Mapping[str, str]) -> Settings:
    return Settings.from_environment({**ENVIRONMENT, "NAT_FAILOVER_PAIR": PAIR, **environment})
