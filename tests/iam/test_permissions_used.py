"""The role's policies against every call that the function makes: nothing is missing, nothing goes unused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from nat_failover.environment import PREFIX
from tests.iam.evaluator import Request, allowing
from tests.iam.recording import PLAYED
from tests.iam.requests import arn
from tests.iam.roles import unused
from tests.iam.standby import DOCUMENTED, granted
from tests.lab.scenarios import SCENARIOS
from tests.security.recording import Recording, recorded

SWAP = "ec2:ReplaceRouteTableAssociation"


Recordings = Callable[[str], Recording]


@pytest.fixture
def recording(once: Callable[..., Recording]) -> Recordings:
    """Return what gives a scenario's recording."""
    return lambda scenario: once(recorded, scenario)


# Where a backend loses its tag, which takes the permission to ask it.
REFUSED = {"untagged-later"}


@pytest.mark.parametrize("scenario", [name for name in SCENARIOS if name not in REFUSED])
def test_every_call_is_allowed_and_by_no_two_statements(scenario: str, recording: Recordings) -> None:
    access = recording(scenario).access
    found = [(request, allowing(access.statements, request)) for request in access.requests]
    assert [(request, allowed_by) for request, allowed_by in found if len(allowed_by) != 1] == []


def test_no_statement_and_no_action_goes_unused(recording: Recordings) -> None:
    assert unused(recording(scenario).access for scenario in PLAYED) == set()


def test_who_only_observes_may_not_swap(recording: Recordings) -> None:
    found = recording("observe-mode").access
    assert not [s for s in found.statements if SWAP in s["Action"]]
    assert SWAP not in {request.action for request in found.requests}


def test_no_other_address_is_moved_and_none_out_of_the_pairs_vpc(recording: Recordings) -> None:
    of_it, move = recording("egress-address-returns"), "ec2:AssociateAddress"
    found, mine = of_it.access, {key.removeprefix(PREFIX): value for key, value in of_it.facts.items()}
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


def test_what_is_another_pairs_or_nobodys_is_refused(recording: Recordings) -> None:
    of_it = recording("routes-mirrored")
    found, mine = of_it.access, {key.removeprefix(PREFIX): value for key, value in of_it.facts.items()}
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
