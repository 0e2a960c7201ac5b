"""What the commands of readers and of operators ask of AWS, against the policies that are made for them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from botocore import xform_name
from typer.testing import CliRunner

import nat_failover
from nat_failover.cli.account.session import Account
from nat_failover.cli.app import app
from nat_failover.cli.operator.operator import SHELL
from nat_failover.cli.policies import SOMETIMES
from tests.cli.deployed import Deployment, deployed
from tests.cli.installed import install
from tests.e2e.account import ACCOUNT, REGION
from tests.iam.evaluator import Request, Statement, allowing

# Whoever only reads runs nothing on hosts.
READING = (("status",), ("doctor", "--no-hosts"), ("history",))
ACTING = (("pause", "--yes"), ("resume", "--yes"), ("failover", "--yes"), ("rearm", "--yes"), ("failback", "--yes"))
SOURCES = "\n".join(path.read_text("utf-8") for path in Path(nat_failover.__file__).parent.rglob("*.py"))
SWAP = "ec2:ReplaceRouteTableAssociation"
Call = tuple[str, str, Mapping[str, Any]]


def arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


@contextmanager
def noted(environ: Mapping[str, str]) -> Iterator[list[Call]]:
    """Note every call of the commands that are run meanwhile, in this process."""
    calls: list[Call] = []
    make = Account.__init__

    def init(self: Account, *arguments: Any, **named: Any) -> None:
        def note(params: Mapping[str, Any], model: Any, **_: object) -> None:
            calls.append((model.service_model.service_name, model.name, dict(params)))

        make(self, *arguments, **named)
        self._session.events.register("provide-client-params", note)

    with patch.object(Account, "__init__", init), patch.dict(os.environ, environ):
        yield calls


class Played:
    """What was asked for by those who read and by those who act, and what they are given."""

    def __init__(self, deployment: Deployment) -> None:
        self.setting = deployment.setting
        self.nats = [deployment.setting("PRIMARY_INSTANCE"), deployment.setting("STANDBY_INSTANCE")]
        with noted(deployment.aws.environ) as calls:
            for reading in READING:
                assert CliRunner().invoke(app, list(reading)).exit_code in (0, 5), reading
            self.read = list(calls)
            calls.clear()
            for acting in ACTING:
                assert CliRunner().invoke(app, list(acting)).exit_code == 0, acting
            self.acted = list(calls)
            self.reader, self.operator = (self._policy(who) for who in ("reader", "operator"))

    @staticmethod
    def _policy(who: str) -> list[Statement]:
        printed: Mapping[str, Any] = json.loads(CliRunner().invoke(app, ["policy", who]).stdout)
        return list(printed["Statement"])

    def requests(self, calls: list[Call]) -> list[Request]:
        """Give what has to be allowed for calls to be; anybody may ask who they are."""
        return [request for call in calls if call[0] != "sts" for request in self._requests(*call)]

    def _requests(self, service: str, operation: str, given: Mapping[str, Any]) -> list[Request]:
        action = f"{service.replace('-', '')}:{operation}"
        if operation in ("GetParameters", "PutParameter", "GetParameterHistory"):
            names = given.get("Names") or [given["Name"]]
            return [Request(action, arn("ssm", f"parameter{name.partition(':')[0]}")) for name in names]
        if operation == "SendCommand":
            tag = {f"ssm:resourceTag/{self.setting('PROBE_TAG_KEY')}": self.setting("PROBE_TAG_VALUE")}
            hosts = [
                Request(action, arn("ec2", f"instance/{i}"), {} if i in self.nats else tag)
                for i in given["InstanceIds"]
            ]
            return [Request(action, arn("ssm", f"document/{given['DocumentName']}")), *hosts]
        if action == SWAP:
            tables = [self.setting(f"{role}_ROUTE_TABLE") for role in ("PRIMARY", "STANDBY")]
            return [Request(action, arn("ec2", f"route-table/{table}")) for table in tables] + [
                Request(action, arn("ec2", "subnet/subnet-0123456789abcdef0"))
            ]
        return [Request(action, "*")]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    with deployed(tmp_path_factory.mktemp("people"), install(tmp_path_factory.mktemp("installed"))) as made:
        made.tick()
        yield Played(made)


def refused(played: Played, statements: list[Statement], calls: list[Call]) -> set[tuple[str, str]]:
    wanted = played.requests(calls)
    return {(r.action, r.resource) for r in wanted if not allowing(statements, r)}


def test_a_reader_may_all_that_status_doctor_and_history_ask_and_no_more(played: Played) -> None:
    assert refused(played, played.reader, played.read) == set()
    used = {r.action for r in played.requests(played.read)}
    assert {action for s in played.reader for action in s["Action"]} - used == set(SOMETIMES)
    assert [a for a in SOMETIMES if f"{xform_name(a.partition(':')[2])}" not in SOURCES] == []
    reads = ("Describe", "Get", "List", "Filter", "Simulate")
    assert [a for s in played.reader for a in s["Action"] if not a.partition(":")[2].startswith(reads)] == []


def test_an_operator_may_all_that_acting_asks_but_run_a_shell_and_no_more(played: Played) -> None:
    shell = arn("ssm", f"document/{SHELL}")
    assert refused(played, played.operator, [*played.read, *played.acted]) <= {("ssm:SendCommand", shell)}
    used = {(s["Sid"], r.action) for r in played.requests(played.acted) for s in allowing(played.operator, r)}
    beside = [s for s in played.operator if s["Sid"] not in {s["Sid"] for s in played.reader}]
    assert {(s["Sid"], action) for s in beside for action in s["Action"]} - used == set()


def test_what_is_another_pairs_or_nobodys_is_refused(played: Played) -> None:
    lock = arn("ssm", "parameter/nat-failover/other/lock")
    tagged = {"ssm:resourceTag/nat-failover:probe": "other"}
    for request in (
        Request("ssm:PutParameter", lock),
        Request("ssm:GetParameters", lock),
        Request("ssm:PutParameter", arn("ssm", f"parameter{played.setting('TOLD_PARAMETER')}")),
        Request("ssm:DeleteParameter", arn("ssm", f"parameter{played.setting('LOCK_PARAMETER')}")),
        Request("ssm:SendCommand", arn("ssm", f"document/{SHELL}")),
        Request("ssm:SendCommand", f"arn:aws:ssm:{REGION}::document/{SHELL}"),
        Request("ssm:SendCommand", arn("ec2", "instance/i-0123456789abcdef0"), tagged),
        Request(SWAP, arn("ec2", "route-table/rtb-0123456789abcdef9")),
        Request("lambda:InvokeFunction", played.setting("TOPIC")),
    ):
        assert not allowing(played.operator, request), request
