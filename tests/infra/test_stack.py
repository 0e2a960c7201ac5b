"""Stacks as a whole: several pairs, every partition, what they share, and the construct in someone else's app."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_ec2 as ec2

from infra.app import make_app
from infra.config import ConfigurationError
from infra.function.construct import HANDLER
from infra.nat_failover import NatFailover
from tests.infra.synthesis import Template, synthesize
from tests.tools.checked import CHECKED, config, pair

ROOT = Path(__file__).parent.parent.parent
PRIVATE = {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"}


@pytest.fixture(scope="module")
def two() -> Template:
    return synthesize({"pairs": [pair(), pair("other", "1")]})


@pytest.mark.parametrize("name", [name for name, (block, _) in CHECKED.items() if block is not None])
def test_no_partition_is_written_down_but_in_the_arns_that_are_configured(name: str) -> None:
    block = dict(CHECKED[name][0] or {})
    text = synthesize(block).path.read_text(encoding="utf-8")
    assert {arn for arn in re.findall(r'"[^"]*arn:aws[^"]*"', text) if arn not in json.dumps(block)} == set()
    assert name == "China" or "amazonaws.com.cn" not in text


def test_a_stack_without_a_place_can_be_deployed_to_any(two: Template) -> None:
    assert not re.findall(r"\b(us|eu|cn|ap)-(gov-)?[a-z]+-\d\b", two.path.read_text(encoding="utf-8"))


def references(value: Any) -> set[str]:
    if isinstance(value, list):
        return set().union(*(references(item) for item in value))
    if not isinstance(value, dict):
        return set()
    found = {value["Ref"]} if isinstance(value.get("Ref"), str) else set()
    if isinstance(value.get("Fn::GetAtt"), list):
        found.add(value["Fn::GetAtt"][0])
    return found.union(*(references(item) for item in value.values()))


def test_two_pairs_in_one_stack_share_nothing(two: Template) -> None:
    for name, resource in two.body["Resources"].items():
        owner = "main" if name.startswith("main") else "other"
        used = {used for used in references(resource) if not used.startswith("AWS::")}
        assert not [other for other in used if not other.startswith(owner)], name
    for kind in ("AWS::EC2::Instance", "AWS::SSM::Parameter", "AWS::SNS::Topic"):
        assert len(two.of(kind)) == 2
    # Each with its guard.
    assert len(two.of("AWS::Lambda::Function")) == 4


def test_two_pairs_have_two_of_every_name(two: Template) -> None:
    names = [
        (resource["Type"], value)
        for resource in two.body["Resources"].values()
        for key, value in resource.get("Properties", {}).items()
        if key in ("Name", "FunctionName", "TopicName", "LogGroupName", "AlarmName") and isinstance(value, str)
    ]
    assert len(names) > 40
    assert len(set(names)) == len(names)


def outputs(template: Template, partition: str = "aws") -> dict[str, str]:
    """Give the outputs as a deployment to a partition prints them."""

    def looked_up(value: Any) -> Any:
        match value:
            case {"Fn::If": [str(condition), then, otherwise]}:
                compared = template.body["Conditions"][condition]["Fn::Equals"]
                return looked_up(then if compared == [{"Ref": "AWS::Partition"}, partition] else otherwise)
            case dict():
                return {name: looked_up(item) for name, item in value.items()}
            case list():
                return [looked_up(item) for item in value]
        return value

    return {name: template.resolved(looked_up(output["Value"])) for name, output in template.body["Outputs"].items()}


@pytest.mark.parametrize(
    ("partition", "console"),
    [
        ("aws", "console.aws.amazon.com"),
        ("aws-cn", "console.amazonaws.cn"),
        ("aws-us-gov", "console.amazonaws-us-gov.com"),
        ("aws-new", "console.aws.amazon.com"),
    ],
)
def test_the_link_to_the_dashboard_leads_to_the_partition_s_console(
    partition: str, console: str, two: Template
) -> None:
    dashboards = {dashboard["DashboardName"] for dashboard in two.of("AWS::CloudWatch::Dashboard").values()}
    values = outputs(two, partition)
    links = [values["MainDashboard"], values["OtherDashboard"]]
    start = f"https://{console}/cloudwatch/home?region=eu-central-1#dashboards/dashboard/"
    assert {link.removeprefix(start) for link in links} == dashboards


def test_the_deployment_prints_what_a_person_needs_next(two: Template) -> None:
    values = outputs(two)
    (instance,) = [i for i in two.of("AWS::EC2::Instance") if i.startswith("other")]
    assert values["OtherLockParameter"] == "/nat-failover/other/lock"
    assert values["OtherRearmCommand"] == (
        "aws ssm put-parameter --name /nat-failover/other/lock --value armed --overwrite --region eu-central-1"
    )
    assert values["OtherLockCommand"] == (
        "aws ssm get-parameter --name /nat-failover/other/lock --query Parameter.Value --output text "
        "--region eu-central-1"
    )
    assert values["OtherStandbyInstance"] == f"<{instance}>"
    assert {"MainTopic", "MainFunction", "MainStandbyRouteTable"} <= values.keys()


def reaching(template: Template) -> set[str]:
    """Give the networks that the endpoints' security group lets in."""
    (group,) = [g for n, g in template.of("AWS::EC2::SecurityGroup").items() if n.startswith("Endpoints")]
    assert {(r["IpProtocol"], r["FromPort"], r["ToPort"]) for r in group["SecurityGroupIngress"]} == {("tcp", 443, 443)}
    return {rule["CidrIp"] for rule in group["SecurityGroupIngress"]}


