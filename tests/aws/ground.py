"""Where the demonstration is deployed to: an account of AWS, or one that moto emulates on this machine."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

import boto3
from botocore.config import Config

from infra.demo import PAIR
from nat_failover.events import SELF_TEST
from tests.e2e.account import Account, account
from tests.e2e.commandline import cdk, invoke, unpack
from tests.examples import TICK
from tests.lab.network.layout import TARGETS

FUNCTION = f"nat-failover-{PAIR}"
STACKS, DEMO = ("nat-failover-demo-network", "nat-failover-demo"), ("-c", "demo=true")
# moto knows no Fn::GetStackOutput, by which the CDK refers to another stack's resources unless told otherwise.
FOR_MOTO = ("-c", "@aws-cdk/core:defaultCrossStackReferences=strong")
DEPLOYED_WITHIN = 1800.0
# An invocation takes longer than boto3 waits by itself, which would then make a second one.
PATIENT = Config(read_timeout=150, retries={"mode": "standard", "total_max_attempts": 1})


class Can(StrEnum):
    """What a ground can do that not every ground can; with the reason for people where it can't."""

    COMMANDS = "run any command on a host"
    EVENTS = "deliver events"
    MACHINES = "run instances, with disks, addresses and interfaces of their own"
    FUNCTIONS = "run functions"
    PERMISSIONS = "check permissions"
    STACKS = "change a stack as CloudFormation does"
    READS = "answer all that the command reads"


class DeploymentError(Exception):
    """The command line has failed; the message has its output."""


class Ground(Protocol):
    """An account with the demonstration in it; what fails there raises ``DeploymentError``."""

    name: str
    can: frozenset[Can]
    proves: bool  # whether what is seen there says anything of AWS

    def client(self, service: str) -> Any:
        """Give a client of boto3."""

    def deploy(self) -> None:
        """Deploy the demonstration."""

    def destroy(self) -> None:
        """Remove it."""

    def tick(self) -> dict[str, Any]:
        """Have the function look now, and give its answer."""

    def self_test(self, function: str = FUNCTION) -> dict[str, Any]:
        """Have a function test itself, by its own role, and give its answer."""

    def lose_rules(self, instance: str) -> bool:
        """Take a NAT's rules away, if this ground has a way of its own to do it; tell whether it has."""


class Aws:
    """An account of AWS, by the credentials and the region of the person who runs this."""

    name, can, proves = "AWS", frozenset(Can), True

    def __init__(self, folder: Path, region: str | None = None) -> None:
        self._session: Any = boto3.Session(region_name=region)
        if self._session.region_name is None:
            raise DeploymentError("no region: set AWS_REGION, or REGION=eu-central-1")
        self._folder = folder

    def client(self, service: str) -> Any:
        """Give a client of boto3."""
        return self._session.client(service)

    def _cdk(self, command: str, *arguments: str) -> None:
        region = self._session.region_name
        environ = {**os.environ, "AWS_REGION": region, "AWS_DEFAULT_REGION": region}
        _succeed(cdk(command, [*arguments, *DEMO], environ, self._folder, DEPLOYED_WITHIN), command)

    def deploy(self) -> None:
        """Bootstrap where it is needed, and deploy."""
        self._cdk("bootstrap")
        self._cdk("deploy", "--all", "--require-approval", "never")

    def destroy(self) -> None:
        """Remove it; what CDK's bootstrap has made stays, for it may be somebody else's as well."""
        disassociate(self.client("ec2"), self.client("lambda"))
        self._cdk("destroy", "--all", "--force")

    def tick(self) -> dict[str, Any]:
        """Invoke the function as the schedule does."""
        return self._invoke(FUNCTION, TICK)

    def self_test(self, function: str = FUNCTION) -> dict[str, Any]:
        """Invoke the function as a person does who wants to know."""
        return self._invoke(function, SELF_TEST)

    def _invoke(self, function: str, event: Mapping[str, Any]) -> dict[str, Any]:
        client = self._session.client("lambda", config=PATIENT)
        try:
            answer = client.invoke(FunctionName=function, Payload=json.dumps(event).encode())
        except client.exceptions.ResourceNotFoundException as error:
            raise DeploymentError(
                f"there is no function {function} in {self._session.region_name}: set PAIR= and REGION="
            ) from error
        result: dict[str, Any] = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise DeploymentError(f"{function} has failed: {result.get('errorType')}: {result.get('errorMessage')}")
        return result

    def lose_rules(self, instance: str) -> bool:
        """There is nothing but what a person has."""
        del instance
        return False


