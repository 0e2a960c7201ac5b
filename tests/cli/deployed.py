"""The stack deployed to an emulated account, as a person finds it who runs the command."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from nat_failover.application import Application
from nat_failover.cli.session import Account as Theirs
from tests.e2e.account import PAIR, REGION, ROOT, Account, _parsed, account
from tests.examples import TICK
from tests.lab.layout import TARGETS
from tests.lab.template import PLACES, synthesized

STACK = "nat-failover"
FUNCTION = f"nat-failover-{PAIR}"
LOG_GROUP = f"/aws/lambda/{FUNCTION}"
# Alarms are what moto's CloudFormation leaves out; they are made of the template's resources.
ALARM = ("AlarmName", "AlarmDescription", "Namespace", "MetricName", "Statistic", "Period", "EvaluationPeriods")
# A tick then asks each host once and has its answer; a watch would go on for minutes.
# Of a period of 60 seconds; after three periods without a look the doctor complains.
DUE = 60.0
SETTINGS = {"targets": list(TARGETS), "window": 0}


@dataclass
class Deployment:
    """A pair in an account of its own, with three backends in two subnets that answer like real hosts.

    Attributes:
        aws: the account; its agents are told with ``aws.tell``.
        pair: the pair's configuration.
        environment: of the function.
        installed: folder that the package is installed in.
        looked_at: when the function has looked last.
    """

    aws: Account
    pair: dict[str, Any]
    environment: dict[str, str]
    installed: Path
    looked_at: float = 0.0

    def run(
        self,
        *arguments: str,
        environ: Mapping[str, str] | None = None,
        typed: str | None = None,
        within: float = 60,
    ) -> subprocess.CompletedProcess[str]:
        """Run the installed command as a process, with the account's credentials.

        Args:
            arguments: of the command.
            environ: instead of the account's.
            typed: what a person types; where None, nobody is there.
            within: seconds that it may take.
        """
        told = dict(self.aws.environ if environ is None else environ)
        return subprocess.run(
            [self.installed / "bin" / "nat-failover", *arguments],
            cwd=self.aws.folder,
            env=told | {"PYTHONPATH": str(self.installed), "COLUMNS": "160"},
            input=typed,
            stdin=subprocess.DEVNULL if typed is None else None,
            capture_output=True,
            text=True,
            check=False,
            timeout=within,
        )

    def json(self, *arguments: str) -> Any:
        """Run the command and read what it prints."""
        done = self.run(*arguments, "--json")
        assert done.stdout, done.stderr
        return json.loads(done.stdout)

    def setting(self, name: str) -> str:
        """Give a variable of the function's environment, without its prefix."""
        return self.environment[f"NAT_FAILOVER_{name}"]

    @cached_property
    def account(self) -> Theirs:
        """The account as the command sees it, for what need not be a process."""
        with patch.dict(os.environ, self.aws.environ):
            theirs = Theirs(region=REGION, endpoint_url=self.aws.url)
            for service in ("ec2", "ssm", "lambda", "events", "iam", "sns", "cloudwatch", "logs", "cloudformation"):
                theirs.client(service)
            theirs.client("service-quotas")
        return theirs

    @cached_property
    def _application(self) -> Application:
        with patch.dict(os.environ, self.aws.environ):
            return Application.of(self.environment)

    def keep_looking(self) -> None:
        """Let the schedule invoke the function where that is due."""
        if time.time() - self.looked_at > DUE:
            self.tick()

    def tick(self) -> dict[str, Any]:
        """Let the schedule invoke the function, in this process, and its decision be in its log."""
        context = SimpleNamespace(aws_request_id=TICK["id"], get_remaining_time_in_millis=lambda: 45000)
        with patch.dict(os.environ, self.aws.environ):
            told = self._application.handle(TICK, context)
        self.looked_at = time.time()
        line = {"level": "INFO", "message": told["reason"], "service": PAIR, **told}
        self.aws.client("logs").put_log_events(
            logGroupName=LOG_GROUP,
            logStreamName="one",
            logEvents=[{"timestamp": int(time.time() * 1000), "message": json.dumps(line)}],
        )
        return told


@contextmanager
def deployed(folder: Path, settings: Mapping[str, object] | None = None) -> Iterator[Deployment]:
    """Deploy a pair, and end the account afterwards.

    Args:
        folder: for files.
        settings: of the pair, beside the ids.
    """
    installed = install(folder)
    with account(folder, "tests.cli.emulator") as aws:
        pair = aws.make_vpc()
        body = _template(pair, {**SETTINGS, **(settings or {})})
        formation = aws.client("cloudformation")
        formation.create_stack(StackName=STACK, TemplateBody=json.dumps(body), Capabilities=["CAPABILITY_NAMED_IAM"])
        (stack,) = formation.describe_stacks(StackName=STACK)["Stacks"]
        assert stack["StackStatus"] == "CREATE_COMPLETE", stack.get("StackStatusReason")
        function = aws.client("lambda").get_function_configuration(FunctionName=FUNCTION)
        made = Deployment(aws, pair, function["Environment"]["Variables"], installed)
        _complete(made, body)
        aws.start_agents(made.setting("STANDBY_INSTANCE"), made.setting("PROBE_DOCUMENT"))
        yield made