def made_for(template: Template) -> list[str]:
    """Give the services that have an endpoint."""
    return sorted(e["ServiceName"].rpartition(".")[2] for e in template.of("AWS::EC2::VPCEndpoint").values())


def test_pairs_of_a_vpc_share_one_set_of_endpoints() -> None:
    template = synthesize(CHECKED["endpoints made"][0] or {})
    endpoints = template.of("AWS::EC2::VPCEndpoint").values()
    assert made_for(template) == ["ssm", "ssmmessages"]
    for endpoint in endpoints:
        assert endpoint["VpcEndpointType"] == "Interface"
        assert endpoint["PrivateDnsEnabled"] is True
        assert endpoint["SubnetIds"] == ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
    assert reaching(template) == PRIVATE


def test_endpoints_are_open_to_the_whole_vpc_whose_names_they_take_over_and_not_to_protected_networks_alone() -> None:
    narrow = pair(ssmAccess="create", protectedCidrs=["10.1.10.0/24"])
    assert reaching(synthesize({"pairs": [narrow]})) == PRIVATE
    public = pair(ssmAccess="create", protectedCidrs=["10.1.10.0/24"], vpcCidrs=["10.1.0.0/16", "198.18.0.0/16"])
    assert reaching(synthesize({"pairs": [public]})) == {"10.1.0.0/16", "198.18.0.0/16"}
    behind_a_peering = pair(ssmAccess="create", protectedCidrs=["10.9.0.0/16"], vpcCidrs=["10.1.0.0/16"])
    assert reaching(synthesize({"pairs": [behind_a_peering]})) == {"10.1.0.0/16", "10.9.0.0/16"}


def test_the_endpoint_that_only_old_agents_need_is_made_where_a_pair_of_the_vpc_wants_it() -> None:
    pairs = [pair(ssmAccess="create"), pair("other", "1", ssmAccess="create", ec2Messages=True)]
    assert made_for(synthesize({"pairs": pairs})) == ["ec2messages", "ssm", "ssmmessages"]


def test_no_endpoint_is_made_where_none_is_wanted(two: Template) -> None:
    assert not two.of("AWS::EC2::VPCEndpoint")


def test_stacks_hold_the_pairs_that_they_are_given(tmp_path: Path) -> None:

    configuration = {
        "pairs": [pair(), pair("other", "1")],
        "account": "123456789012",
        "stacks": [
            {"name": "one", "pairs": ["main"], "region": "eu-central-1"},
            {"name": "two", "pairs": ["other"], "region": "eu-west-1"},
        ],
    }
    stacks = make_app(configuration, str(tmp_path)).synth().stacks
    assert [(s.stack_name, s.environment.account, s.environment.region) for s in stacks] == [
        ("one", "123456789012", "eu-central-1"),
        ("two", "123456789012", "eu-west-1"),
    ]
    functions = [
        [
            r["Properties"]["FunctionName"]
            for r in s.template["Resources"].values()
            if r["Type"] == "AWS::Lambda::Function" and r["Properties"]["Handler"] == HANDLER
        ]
        for s in stacks
    ]
    assert functions == [["nat-failover-main"], ["nat-failover-other"]]


def test_the_construct_works_in_another_app_with_ids_that_only_the_deployment_knows(tmp_path: Path) -> None:

    app = App(outdir=str(tmp_path))
    stack = Stack(app, "network")
    vpc = ec2.CfnVPC(stack, "Vpc", cidr_block="10.0.0.0/16")
    subnet = ec2.CfnSubnet(stack, "Public", vpc_id=vpc.ref, cidr_block="10.0.0.0/24")
    table = ec2.CfnRouteTable(stack, "Private", vpc_id=vpc.ref)
    made = NatFailover(
        stack,
        "Nat",
        pair=config(vpc_id=vpc.ref, primary_route_table_id=table.ref, standby_subnet_id=subnet.ref),
    )
    assert made.standby is not None
    (synthesized,) = app.synth().stacks
    template = Template(synthesized.template, tmp_path)
    variables = template.of("AWS::Lambda::Function")[template.function]["Environment"]["Variables"]
    assert variables["NAT_FAILOVER_PRIMARY_ROUTE_TABLE"] == "<Private>"
    (interface,) = template.only("AWS::EC2::Instance")["NetworkInterfaces"]
    assert interface["SubnetId"] == "<Public>"


def test_the_construct_refuses_what_the_configuration_would_refuse() -> None:

    wrong = config(vpc_id="vpc-1", sample_size=2)
    with pytest.raises(ConfigurationError) as refused:
        NatFailover(Stack(App(), "network"), "Nat", pair=wrong)
    assert [problem.partition(" is ")[0] for problem in refused.value.problems] == [
        "pair main.vpcId",
        "pair main.failureThreshold",
    ]