class Local:
    """An account that moto serves on loopback: see tests/e2e for what it can't do."""

    name = "moto on this machine"
    can: frozenset[Can] = frozenset()
    proves = False

    def __init__(self, aws: Account, folder: Path) -> None:
        self._aws = aws
        self._folder = folder
        self._hosts: dict[str, str] = {}

    def client(self, service: str) -> Any:
        """Give a client of boto3."""
        return self._aws.client(service)

    def _cdk(self, command: str, *arguments: str) -> None:
        _succeed(cdk(command, [*arguments, *DEMO, *FOR_MOTO], self._aws.environ, self._folder, 150), command)

    def deploy(self) -> None:
        """Deploy, do what moto leaves out, and let the hosts have agents."""
        self._cdk("bootstrap")
        self._cdk("deploy", "--all", "--require-approval", "never")
        # Nobody answers there but the targets of the lab's network.
        environment = self._environment() | {"NAT_FAILOVER_TARGETS": ",".join(TARGETS)}
        self.client("lambda").update_function_configuration(
            FunctionName=FUNCTION, Environment={"Variables": environment}
        )
        ec2 = self.client("ec2")
        subnets = {s["CidrBlock"]: s["SubnetId"] for s in ec2.describe_subnets()["Subnets"]}
        private = {f"private-{zone}": subnets[f"10.77.{n}.0/24"] for zone, n in (("a", 10), ("b", 11))}
        for subnet in private.values():
            ec2.associate_route_table(RouteTableId=environment["NAT_FAILOVER_PRIMARY_ROUTE_TABLE"], SubnetId=subnet)
        self._hosts = {
            "nat01": environment["NAT_FAILOVER_PRIMARY_INSTANCE"],
            "nat02": environment["NAT_FAILOVER_STANDBY_INSTANCE"],
            **{f"backend{n + 1}": instance for n, instance in enumerate(_tagged(ec2))},
        }
        document = environment["NAT_FAILOVER_PROBE_DOCUMENT"]
        self._aws.tell({"hosts": self._hosts, "subnets": private, "document": document, "url": self._aws.url})
        pages = self.client("ssm").get_paginator("describe_instance_information")
        for _ in range(100):
            if any(page["InstanceInformationList"] for page in pages.paginate()):
                return
            time.sleep(0.1)

    def destroy(self) -> None:
        """Remove it, after what was done by hand."""
        disassociate(self.client("ec2"), self.client("lambda"))
        self._cdk("destroy", "--all", "--force")

    def _environment(self) -> dict[str, str]:
        described = self.client("lambda").get_function_configuration(FunctionName=FUNCTION)
        return dict(described["Environment"]["Variables"])

    def tick(self) -> dict[str, Any]:
        """Run the handler out of the published asset: moto runs no function without Docker."""
        return self._invoke(TICK)

    def self_test(self, function: str = FUNCTION) -> dict[str, Any]:
        """Run the handler as for a tick."""
        assert function == FUNCTION
        return self._invoke(SELF_TEST)

    def _invoke(self, event: Mapping[str, Any]) -> dict[str, Any]:
        code = self._folder / "code"
        if not code.exists():
            body = self.client("cloudformation").get_template(StackName=STACKS[1], TemplateStage="Original")
            template = body["TemplateBody"]
            resources = (json.loads(template) if isinstance(template, str) else template)["Resources"]
            (key,) = {
                r["Properties"]["Code"]["S3Key"] for r in resources.values() if r["Type"] == "AWS::Lambda::Function"
            }
            unpack(self._aws.fetch(key), code)
        result = invoke(code, FUNCTION, {**self._aws.environ, **self._environment()}, self._folder, event)
        if result["code"] != 0:
            raise DeploymentError(f"the function has ended with {result['code']}: {result['said']}")
        return dict(result["answer"])

    def lose_rules(self, instance: str) -> bool:
        """Take a NAT's rules away in the network that the agents live in."""
        host = next(host for host, known in self._hosts.items() if known == instance)
        self._aws.tell({"break": host})
        return True


@contextmanager
def local(folder: Path) -> Iterator[Local]:
    """Serve an emulated account as long as it is needed."""
    with account(folder) as aws:
        yield Local(aws, folder)


def disassociate(ec2: Any, functions: Any) -> None:
    """Take the pair's subnets off both route tables, so that these can be deleted.

    An association that was replaced has another id than the one that CloudFormation knows, and a route table that
    subnets are associated with can't be deleted: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteRouteTable.html
    """
    try:
        config = functions.get_function_configuration(FunctionName=FUNCTION)
    except functions.exceptions.ResourceNotFoundException:
        return  # the deployment has not come so far: nothing was moved
    tables = [config["Environment"]["Variables"][f"NAT_FAILOVER_{role}_ROUTE_TABLE"] for role in ("PRIMARY", "STANDBY")]
    named = ec2.describe_route_tables(Filters=[{"Name": "route-table-id", "Values": tables}])["RouteTables"]
    for association in (a for table in named for a in table["Associations"] if a.get("SubnetId")):
        ec2.disassociate_route_table(AssociationId=association["RouteTableAssociationId"])


def _tagged(ec2: Any) -> list[str]:
    """Give the instances that carry the probe tag, in a fixed order."""
    found = ec2.describe_instances(Filters=[{"Name": "tag:nat-failover:probe", "Values": [PAIR]}])["Reservations"]
    return sorted(i["InstanceId"] for r in found for i in r["Instances"] if i["State"]["Name"] != "terminated")


def _succeed(result: Mapping[str, Any], command: str) -> None:
    if result["code"] != 0:
        raise DeploymentError(f"cdk {command} has ended with status {result['code']}:\n{result['said']}")
