"""Every rule of requests refuses what breaks it, with AWS's code and words, and lets through what keeps it."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.gate.gate import Gate
from tests.gate.requests.cases import CASES, Case
from tests.gate.rules.proof import breaks, keeps, refused
from tests.gate.rules.requests import ELSEWHERE, RULES
from tests.gate.rules.rule import CHANGED

IDS = tuple(case.rule for case in CASES)
each_case = pytest.mark.parametrize("case", CASES, ids=IDS)
GATE = Gate()


@each_case
@breaks(*IDS)
def test_a_request_that_breaks_a_rule_is_refused_with_the_code_of_aws(case: Case) -> None:
    before = CHANGED[case.rule]
    with refused(case.code):
        GATE.admit(case.service, case.operation, case.broken)
    assert CHANGED[case.rule] == before + 1


@each_case
@keeps(*IDS)
def test_a_request_that_just_keeps_it_passes_every_rule(case: Case) -> None:
    before = dict(CHANGED)
    GATE.admit(case.service, case.operation, case.kept)
    assert dict(CHANGED) == before


def test_there_is_a_case_for_every_rule_of_requests_that_needs_no_account() -> None:
    elsewhere = {rule.id for rule in ELSEWHERE}
    assert sorted(IDS) == sorted(rule.id for rule in RULES if rule.id not in elsewhere)


@pytest.mark.parametrize("operation", ["DescribeInstances", "DescribeSubnets", "DescribeSecurityGroups"])
def test_a_filter_by_any_tag_is_taken_however_the_documentation_writes_it(operation: str) -> None:
    GATE.admit("ec2", operation, {"Filters": [{"Name": "tag:nat-failover:probe", "Values": ["main"]}]})


def test_the_same_request_is_judged_once() -> None:
    arguments = {"Names": ["/nat/lock", "/nat/claim"]}
    GATE.admit("ssm", "GetParameters", arguments)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tests.gate.rules.requests._judge", lambda *_: pytest.fail("judged again"))
        GATE.admit("ssm", "GetParameters", dict(arguments))


@pytest.mark.parametrize(
    ("call", "arguments", "message"),
    [
        (
            "ssm:GetParameters",
            {"Names": []},
            "1 validation error detected: Value '[]' at 'names' failed to satisfy constraint: "
            "Member must have length greater than or equal to 1",
        ),
        (
            "ssm:ListCommands",
            {"Filters": [{"key": "Name", "value": ""}]},
            "2 validation errors detected: Value 'Name' at 'filters.1.member.key' failed to satisfy constraint: Member "
            "must satisfy enum value set: [InvokedAfter, InvokedBefore, Status, ExecutionStage, DocumentName]; Value "
            "'' at 'filters.1.member.value' failed to satisfy constraint: Member must have length greater than or "
            "equal to 1",
        ),
        (
            "ssm:GetParameter",
            {},
            "1 validation error detected: Value null at 'name' failed to satisfy constraint: Member must not be null",
        ),
        ("ec2:CreateRoute", {}, "The request must contain the parameter routeTableId"),
        ("sns:Publish", {}, "Invalid parameter: Message Reason: no value for required parameter"),
    ],
)
def test_a_service_says_what_is_wrong_in_its_own_words(call: str, arguments: dict[str, object], message: str) -> None:
    service, operation = call.split(":")
    with pytest.raises(ClientError) as caught:
        GATE.admit(service, operation, arguments)
    assert caught.value.response["Error"]["Message"] == message
