"""What the commands of readers and of operators ask of AWS, against the policies that are made for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from botocore import xform_name

import nat_failover
from nat_failover.cli.account.pairs import Deployed
from nat_failover.cli.policies import SOMETIMES
from nat_failover.cli.policies import operator as policy_of_operators
from nat_failover.cli.scripts.documents import Task
from nat_failover.settings import Settings
from tests.examples import ENVIRONMENT
from tests.iam.evaluator import Request, Statement, allowing
from tests.iam.people import DRILLS, SWAP, commands, drilled
from tests.iam.requests import arn
from tests.iam.roles import Access, unused
from tests.lab.cloud.cloud import REGION

SOURCES = "\n".join(path.read_text("utf-8") for path in Path(nat_failover.__file__).parent.rglob("*.py"))
SEND = "ssm:SendCommand"
SHELL = "AWS-RunShellScript"


@pytest.fixture
def reader(once: Callable[..., Any]) -> Access:
    return cast("Access", once(commands)["reader"])


@pytest.fixture
def operator(once: Callable[..., Any]) -> Access:
    return cast("Access", once(commands)["operator"])


def test_a_reader_may_all_that_status_doctor_and_history_ask_and_no_more(reader: Access) -> None:
    assert reader.missing == set()
    assert unused([reader]) == {("Look", action) for action in SOMETIMES}
    assert [a for a in SOMETIMES if f"{xform_name(a.partition(':')[2])}" not in SOURCES] == []
    reads = ("Describe", "Get", "List", "Filter", "Simulate")
    assert [a for s in reader.statements for a in s["Action"] if not a.partition(":")[2].startswith(reads)] == []


def test_an_operator_may_all_that_acting_and_drills_ask_and_no_more(
    operator: Access, once: Callable[..., Access]
) -> None:
    drills = [once(drilled, number) for number in range(len(DRILLS))]
    assert [each.missing for each in (operator, *drills)] == [set(), set(), set()]
    assert unused([operator, *drills]) <= {("Look", action) for action in SOMETIMES}


def test_every_document_that_an_operator_may_send_is_sent_in_a_drill(once: Callable[..., Access]) -> None:
    drill = once(drilled, 0)
    (documents,) = [s["Resource"] for s in drill.statements if s["Sid"] == "SendDocuments"]
    assert drill.used["SendDocuments", SEND] == set(documents)
    assert len(documents) == 1 + len(Task)


def test_what_is_another_pairs_or_nobodys_is_refused(operator: Access) -> None:
    lock = arn("ssm", "parameter/nat-failover/other/lock")
    tagged = {"ssm:resourceTag/nat-failover:probe": "other"}
    for request in (
        Request("ssm:PutParameter", lock),
        Request("ssm:GetParameters", lock),
        Request("ssm:PutParameter", arn("ssm", "parameter/nat-failover/main/told")),
        Request("ssm:DeleteParameter", arn("ssm", "parameter/nat-failover/main/lock")),
        Request(SEND, arn("ssm", f"document/{SHELL}")),
        Request(SEND, f"arn:aws:ssm:{REGION}::document/{SHELL}"),
        Request(SEND, arn("ssm", "document/nat-failover-main-forward-00000000")),
        Request(SEND, arn("ssm", "document/nat-failover-other-inspect-00000000")),
        Request(SEND, arn("ec2", "instance/i-0123456789abcdef0"), tagged),
        Request(SEND, arn("ec2", "instance/i-0123456789abcdef0")),
        Request("ssm:StartSession", arn("ec2", "instance/i-0123456789abcdef0")),
        Request(SWAP, arn("ec2", "route-table/rtb-0123456789abcdef9")),
        Request("lambda:InvokeFunction", arn("lambda", "function:nat-failover-main")),
    ):
        assert not allowing(operator.statements, request), request


def test_a_reader_runs_nothing_anywhere(reader: Access, operator: Access) -> None:
    assert {request.action for request in operator.requests} > {SEND, SWAP, "ssm:PutParameter"}
    for request in operator.requests:
        if request.action in (SEND, SWAP, "ssm:PutParameter"):
            assert not allowing(reader.statements, request), request


def test_where_the_nats_are_whoever_has_an_interface_they_are_asked_by_their_tag_and_no_statement_is_empty() -> None:
    settings = replace(Settings.from_environment(ENVIRONMENT), primary_interface="eni-1", standby_interface="eni-2")
    pair = Deployed(settings, "", arn("lambda", "function:nat-failover-main"), "", 45.0, "")
    statements = cast("list[Statement]", policy_of_operators(pair)["Statement"])
    assert [statement["Sid"] for statement in statements if not statement["Resource"]] == []
    assert "AskBackends" in {statement["Sid"] for statement in statements}
    assert "AskNats" not in {statement["Sid"] for statement in statements}
