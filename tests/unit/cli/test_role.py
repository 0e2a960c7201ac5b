"""What the function's role needs: read from the stack's template, compared with what the role has."""

from __future__ import annotations

from typing import Any

from nat_failover.cli.snapshot.role import compared
from nat_failover.cli.snapshot.template import Stack

PSEUDO = {"AWS::Partition": "aws", "AWS::Region": "eu-west-1", "AWS::AccountId": "123456789012"}


def stack(*statements: dict[str, Any], **resources: Any) -> Stack:
    role = {"Type": "AWS::IAM::Role", "Properties": {"Policies": [{"PolicyDocument": {"Statement": list(statements)}}]}}
    group = {"Type": "AWS::Logs::LogGroup", "Properties": {}}
    return Stack(
        {"Resources": {"Role": role, "Log": group, **resources}},
        {"Role": "the-role", "Log": "/aws/lambda/f", "Nat": "i-1", "Topic": "arn:aws:sns:eu-west-1:123456789012:t"},
        PSEUDO,
        {"Table": "rtb-1"},
    )


def resource(value: Any) -> Any:
    (statement,) = stack({"Action": "a:B", "Resource": value}).statements("the-role")
    return statement["Resource"]


def test_references_become_the_names_of_what_was_made() -> None:
    assert resource({"Ref": "Topic"}) == "arn:aws:sns:eu-west-1:123456789012:t"
    assert resource([{"Ref": "Table"}, {"Ref": "Nat"}]) == ["rtb-1", "i-1"]
    joined = ["arn:", {"Ref": "AWS::Partition"}, ":ec2:", {"Ref": "AWS::Region"}, "::instance/", {"Ref": "Nat"}]
    assert resource({"Fn::Join": ["", joined]}) == "arn:aws:ec2:eu-west-1::instance/i-1"
    assert resource({"Fn::GetAtt": ["Log", "Arn"]}) == "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/f:*"
    assert resource({"Fn::GetAtt": ["Topic", "TopicArn"]}) == "arn:aws:sns:eu-west-1:123456789012:t"
    assert resource({"Fn::GetAtt": ["Nat", "InstanceId"]}) == "i-1"


def test_what_the_template_does_not_tell_stands_for_anything() -> None:
    assert resource({"Ref": "Nobody"}) == "*"
    assert resource({"Fn::ImportValue": "x"}) == "*"
    assert resource({"Fn::GetAtt": ["Nobody", "Arn"]}) == "*"


def test_policies_that_are_resources_of_their_own_count_and_those_of_other_roles_do_not() -> None:
    def policy(role: str, action: str) -> dict[str, Any]:
        document = {"Statement": {"Effect": "Allow", "Action": action, "Resource": "*"}}
        return {"Type": "AWS::IAM::Policy", "Properties": {"Roles": [{"Ref": role}], "PolicyDocument": document}}

    made = stack({"Action": "a:B", "Resource": "*"}, Mine=policy("Role", "c:D"), Other=policy("Another", "e:F"))
    assert [statement["Action"] for statement in made.statements("the-role")] == ["a:B", "c:D"]


def allow(action: str, on: str = "*", effect: str = "Allow", **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": on, **more}


def test_what_is_needed_is_covered_by_the_same_words_or_by_wider_ones() -> None:
    needed = [allow("ssm:PutParameter", "arn:aws:ssm:eu-west-1:1:parameter/x")]
    for given in (needed[0], allow("ssm:Put*"), allow("*"), allow("SSM:putparameter", "arn:aws:ssm:*:parameter/*")):
        assert [permission.allowed for permission in compared(needed, [given])] == [True]
    for given in (allow("ssm:GetParameter"), allow("ssm:PutParameter", "arn:aws:ssm:eu-west-1:1:parameter/y")):
        assert [permission.why for permission in compared(needed, [given])] == ["no policy allows it"]


def test_a_denial_counts_more_than_what_allows_unless_it_has_conditions_that_nobody_here_knows() -> None:
    needed = [allow("sns:Publish", "arn:t")]
    (denied,) = compared(needed, [allow("*"), allow("sns:*", effect="Deny")])
    assert (denied.allowed, denied.why) == (False, "a policy denies it")
    (left,) = compared(needed, [allow("*"), allow("sns:*", effect="Deny", Condition={"Bool": {"x": "true"}})])
    assert left.allowed
