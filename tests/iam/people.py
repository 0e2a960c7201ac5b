"""Runs the commands of readers and of operators, and notes what each call needs, beside the policies made for them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from botocore.exceptions import ClientError
from typer.testing import CliRunner

from nat_failover.cli.account.pairs import Deployed
from nat_failover.cli.account.session import Account as Theirs
from nat_failover.cli.app import app
from nat_failover.cli.gameday.gameday import GameDay
from nat_failover.cli.gameday.result import Failure
from nat_failover.cli.policies import operator
from nat_failover.settings import Settings
from tests.cli.deployed import Deployment, deployed
from tests.cli.person import Person
from tests.gate.harshness import GENTLE
from tests.iam.evaluator import Request
from tests.iam.requests import Account, arn, requests_of
from tests.iam.roles import Access
from tests.lab.cloud.execution import Execution
from tests.lab.cloud.moto_cloud import MotoCloud
from tests.lab.cloud.template import EGRESS_PLACE, STANDBY_EGRESS_PLACE
from tests.lab.lab import Lab
from tests.lab.latencies import Latencies
from tests.lab.network.real.netns import eventually

# Whoever only reads runs nothing on hosts.
READING = (("status",), ("doctor", "--no-hosts"), ("history",))
ACTING = (
    *(("doctor",), ("pause", "--yes"), ("resume", "--yes"), ("failover", "--yes"), ("rearm", "--yes")),
    ("failback", "--yes"),
)
DRILLS: tuple[Mapping[str, object], ...] = (
    {},
    {"egressAddress": EGRESS_PLACE, "standbyEgressAddress": STANDBY_EGRESS_PLACE},
)
SWAP = "ec2:ReplaceRouteTableAssociation"
Call = tuple[str, str, Mapping[str, Any]]


def commands() -> Mapping[str, Access]:
    """Run each command but the drill once, as it is installed, and return what its people need: reader, operator."""
    with TemporaryDirectory() as folder, deployed(Path(folder), Path(folder)) as made:
        ssm = made.aws.client("ssm")
        # A tick asks nobody as long as no agent is online, and what was only just sent is not listed yet.
        assert any(made.tick() and eventually(lambda: bool(ssm.list_commands()["Commands"]), 5) for _ in range(6))
        return _run(made)


def _run(made: Deployment) -> Mapping[str, Access]:
    found = {}
    for who, typed in (("reader", READING), ("operator", (*READING, *ACTING))):
        with _noted(made.aws.environ) as calls:
            for command in typed:
                done = CliRunner().invoke(app, list(command))
                # What they find is not the matter here: whether the standby is proven by then, say.
                assert done.exit_code in ((0, 1, 5) if command[0] in ("status", "doctor") else (0,)), done.output
            policy: Mapping[str, Any] = json.loads(CliRunner().invoke(app, ["policy", who]).stdout)
            settings = Settings.from_environment(made.environment)
            # Anybody may ask who they are.
            needed = [request for call in calls if call[0] != "sts" for request in _needed(settings, *call)]
        found[who] = Access(tuple(needed), tuple(policy["Statement"]))
    return found


@contextmanager
def _noted(environ: Mapping[str, str]) -> Iterator[list[Call]]:
    """Note every call of the commands that are run meanwhile, in this process."""
    calls: list[Call] = []
    make = Theirs.__init__

    def init(self: Theirs, *arguments: Any, **named: Any) -> None:
        def note(params: Mapping[str, Any], model: Any, **_: object) -> None:
            calls.append((model.service_model.service_name, model.name, dict(params)))

        make(self, *arguments, **named)
        self._session.events.register("provide-client-params", note)

    with patch.object(Theirs, "__init__", init), patch.dict(os.environ, environ):
        yield calls


def _needed(s: Settings, service: str, operation: str, given: Mapping[str, Any]) -> Sequence[Request]:
    action = f"{service.replace('-', '')}:{operation}"
    if operation in ("GetParameters", "PutParameter", "GetParameterHistory"):
        names = given.get("Names") or [given["Name"]]
        return [Request(action, arn("ssm", f"parameter{name.partition(':')[0]}")) for name in names]
    if operation == "GetDocument":
        return [Request(action, arn("ssm", f"document/{given['Name']}"))]
    if operation == "SendCommand":
        tag = {f"ssm:resourceTag/{s.probe_tag_key}": s.probe_tag_value}
        hosts = [Request(action, arn("ec2", f"instance/{i}"), {} if i in s.nats else tag) for i in given["InstanceIds"]]
        return [Request(action, arn("ssm", f"document/{given['DocumentName']}")), *hosts]
    if action == SWAP:
        tables = [Request(action, arn("ec2", f"route-table/{table}")) for table in s.tables]
        return [*tables, Request(action, arn("ec2", "subnet/subnet-0123456789abcdef0"))]
    return [Request(action, "*")]


def drilled(number: int) -> Access:
    """Hold one of DRILLS in the lab, and return what whoever holds it needs, and the operator's policy."""
    found: list[Access] = []

    def main(lab: Lab) -> None:
        lab.begin()
        lab.wait(3)
        alice, cloud = Person(lab), lab.cloud
        assert isinstance(cloud, MotoCloud)
        account, needed = Account(cloud), dict[str, Sequence[Request]]()
        hers: list[Request] = []

        def note(operation: str, arguments: Mapping[str, Any]) -> ClientError | None:
            needed[f"{operation} {arguments}"] = requests_of(operation, arguments, account)
            return None

        def pick(operation: str, arguments: Mapping[str, Any], execution: Execution) -> None:
            if execution is alice.execution:
                hers.extend(needed[f"{operation} {arguments}"])

        lab.gateway.faults.append(note)
        lab.gateway.after.append(pick)
        day = GameDay(alice.hand, Failure.FORWARDING, alice.hear).play()
        assert day.problems == []
        pair = Deployed(alice.settings, "", cloud.function_arn, "", cloud.timeout, "")
        statements: Any = operator(pair)["Statement"]
        found.append(Access(tuple(hers), tuple(statements)))

    Lab("simulated", 1, Latencies(), DRILLS[number], harshness=GENTLE).run(main)
    return found[0]
