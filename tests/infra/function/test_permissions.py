"""What the function's role allows: all that the pair needs, and nothing of another pair."""

from __future__ import annotations

from typing import Any

import pytest

from nat_failover.names import EVENT_SOURCE
from tests.infra.synthesis import ACCOUNT, REGION, Template, synthesize
from tests.tools.checked import by_interface, pair

SWAP = "ec2:ReplaceRouteTableAssociation"
EC2, SSM = f"arn:aws:ec2:{REGION}:{ACCOUNT}", f"arn:aws:ssm:{REGION}:{ACCOUNT}"


@pytest.fixture(scope="module")
def template() -> Template:
    return synthesize({"pairs": [pair(), pair("other", "1")]})


def allowing(template: Template, action: str, name: str = "main") -> list[dict[str, Any]]:
    return [s for s in template.statements(f"nat-failover, pair {name}") if action in s["Action"]]


def resources(template: Template, action: str, name: str = "main") -> set[str]:
    return {resource for statement in allowing(template, action, name) for resource in statement["Resource"]}


def logical_id(template: Template, kind: str, name: str) -> str:
    (found,) = [logical for logical in template.of(kind) if logical.startswith(name)]
    return f"<{found}>"


PARAMETERS = {f"{SSM}:parameter/nat-failover/main/{name}" for name in ("lock", "claim", "told")}


@pytest.mark.parametrize("action", ["ssm:GetParameters", "ssm:PutParameter"])
def test_only_the_pairs_own_parameters_are_read_and_written(template: Template, action: str) -> None:
    assert resources(template, action) == PARAMETERS


def test_only_the_pairs_own_document_is_sent_to_its_nats_and_to_hosts_with_its_tag(template: Template) -> None:
    standby = logical_id(template, "AWS::EC2::Instance", "main")
    sent = {tuple(s["Resource"]): s.get("Condition") for s in allowing(template, "ssm:SendCommand")}
    backends = sent.pop((f"{EC2}:instance/*",))
    assert backends == {"StringEquals": {"ssm:resourceTag/nat-failover:probe": "main"}}
    names = [document["Name"] for document in template.of("AWS::SSM::Document").values()]
    (name,) = [name for name in names if name.startswith("nat-failover-main-probe-")]
    assert sent.keys() == {
        (f"{SSM}:document/{name}",),
        (f"{EC2}:instance/{standby}", f"{EC2}:instance/i-0123456789abcdef0"),
    }


def test_whoever_has_a_nats_interface_is_asked_by_its_tag_only() -> None:
    template = synthesize({"pairs": [by_interface()]})
    sent = {tuple(s["Resource"]): s.get("Condition") for s in allowing(template, "ssm:SendCommand")}
    assert sent.pop((f"{EC2}:instance/*",)) == {"StringEquals": {"ssm:resourceTag/nat-failover:probe": "main"}}
    assert all(":document/" in resource for (resource,) in sent)


def test_a_probe_tag_of_ones_own_is_what_the_condition_names() -> None:
    template = synthesize({"pairs": [pair(probeTag={"key": "role", "value": "web"})]})
    (backends,) = [s for s in allowing(template, "ssm:SendCommand") if "Condition" in s]
    assert backends["Condition"] == {"StringEquals": {"ssm:resourceTag/role": "web"}}


def test_only_the_pairs_two_tables_and_its_vpcs_subnets_take_part_in_a_swap(template: Template) -> None:
    standby = logical_id(template, "AWS::EC2::RouteTable", "main")
    assert resources(template, SWAP) == {
        f"{EC2}:route-table/rtb-0123456789abcdef0",
        f"{EC2}:route-table/{standby}",
        f"{EC2}:subnet/*",
    }
    (subnets,) = [s for s in allowing(template, SWAP) if s["Resource"] == [f"{EC2}:subnet/*"]]
    assert subnets["Condition"] == {"ArnEquals": {"ec2:Vpc": f"{EC2}:vpc/vpc-0123456789abcdef0"}}


def test_who_only_observes_can_not_even_swap(template: Template) -> None:
    observing = synthesize({"pairs": [pair(mode="observe")]})
    assert allowing(template, SWAP)
    assert SWAP not in str(observing.body["Resources"])


MIRRORING = {"ec2:CreateRoute", "ec2:ReplaceRoute", "ec2:ModifyVpcEndpoint", "ec2:EnableVgwRoutePropagation"}


def test_routes_are_written_only_where_that_is_wanted_and_in_the_pairs_two_tables_only(template: Template) -> None:
    assert not [action for action in MIRRORING if allowing(template, action)]
    mirroring = synthesize({"pairs": [pair(mirrorRoutes=True)]})
    standby = logical_id(mirroring, "AWS::EC2::RouteTable", "main")
    tables = {f"{EC2}:route-table/rtb-0123456789abcdef0", f"{EC2}:route-table/{standby}"}
    assert resources(mirroring, "ec2:CreateRoute") == resources(mirroring, "ec2:ReplaceRoute") == tables
    assert resources(mirroring, "ec2:EnableVgwRoutePropagation") == {*tables, f"{EC2}:vpn-gateway/*"}


