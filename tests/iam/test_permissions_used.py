"""The role's policies against every call that the function makes: nothing is missing, nothing goes unused."""

from __future__ import annotations

import pytest

from nat_failover.environment import PREFIX
from tests.iam.evaluator import Request, allowing
from tests.iam.recording import PLAYED, recorded
from tests.iam.requests import arn
from tests.iam.standby import DOCUMENTED, granted

SWAP = "ec2:ReplaceRouteTableAssociation"


@pytest.mark.parametrize("scenario", PLAYED)
def test_every_call_is_allowed(scenario: str) -> None:
    found = recorded(scenario)
    assert [request for request in found.requests if not allowing(found.statements, request)] == []


def test_no_statement_and_no_action_goes_unused() -> None:
    granted, used = set(), set()
    for found in map(recorded, PLAYED):
        granted |= {(s["Sid"], action) for s in found.statements for action in s["Action"]}
        for request in found.requests:
            used |= {(s["Sid"], request.action) for s in allowing(found.statements, request)}
    assert granted - used == set()


def test_no_two_statements_allow_the_same_but_where_a_nat_carries_the_tag() -> None:
    for found in map(recorded, PLAYED):
        for request in found.requests:
            assert len(allowing(found.statements, request)) == 1, request


def test_who_only_observes_may_not_swap() -> None:
    found = recorded("observe-mode")
    assert not [s for s in found.statements if SWAP in s["Action"]]
    assert SWAP not in {request.action for request in found.requests}


def test_no_other_address_is_moved_and_none_out_of_the_pairs_vpc() -> None:
    found, move = recorded("egress-address-returns"), "ec2:AssociateAddress"
    mine = {key.removeprefix(PREFIX): value for key, value in found.facts.items()}
    interface, vpc = arn("ec2", "network-interface/eni-0123456789abcdef0"), arn("ec2", f"vpc/{mine['VPC']}")
    assert allowing(found.statements, Request(move, arn("ec2", f"elastic-ip/{mine['EGRESS_ALLOCATION']}")))
    assert allowing(found.statements, Request(move, interface, {"ec2:Vpc": vpc}))
    for refused in (
        Request(move, arn("ec2", "elastic-ip/eipalloc-0123456789abcdef9")),
        Request(move, arn("ec2", "instance/i-0123456789abcdef9")),
        Request(move, interface, {"ec2:Vpc": arn("ec2", "vpc/vpc-0123456789abcdef9")}),
        Request("ec2:DisassociateAddress", arn("ec2", f"elastic-ip/{mine['EGRESS_ALLOCATION']}")),
        Request("ec2:ReleaseAddress", arn("ec2", f"elastic-ip/{mine['EGRESS_ALLOCATION']}")),
    ):
        assert not allowing(found.statements, refused)


def test_what_is_another_pairs_or_nobodys_is_refused() -> None:
    found = recorded("routes-mirrored")
    mine = {key.removeprefix(PREFIX): value for key, value in found.facts.items()}
    vpc = {"ec2:Vpc": arn("ec2", f"vpc/{mine['VPC']}")}
    tag = {"ssm:resourceTag/nat-failover:probe": "main"}
    table, subnet = f"route-table/{mine['PRIMARY_ROUTE_TABLE']}", "subnet/subnet-0123456789abcdef0"
    allowed = [
        Request("ssm:PutParameter", arn("ssm", f"parameter{mine['LOCK_PARAMETER']}")),
        Request("ssm:SendCommand", arn("ec2", "instance/i-0123456789abcdef0"), tag),
        Request(SWAP, arn("ec2", table)),
        Request(SWAP, arn("ec2", subnet), vpc),
        Request("ec2:CreateRoute", arn("ec2", table)),
    ]
    refused = [
        Request("ssm:PutParameter", arn("ssm", "parameter/nat-failover/other/lock")),
        Request("ssm:DeleteParameter", arn("ssm", f"parameter{mine['LOCK_PARAMETER']}")),
        Request("ssm:SendCommand", arn("ssm", "document/AWS-RunShellScript")),
        Request("ssm:SendCommand", arn("ec2", "instance/i-0123456789abcdef0")),
        Request("ssm:SendCommand", arn("ec2", "instance/i-0123456789abcdef0"), dict.fromkeys(tag, "other")),
        Request(SWAP, arn("ec2", "route-table/rtb-0123456789abcdef9")),
        Request(SWAP, arn("ec2", subnet), {"ec2:Vpc": arn("ec2", "vpc/vpc-0123456789abcdef9")}),
        Request(SWAP, arn("ec2", subnet)),
        Request("ec2:CreateRoute", arn("ec2", "route-table/rtb-0123456789abcdef9")),
        Request("ec2:DeleteRoute", arn("ec2", table)),
        Request("ec2:TerminateInstances", arn("ec2", f"instance/{mine['STANDBY_INSTANCE']}")),
        Request("sns:Publish", arn("sns", "another-topic")),
        Request("iam:PassRole", "arn:aws:iam::123456789012:role/any"),
        Request("logs:PutLogEvents", arn("logs", "log-group:/aws/lambda/another:log-stream:x")),
    ]
    assert [request for request in allowed if not allowing(found.statements, request)] == []
    assert [request for request in refused if allowing(found.statements, request)] == []


def test_the_standby_may_what_an_agent_is_documented_to_need_and_no_more() -> None:
    assert {action for _, action in granted()} == DOCUMENTED.keys()
