"""The gate stands before moto wherever moto answers: in this process, and in a server of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from nat_failover.clients import ONCE
from tests.e2e.account import REGION, account
from tests.gate import moto_hook
from tests.gate.gate import Gate
from tests.gate.harshness import GENTLE
from tests.gate.requests.cases import NAT, STACK, VPC, body
from tests.gate.rules.proof import breaks, keeps, refused
from tests.gate.rules.rule import CHANGED
from tests.gate.timing.rates import Rates
from tests.integration.account import pair_in_moto
from tests.lab.cloud.sessions import listed

ROOT = Path(__file__).resolve().parents[2]
SERVERS = re.compile(r"\b(mock_aws|ThreadedMotoServer|create_backend_app)\b\(?")

# Imports each in a process of its own; what takes long, and puts no gate anywhere, is there before.
EACH_ALONE = """import importlib, os, sys
import moto.autoscaling.models, moto.cloudformation.models
for entry in sys.argv[1:]:
    if not os.fork():
        importlib.import_module(f"tests.{entry}.__main__")
        from tests.gate.moto_hook import installed
        print(f"{entry}:{installed()}", flush=True)
        os._exit(0)
    os.wait()
"""


@pytest.fixture
def aws() -> Iterator[Any]:
    """Make clients of an account that moto has in this process."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        patch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
        with mock_aws():
            yield lambda service: boto3.Session(region_name="eu-central-1").client(service)


def test_every_protocol_tells_a_refusal_in_its_own_form(aws: Any) -> None:
    with refused("ValidationException", "'maxResults'"):
        aws("ssm").list_commands(MaxResults=51)
    with refused("InvalidInstanceID.Malformed", 'Invalid id: "i-xyz"'):
        aws("ec2").describe_instances(InstanceIds=["i-xyz"])
    with refused("InvalidParameter", "Subject"):
        aws("sns").publish(TopicArn="arn:aws:sns:eu-central-1:123456789012:a", Message="m", Subject="s" * 100)
    with refused("ValidationException", "'functionName'"):
        aws("lambda").get_function_configuration(FunctionName="a b")
    with refused("ValidationError", "'roleName'"):
        aws("iam").get_role(RoleName="r" * 65)


def test_a_refused_request_does_not_reach_moto(aws: Any) -> None:
    with refused("ValidationException"):
        aws("ssm").put_parameter(Name="ssm-lock", Value="armed", Type="String")
    assert aws("ssm").describe_parameters()["Parameters"] == []


def test_what_keeps_every_rule_is_answered_by_moto(aws: Any) -> None:
    aws("ssm").put_parameter(Name="/nat/lock", Value="armed", Type="String")
    assert aws("ssm").get_parameters(Names=["/nat/lock"])["Parameters"][0]["Value"] == "armed"
    assert aws("ec2").describe_tags(Filters=[{"Name": "key", "Values": ["a"]}], MaxResults=5)["Tags"] == []


def test_what_the_gateway_of_the_lab_has_admitted_is_not_judged_again(aws: Any) -> None:
    before = dict(CHANGED)
    with moto_hook.admitted():
        aws("ssm").list_commands(MaxResults=51)
    assert dict(CHANGED) == before
    with refused("ValidationException"):
        aws("ssm").list_commands(MaxResults=51)


def test_a_template_that_comes_by_its_url_is_judged_too(aws: Any) -> None:
    aws("s3").create_bucket(Bucket="assets", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    text = body(**VPC, Nat=NAT)["TemplateBody"]
    aws("s3").put_object(Bucket="assets", Key="t", Body=text)
    with refused("Gateway.NotAttached", "Nat"):
        aws("cloudformation").create_stack(**STACK, TemplateURL="https://s3.amazonaws.com/assets/t")
    larger = json.dumps({"Resources": {"A": {"Type": "AWS::SNS::Topic"}}, "Outputs": {"O": {"Value": "v" * 60_000}}})
    aws("s3").put_object(Bucket="assets", Key="t", Body=larger)
    assert aws("cloudformation").create_stack(**STACK, TemplateURL="https://s3.amazonaws.com/assets/t")["StackId"]


def _stack_of(aws: Any, resources: int) -> int:
    aws("cloudformation").create_stack(**body(**{f"T{n}": ("AWS::SNS::Topic", {}) for n in range(resources)}))
    return len(aws("cloudformation").describe_stack_resources(StackName="nat")["StackResources"])


@breaks("R7b")
def test_describe_stack_resources_leaves_out_what_comes_after_the_hundredth(aws: Any) -> None:
    assert _stack_of(aws, 101) == 100


@keeps("R7b")
def test_describe_stack_resources_lists_a_hundred(aws: Any) -> None:
    assert _stack_of(aws, 100) == 100


def test_the_emulator_that_the_cdk_deploys_to_has_the_gate(tmp_path: Path) -> None:
    with account(tmp_path) as served:
        with refused("ValidationException", "Cannot mix tag"):
            served.client("ssm").describe_instance_information(
                Filters=[{"Key": "tag:a", "Values": ["b"]}, {"Key": "PingStatus", "Values": ["Online"]}]
            )
        assert served.client("ssm").describe_instance_information(MaxResults=5)["InstanceInformationList"] == []


@breaks("R7a")
def test_every_list_that_the_product_reads_begins_with_an_empty_page(aws: Any) -> None:
    logs, group = aws("logs"), "/aws/lambda/nat-failover"
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="one")
    event = {"timestamp": int(time.time() * 1000), "message": "told"}
    logs.put_log_events(logGroupName=group, logStreamName="one", logEvents=[event])
    first = logs.filter_log_events(logGroupName=group)
    assert (first["events"], bool(first["nextToken"])) == ([], True)
    assert [e["message"] for e in listed(logs, "filter_log_events", "events", logGroupName=group)] == ["told"]
    topic = aws("sns").create_topic(Name="nat-failover")["TopicArn"]
    aws("sns").subscribe(TopicArn=topic, Protocol="email", Endpoint="oncall@example.com")
    assert len(listed(aws("sns"), "list_subscriptions_by_topic", "Subscriptions", TopicArn=topic)) == 1
    watch = aws("cloudwatch")
    watch.put_metric_alarm(AlarmName="offline", EvaluationPeriods=1, ComparisonOperator="GreaterThanThreshold")
    assert [a["AlarmName"] for a in listed(watch, "describe_alarms", "MetricAlarms")] == ["offline"]
    aws("iam").create_role(RoleName="function", AssumeRolePolicyDocument="{}")
    allowed = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}]}
    policy = aws("iam").create_policy(PolicyName="own", PolicyDocument=json.dumps(allowed))["Policy"]["Arn"]
    aws("iam").attach_role_policy(RoleName="function", PolicyArn=policy)
    assert len(listed(aws("iam"), "list_attached_role_policies", "AttachedPolicies", RoleName="function")) == 1


