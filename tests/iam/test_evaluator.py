"""The evaluation of policies itself."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.iam.evaluator import Request, UnknownOperatorError, allowing


def statement(effect: str = "Allow", **changes: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": ["ssm:GetParameter"], "Resource": ["arn:aws:ssm:r:1:parameter/a"], **changes}


A = Request("ssm:GetParameter", "arn:aws:ssm:r:1:parameter/a")


def test_what_no_statement_allows_is_denied() -> None:
    assert allowing([], A) == []
    assert allowing([statement(Action=["ssm:PutParameter"])], A) == []
    assert allowing([statement(Resource=["arn:aws:ssm:r:1:parameter/b"])], A) == []


def test_an_explicit_denial_wins_wherever_it_stands() -> None:
    denial = statement("Deny", Action="*", Resource="*")
    assert allowing([statement(), denial], A) == allowing([denial, statement()], A) == []


@pytest.mark.parametrize("resource", ["*", "arn:aws:ssm:r:1:parameter/?", "arn:aws:ssm:*:1:parameter/*"])
def test_wildcards_stand_for_what_they_stand_for(resource: str) -> None:
    assert allowing([statement(Resource=resource)], A)


def test_actions_are_compared_without_case_and_resources_with_it() -> None:
    assert allowing([statement(Action="SSM:getparameter")], A)
    assert not allowing([statement(Resource="arn:aws:ssm:r:1:parameter/A")], A)


@pytest.mark.parametrize(
    ("operator", "pattern", "value", "true"),
    [
        ("StringEquals", "a", "a", True),
        ("StringEquals", "*", "a", False),
        ("StringLike", "a*", "ab", True),
        ("ArnEquals", "arn:aws:ec2:r:1:vpc/v", "arn:aws:ec2:r:1:vpc/v", True),
        ("ArnEquals", "arn:aws:ec2:*", "arn:aws:ec2:r:1:vpc/v", False),
        ("ArnLike", "arn:aws:ec2:*:1:vpc/*", "arn:aws:ec2:r:1:vpc/v", True),
        ("ArnLike", "arn:aws:ec2:*:vpc/v", "arn:aws:ec2:r:1:vpc/v", False),
    ],
)
def test_a_condition_is_true_as_its_operator_has_it(operator: str, pattern: str, value: str, true: bool) -> None:
    conditional = statement(Condition={operator: {"ec2:Vpc": pattern}})
    assert bool(allowing([conditional], Request(A.action, A.resource, {"EC2:vpc": value}))) is true


def test_a_condition_on_what_the_request_lacks_is_not_true() -> None:
    assert not allowing([statement(Condition={"StringEquals": {"ssm:resourceTag/x": "y"}})], A)


def test_a_condition_on_what_need_not_exist_is_true_without_it() -> None:
    bound = [statement(Condition={"StringEqualsIfExists": {"aws:ResourceAccount": "1"}})]
    assert allowing(bound, A)
    assert allowing(bound, Request(A.action, A.resource, {"aws:ResourceAccount": "1"}))
    assert not allowing(bound, Request(A.action, A.resource, {"aws:ResourceAccount": "2"}))


def test_an_operator_that_is_not_known_is_taken_for_neither_true_nor_false() -> None:
    with pytest.raises(UnknownOperatorError):
        allowing([statement(Condition={"NumericEquals": {"s3:max-keys": "1"}})], A)


NAMES = st.text("ab*?:/", max_size=6)


@given(NAMES, NAMES)
def test_a_statement_without_wildcards_allows_its_own_resource_and_no_other(one: str, other: str) -> None:
    plain = one.replace("*", "").replace("?", "")
    found = allowing([statement(Resource=plain)], Request(A.action, other))
    assert bool(found) == (plain == other)