def install(folder: Path) -> Path:
    """Install the package, of a copy of its sources, as `pip install .` does; what it depends on is here already."""
    sources, target = folder / "sources", folder / "installed"
    sources.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, sources)
    shutil.copytree(ROOT / "lambda", sources / "lambda", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-deps"]
    done = subprocess.run(
        [*command, "--no-compile", f"--target={target}", str(sources)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return target


def _template(pair: Mapping[str, Any], settings: Mapping[str, object]) -> dict[str, Any]:
    text = synthesized(settings)
    for setting, place in PLACES.items():
        text = text.replace(place, str(pair[setting]))
    body: dict[str, Any] = json.loads(text)
    body.pop("Rules", None)
    for resource in body["Resources"].values():
        if resource["Type"] == "AWS::Lambda::Function":
            resource["Properties"]["Code"] = {"ZipFile": "nobody runs it here"}
    return body


def _complete(made: Deployment, body: Mapping[str, Any]) -> None:
    """Make what a user has beside the stack, and what moto leaves out of it."""
    aws, vpc = made.aws, made.pair["vpcId"]
    ec2 = aws.client("ec2")
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    public = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=public, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    nats = (made.setting("PRIMARY_INSTANCE"), made.setting("STANDBY_INSTANCE"))
    group = ec2.create_security_group(GroupName="nats", Description="nats", VpcId=vpc)["GroupId"]
    inside = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[inside])
    for nat in nats:
        (told,) = ec2.describe_instances(InstanceIds=[nat])["Reservations"]
        interface = told["Instances"][0]["NetworkInterfaces"][0]["NetworkInterfaceId"]
        ec2.modify_instance_attribute(InstanceId=nat, SourceDestCheck={"Value": False})
        ec2.modify_network_interface_attribute(NetworkInterfaceId=interface, SourceDestCheck={"Value": False})
        ec2.associate_route_table(RouteTableId=public, SubnetId=told["Instances"][0]["SubnetId"])
        address = ec2.allocate_address(Domain="vpc")["AllocationId"]
        ec2.associate_address(AllocationId=address, InstanceId=nat)
        ec2.modify_instance_attribute(InstanceId=nat, Groups=[group if nat == nats[0] else _group_of_standby(ec2)])
    private = [s["SubnetId"] for s in ec2.describe_subnets()["Subnets"] if s["CidrBlock"] == "10.0.10.0/24"]
    for service in ("ssm", "ssmmessages"):
        ec2.create_vpc_endpoint(
            VpcId=vpc,
            VpcEndpointType="Interface",
            ServiceName=f"com.amazonaws.{REGION}.{service}",
            SubnetIds=private,
            SecurityGroupIds=[group],
            PrivateDnsEnabled=True,
        )
    _mend_role(aws)
    aws.client("sns").subscribe(TopicArn=made.setting("TOPIC"), Protocol="email", Endpoint="oncall@example.com")
    aws.client("logs").create_log_stream(logGroupName=LOG_GROUP, logStreamName="one")
    for resource in body["Resources"].values():
        if resource["Type"] == "AWS::CloudWatch::Alarm":
            _make_alarm(aws, resource["Properties"], made)


def _group_of_standby(ec2: Any) -> str:
    """Give the security group that the stack has made for it, which moto forgets to attach."""
    named = [{"Name": "tag:Name", "Values": [f"{FUNCTION}-standby"]}]
    (made,) = ec2.describe_security_groups(Filters=named)["SecurityGroups"]
    return str(made["GroupId"])


def _mend_role(aws: Account) -> None:
    """Write the role's policy as JSON, and the log group's ARN with the `:*` that CloudFormation gives it."""
    iam = aws.client("iam")
    role = aws.client("lambda").get_function_configuration(FunctionName=FUNCTION)["Role"].rsplit("/", 1)[-1]
    policy = _parsed(iam.get_role_policy(RoleName=role, PolicyName="pair")["PolicyDocument"])
    for statement in policy["Statement"]:
        if statement["Sid"] == "Log":
            statement["Resource"] = statement["Resource"].removesuffix(":*") + ":*"
    iam.put_role_policy(RoleName=role, PolicyName="pair", PolicyDocument=json.dumps(policy))


def _make_alarm(aws: Account, properties: Mapping[str, Any], made: Deployment) -> None:
    values = {"FunctionName": FUNCTION, "InstanceId": made.setting("STANDBY_INSTANCE"), "service": PAIR}
    description = properties["AlarmDescription"]
    if isinstance(description, dict):
        description = "".join(p if isinstance(p, str) else REGION for p in description["Fn::Join"][1])
    aws.client("cloudwatch").put_metric_alarm(
        **{key: properties[key] for key in ALARM if key != "AlarmDescription"},
        AlarmDescription=description,
        Dimensions=[{"Name": d["Name"], "Value": values[d["Name"]]} for d in properties["Dimensions"]],
        ComparisonOperator=properties["ComparisonOperator"],
        Threshold=properties["Threshold"],
        ActionsEnabled=True,
    )
    aws.client("cloudwatch").set_alarm_state(
        AlarmName=properties["AlarmName"], StateValue="OK", StateReason="all is well"
    )