@breaks("T4d")
def test_an_account_in_this_process_has_rates(aws: Any) -> None:
    # What earlier tests have taken out of the process's buckets is none of this account's.
    with moto_hook.standing(Gate(Rates(GENTLE, time.monotonic))):
        _modify_five_endpoints(aws("ec2"))


def test_an_account_that_is_served_has_rates(tmp_path: Path) -> None:
    with account(tmp_path) as served:
        _modify_five_endpoints(
            boto3.Session("e2e", "e2e", region_name=REGION).client("ec2", endpoint_url=served.url, config=ONCE)
        )


def _modify_five_endpoints(ec2: Any) -> None:
    """Be refused the fifth, for which there is no token for three seconds."""
    for code in (*["InvalidVpcEndpointId.NotFound"] * 4, "RequestLimitExceeded"):
        with refused(code):
            ec2.modify_vpc_endpoint(VpcEndpointId="vpce-0123456789abcdef0")


@breaks("T1b", "T3")
def test_a_pair_in_moto_has_rates_by_its_own_clock_and_so_has_run_command() -> None:
    with pair_in_moto() as pair:
        for _ in range(41):
            pair.ssm.get_parameters(Names=["/none"])
        assert pair.clock.slept
        impatient = pair.session.client("ssm", config=ONCE)
        for _ in range(5):
            impatient.list_commands()
        with refused("ThrottlingException"):
            impatient.list_commands()
        pair.clock.sleep(1)
        impatient.list_commands()


def test_what_is_run_without_pytest_has_the_gate_too() -> None:
    entries = ["lab", "bench", "simulation", "soak"]
    done = subprocess.run(
        [sys.executable, "-c", EACH_ALONE, *entries],
        cwd=ROOT,
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == [f"{entry}:True" for entry in entries], done.stderr


def test_no_module_starts_moto_elsewhere() -> None:
    """Whoever does has to install the gate, and to come into one of the tests above."""
    starting = {
        str(file.relative_to(ROOT))
        for file in (ROOT / "tests").rglob("*.py")
        if SERVERS.search(file.read_text(encoding="utf-8"))
    }
    assert starting == {
        "tests/cli/served.py",
        "tests/e2e/emulator.py",
        "tests/gate/test_moto_hook.py",
        "tests/infra/function/test_asset.py",
        "tests/infra/test_demo.py",
        "tests/integration/account.py",
        "tests/lab/cloud/moto_cloud.py",
    }


def _subnet_and_tables(ec2: Any) -> tuple[str, str, str]:
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.0.0/24")["Subnet"]["SubnetId"]
    one, other = (ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"] for _ in range(2))
    ec2.associate_route_table(RouteTableId=one, SubnetId=subnet)
    return subnet, one, other


@breaks("R9o")
def test_a_subnet_that_has_an_association_gets_no_other(aws: Any) -> None:
    subnet, _, other = _subnet_and_tables(aws("ec2"))
    with refused("Resource.AlreadyAssociated", "conflicts with an existing association"):
        aws("ec2").associate_route_table(RouteTableId=other, SubnetId=subnet)


@keeps("R9o")
def test_a_subnet_whose_association_was_taken_away_gets_another(aws: Any) -> None:
    subnet, one, other = _subnet_and_tables(aws("ec2"))
    (table,) = aws("ec2").describe_route_tables(RouteTableIds=[one])["RouteTables"]
    (association,) = table["Associations"]
    aws("ec2").disassociate_route_table(AssociationId=association["RouteTableAssociationId"])
    assert aws("ec2").associate_route_table(RouteTableId=other, SubnetId=subnet)["AssociationId"]