def test_no_vpc_endpoint_can_be_modified_but_those_that_are_named() -> None:
    """ModifyVpcEndpoint changes policies, groups and names as well, and knows no condition on the service."""
    assert not allowing(synthesize({"pairs": [pair(mirrorRoutes=True)]}), "ec2:ModifyVpcEndpoint")
    named = synthesize({"pairs": [pair(mirrorRoutes=True, mirrorEndpoints=["vpce-0123456789abcdef0"])]})
    endpoints = {arn for arn in resources(named, "ec2:ModifyVpcEndpoint") if ":route-table/" not in arn}
    assert endpoints == {f"{EC2}:vpc-endpoint/vpce-0123456789abcdef0"}


EGRESS = "eipalloc-0123456789abcdef0"
MOVE = "ec2:AssociateAddress"


def test_only_the_egress_address_is_moved_and_only_to_the_pairs_nats_in_its_vpc(template: Template) -> None:
    assert not allowing(template, MOVE)
    assert not allowing(template, "ec2:DescribeAddresses")
    moving = synthesize({"pairs": [pair(egressAddress=EGRESS)]})
    standby = logical_id(moving, "AWS::EC2::Instance", "main")
    assert resources(moving, MOVE) == {
        f"{EC2}:elastic-ip/{EGRESS}",
        f"{EC2}:instance/i-0123456789abcdef0",
        f"{EC2}:instance/{standby}",
        f"{EC2}:network-interface/*",
    }
    (interfaces,) = [s for s in allowing(moving, MOVE) if s["Resource"] == [f"{EC2}:network-interface/*"]]
    assert interfaces["Condition"] == {"ArnEquals": {"ec2:Vpc": f"{EC2}:vpc/vpc-0123456789abcdef0"}}
    assert resources(moving, "ec2:DescribeAddresses") == {"*"}


def test_a_second_address_is_moved_by_the_same_statement() -> None:
    second = "eipalloc-0fedcba9876543210"
    moving = synthesize({"pairs": [pair(egressAddress=EGRESS, standbyEgressAddress=second)]})
    named = {arn for arn in resources(moving, MOVE) if ":elastic-ip/" in arn}
    assert named == {f"{EC2}:elastic-ip/{EGRESS}", f"{EC2}:elastic-ip/{second}"}


def test_who_only_observes_sees_the_egress_address_and_can_not_move_it() -> None:
    observing = synthesize({"pairs": [pair(mode="observe", egressAddress=EGRESS)]})
    assert allowing(observing, "ec2:DescribeAddresses")
    assert not allowing(observing, MOVE)


def test_a_star_stands_only_where_aws_knows_no_resource(template: Template) -> None:
    """Reading: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html."""
    wide = [s for s in template.statements("nat-failover, pair main") if s["Resource"] == ["*"]]
    assert {action for statement in wide for action in statement["Action"]} == {
        "ec2:DescribeInstanceStatus",
        "ec2:DescribeInstances",
        "ec2:DescribeRouteTables",
        "ec2:DescribeSpotInstanceRequests",
        "ec2:DescribeTags",
        "ssm:DescribeInstanceInformation",
        "ssm:ListCommandInvocations",
        "ssm:ListCommands",
    }


def test_people_are_told_through_the_pairs_own_topic_only(template: Template) -> None:
    assert resources(template, "sns:Publish") == {logical_id(template, "AWS::SNS::Topic", "main")}


def test_only_the_functions_own_events_are_put_on_the_default_bus(template: Template) -> None:
    (statement,) = allowing(template, "events:PutEvents")
    assert statement["Resource"] == [f"{SSM.replace(':ssm:', ':events:')}:event-bus/default"]
    assert statement["Condition"] == {"StringEquals": {"events:source": EVENT_SOURCE}}


def test_only_the_functions_own_log_is_written(template: Template) -> None:
    (group,) = [name for name in template.of("AWS::Logs::LogGroup") if name.startswith("mainFunction")]
    assert resources(template, "logs:PutLogEvents") == {f"<{group}.Arn>"}


@pytest.mark.parametrize(("mine", "others"), [("main", ("other", "1")), ("other", ("main", "0"))])
def test_no_statement_names_anything_of_another_pair(template: Template, mine: str, others: tuple[str, str]) -> None:
    name, digit = others
    theirs = [logical for logical in template.body["Resources"] if logical.startswith(name)]
    named = str([s["Resource"] for s in template.statements(f"nat-failover, pair {mine}")])
    for foreign in (*theirs, f"/{name}/", f"-{name}-", f"rtb-0123456789abcdef{digit}", f"i-0123456789abcdef{digit}"):
        assert foreign not in named


def test_every_statement_allows_and_none_names_an_action_by_pattern(template: Template) -> None:
    for statement in template.statements("nat-failover, pair main"):
        assert statement["Effect"] == "Allow"
        assert not [action for action in statement["Action"] if "*" in action]


def test_no_role_has_a_policy_of_aws_or_of_anyone_else(template: Template) -> None:
    assert not [role for role in template.of("AWS::IAM::Role").values() if "ManagedPolicyArns" in role]
    assert not template.of("AWS::IAM::Policy")
