"""A deployment never replaces or stops the standby while it is the active NAT, and is never stuck for it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from nat_failover.deployment.answer import Outcome, answer
from nat_failover.deployment.document import hashed
from nat_failover.deployment.guard import refusal
from tests.fakes import FakeRuntime, before
from tests.iam.evaluator import Request, allowing
from tests.infra.synthesis import made
from tests.integration.account import REGION, Account
from tests.integration.deployment.cloudformation import Bucket, Stack, UpdateFailedError
from tests.integration.deployment.conftest import resources

INSTANCE, FORWARDS = "AWS::EC2::Instance", "AWS::CloudFormation::WaitCondition"


def nat() -> str:
    """Return the standby's logical id; not at import, since every worker imports this."""
    (name,) = made().of(INSTANCE)
    return name


def move(account: Account, here: str, there: str) -> None:
    (table,) = account.clients.ec2.describe_route_tables(RouteTableIds=[here])["RouteTables"]
    for association in table["Associations"]:
        account.clients.ec2.replace_route_table_association(
            AssociationId=association["RouteTableAssociationId"], RouteTableId=there
        )


def fail_over(account: Account) -> None:
    move(account, account.primary_table, account.standby_table)


CHANGES: list[dict[str, Any]] = [
    {"protectedCidrs": ["10.0.0.0/8"]},
    {"standbyRevision": 1},
    {"standbyAmi": "ami-0123456789abcdef0"},
    {"standbySubnetId": "subnet-0fedcba9876543210"},
    {"standbyInstanceType": "t3.nano"},
    {"standbyInstanceType": "t4g.small"},
    {"standbyAmi": "ami-0123456789abcdef0", "standbyRootDevice": "/dev/sda1"},
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_passive_standby_is_replaced(stack: Stack, change: dict[str, Any]) -> None:
    stack.deploy(resources(**change))
    assert ("update", nat()) in stack.touched


@pytest.mark.parametrize("change", CHANGES)
def test_an_active_one_is_not_touched_and_the_deployment_says_what_to_do(
    stack: Stack, account: Account, change: dict[str, Any]
) -> None:
    fail_over(account)
    with pytest.raises(UpdateFailedError) as refused:
        stack.deploy(resources(**change))
    assert nat() not in {name for _, name in stack.touched}
    for named in (*account.subnets, account.standby_table, f"nat-failover failback main --region {REGION}"):
        assert named in str(refused.value)


def test_both_nats_are_renewed_one_after_the_other_and_never_the_active_one(stack: Stack, account: Account) -> None:
    """As the runbook has it."""
    stack.deploy(resources(standbyRevision=1))
    move(account, account.primary_table, account.standby_table)
    renewed = {"primaryInstanceId": "i-0fedcba9876543210"}
    stack.deploy(resources(standbyRevision=1, **renewed))
    with pytest.raises(UpdateFailedError):
        stack.deploy(resources(standbyRevision=2, **renewed))
    move(account, account.standby_table, account.primary_table)
    stack.touched.clear()
    stack.deploy(resources(standbyRevision=2, **renewed))
    assert ("update", nat()) in stack.touched


@pytest.mark.parametrize(
    "change",
    [
        {"targets": ["192.0.2.1", "192.0.2.2"]},
        {"warmUp": 60},
        {"primaryInstanceId": "i-0fedcba9876543210"},
        {"tags": {"team": "network"}},
    ],
)
def test_what_leaves_an_active_standby_as_it_is_is_deployed(
    stack: Stack, account: Account, change: dict[str, Any]
) -> None:
    fail_over(account)
    stack.deploy(resources(**change))
    assert stack.touched


def test_a_stack_of_a_version_without_a_guard_is_asked_by_its_first_deployment_with_one(
    account: Account, stack: Stack
) -> None:
    old = {name: resource for name, resource in resources().items() if "Guard" not in name}
    old[nat()] = {key: value for key, value in old[nat()].items() if key != "DependsOn"}
    stack.deploy(old)
    stack.touched.clear()
    fail_over(account)
    with pytest.raises(UpdateFailedError, match="Fail back first"):
        stack.deploy(resources(standbyRevision=1))
    assert nat() not in {name for _, name in stack.touched}


def test_a_rollback_for_another_reason_is_never_refused_though_the_standby_has_become_active(
    stack: Stack, account: Account
) -> None:
    def breaks(kind: str) -> bool:
        if kind == FORWARDS:
            fail_over(account)
        return kind == FORWARDS

    stack.breaks = breaks
    with pytest.raises(UpdateFailedError, match="can't be made"):
        stack.deploy(resources(standbyRevision=1))
    assert [verb for verb, name in stack.touched if name == nat()] == ["update", "update"]


def test_neither_an_old_guard_nor_a_removal_asks_anything_of_ec2(stack: Stack, account: Account) -> None:
    stack.deploy(resources(standbyRevision=1))
    fail_over(account)
    before(account.session.client("ec2"), "DescribeRouteTables", lambda: pytest.fail("asked"))
    stack.delete()
    assert ("delete", nat()) in stack.touched


def test_what_can_not_be_asked_is_refused_and_leaves_the_standby_as_it_is(account: Account) -> None:
    before(account.clients.ec2, "DescribeRouteTables", lambda: "UnauthorizedOperation", times=1000)
    clock = FakeRuntime()
    refused = refusal(request(), account.clients.ec2, REGION, clock)
    assert refused is not None
    assert "EC2 does not say whether the standby NAT of pair main is active (UnauthorizedOperation" in refused
    assert 40 <= sum(clock.slept) <= 45


def test_a_role_that_was_only_just_made_is_waited_for(account: Account) -> None:
    before(account.clients.ec2, "DescribeRouteTables", lambda: "UnauthorizedOperation", times=3)
    clock = FakeRuntime()
    assert refusal(request(), account.clients.ec2, REGION, clock) is None
    assert len(clock.slept) == 3


def test_a_table_that_is_not_there_yet_serves_nobody(account: Account) -> None:
    wanted = {**request(), "ResourceProperties": {"Pair": "main", "RouteTableId": "rtb-0fedcba9876543210"}}
    assert refusal(wanted, account.clients.ec2, REGION, FakeRuntime()) is None


def request(url: str = "") -> dict[str, Any]:
    return {
        "RequestType": "Create",
        "ResponseURL": url,
        "StackId": "stack",
        "RequestId": "one",
        "LogicalResourceId": "Check",
        "ResourceProperties": {"Pair": "main", "RouteTableId": "rtb-0123456789abcdef0"},
    }


def test_an_answer_that_is_not_taken_is_sent_again(answers: Bucket) -> None:
    answers.refusals = 3
    clock = FakeRuntime()
    answer(request(answers.url), Outcome(), clock.now() + 30, clock)
    assert [a["Status"] for a in answers.answers] == ["SUCCESS"]
    assert len(clock.slept) == 3


def test_one_that_is_never_taken_ends_in_an_error_so_that_lambda_tries_again(answers: Bucket) -> None:
    answers.refusals = 1000
    clock = FakeRuntime()
    with pytest.raises(OSError, match=r"503"):
        answer(request(answers.url), Outcome(), clock.now() + 30, clock)
    assert 30 <= sum(clock.slept) <= 32


def test_a_refusal_fits_into_an_answer_however_many_subnets_there_are(answers: Bucket) -> None:
    clock = FakeRuntime()
    answer(request(answers.url), Outcome('ü"' * 10_000), clock.now(), clock)
    assert answers.answers[0]["Status"] == "FAILED"


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/x"])
def test_only_http_is_spoken(url: str) -> None:
    clock = FakeRuntime()
    with pytest.raises(OSError, match="only HTTP"):
        answer(request(url), Outcome(), clock.now(), clock)


@pytest.mark.usefixtures("stack")
def test_the_guard_may_do_what_it_does_and_nothing_else(account: Account) -> None:
    requests: list[Request] = []

    def record(model: Any, params: Any, **_: object) -> None:
        service = model.service_model.service_name
        name = json.loads(params["body"])["Name"] if service == "ssm" else ""
        resource = f"arn:aws:ssm:eu-central-1:123456789012:document/{name}" if name else "*"
        requests.append(Request(f"{service}:{model.name}", resource))

    for service in ("ec2", "ssm"):
        account.session.events.register(f"before-call.{service}.*", record)
    refusal(request(), account.session.client("ec2"), REGION, FakeRuntime())
    (check,) = made().of("Custom::ProbeDocument").values()
    wanted = {**request(), "ResourceProperties": check}
    assert hashed(wanted, account.session.client("ssm"), FakeRuntime()).refusal is None
    statements = list(made().statements("Guard of the deployments of pair main"))
    by_lambda = {"logs:CreateLogStream", "logs:PutLogEvents"}
    assert {action for s in statements for action in s["Action"]} == {*(r.action for r in requests), *by_lambda}
    assert [r for r in requests if len(allowing(statements, r)) != 1] == []
    assert {s["Sid"] for s in statements if s["Resource"] == ["*"]} == {"Look"}


def test_cloudformation_waits_for_every_retry_of_lambda() -> None:
    template = made()
    (check,) = template.of("Custom::StandbyMayBeReplaced").values()
    (guard,) = [f for f in template.of("AWS::Lambda::Function").values() if "Environment" not in f]
    tries = [guard["Timeout"], 60, guard["Timeout"], 120, guard["Timeout"]]
    assert sum(tries) < int(check["ServiceTimeout"]) <= 3600


def test_every_change_has_a_check_of_its_own() -> None:
    found = {next(iter(made(**change).of("Custom::StandbyMayBeReplaced"))) for change in [{}, *CHANGES]}
    assert len(found) == len(CHANGES) + 1
