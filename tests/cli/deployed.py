"""The stack deployed to an emulated account, as a person finds it who runs the command."""

from __future__ import annotations

import json
import os
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
from nat_failover.cli.account.session import Account as Theirs
from tests.cli.beside import FUNCTION, complete, log_decision
from tests.cli.installed import Command
from tests.e2e.account import REGION, Account, account
from tests.examples import TICK
from tests.lab.cloud.template import PLACES, published, synthesized
from tests.lab.network.layout import TARGETS

STACK = "nat-failover"
# Of a period of 60 seconds; after three periods without a look the doctor complains.
DUE = 60.0
# More than DescribeStackResources gives: a stack of several pairs has as many.
OTHERS = 101
# A tick then asks each host once and has its answer; a watch would go on for minutes.
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

    @cached_property
    def command(self) -> Command:
        """The installed command, with the account's credentials."""
        return Command(self.installed, self.aws.folder, self.aws.environ)

    def setting(self, name: str) -> str:
        """Give a variable of the function's environment, without its prefix."""
        return self.environment[f"NAT_FAILOVER_{name}"]

    def configure(self, **variables: str) -> None:
        """Let the function have other variables, named without their prefix; with none, those it was deployed with."""
        changed = {f"NAT_FAILOVER_{name}": value for name, value in variables.items()}
        self.aws.client("lambda").update_function_configuration(
            FunctionName=FUNCTION, Environment={"Variables": self.environment | changed}
        )

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

    def rearm(self) -> None:
        """Re-arm as a person does, and let the schedule invoke the function, whose round proves the standby."""
        self.aws.write_lock("armed")
        self.tick()

    def tick(self) -> dict[str, Any]:
        """Let the schedule invoke the function, in this process, and its decision be in its log."""
        context = SimpleNamespace(aws_request_id=TICK["id"], get_remaining_time_in_millis=lambda: 45000)
        with patch.dict(os.environ, self.aws.environ):
            answer = self._application.handle(TICK, context)
        self.looked_at = time.time()
        log_decision(self.aws.client, answer, self.looked_at)
        return answer


@contextmanager
def deployed(folder: Path, installed: Path, settings: Mapping[str, object] | None = None) -> Iterator[Deployment]:
    """Deploy a pair, and end the account afterwards.

    Args:
        folder: for files.
        installed: folder that the package is installed in.
        settings: of the pair, beside the ids.
    """
    with account(folder, "tests.cli.emulator") as aws:
        pair = aws.make_vpc()
        body = _template(pair, {**SETTINGS, **(settings or {})})
        formation = aws.client("cloudformation")
        url = published(aws.client("s3"), json.dumps(body))
        formation.create_stack(StackName=STACK, TemplateURL=url, Capabilities=["CAPABILITY_NAMED_IAM"])
        (stack,) = formation.describe_stacks(StackName=STACK)["Stacks"]
        assert stack["StackStatus"] == "CREATE_COMPLETE", stack.get("StackStatusReason")
        function = aws.client("lambda").get_function_configuration(FunctionName=FUNCTION)
        made = Deployment(aws, pair, function["Environment"]["Variables"], installed)
        _complete(made)
        aws.start_agents(made.setting("STANDBY_INSTANCE"))
        yield made


def _template(pair: Mapping[str, Any], settings: Mapping[str, object]) -> dict[str, Any]:
    text = synthesized(settings)
    for setting, place in PLACES.items():
        text = text.replace(place, str(pair[setting]))
    body: dict[str, Any] = json.loads(text)
    body.pop("Rules", None)
    for resource in body["Resources"].values():
        if resource["Type"] == "AWS::Lambda::Function":
            resource["Properties"]["Code"] = {"ZipFile": "nobody runs it here"}
    others = {
        f"Other{n}": {
            "Type": "AWS::SSM::Parameter",
            "Properties": {"Name": f"/other/{n}", "Type": "String", "Value": "x"},
        }
        for n in range(OTHERS)
    }
    body["Resources"] = others | body["Resources"]
    return body


def _complete(made: Deployment) -> None:
    """Make what a user has beside the stack, and what moto leaves out of it."""
    aws, vpc = made.aws, made.pair["vpcId"]
    ec2 = aws.client("ec2")
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    public = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=public, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    for nat in (made.setting("PRIMARY_INSTANCE"), made.setting("STANDBY_INSTANCE")):
        (described,) = ec2.describe_instances(InstanceIds=[nat])["Reservations"]
        ec2.modify_instance_attribute(InstanceId=nat, SourceDestCheck={"Value": False})
        ec2.associate_route_table(RouteTableId=public, SubnetId=described["Instances"][0]["SubnetId"])
        address = ec2.allocate_address(Domain="vpc")["AllocationId"]
        ec2.associate_address(AllocationId=address, InstanceId=nat)
    private = [s["SubnetId"] for s in ec2.describe_subnets()["Subnets"] if s["CidrBlock"] == "10.20.1.0/24"]
    complete(aws.client, made.environment, STACK, private)
