"""The account as moto in this process keeps it, with the stack deployed to it."""

from __future__ import annotations

import base64
import os
import warnings
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any
from unittest.mock import patch

from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ec2.models import ec2_backends
from moto.ec2.models.route_tables import Route
from moto.moto_api._internal import mock_random

from tests.gate import moto_hook
from tests.gate.gate import Gate
from tests.gate.rules.rule import changed
from tests.gate.run_command.documents import deployed
from tests.lab.cloud.cloud import REGION
from tests.lab.cloud.moto_account import MotoAccount
from tests.lab.cloud.moto_guards import MotoGuards, from_vpc
from tests.lab.cloud.sessions import session
from tests.lab.cloud.template import PAIR, published, template
from tests.lab.network.layout import EGRESS, STANDBY_EGRESS, VPC_CIDR, Host
from tests.lab.network.network import Network
from tests.moto_addresses import displace

# Also where no pytest runs: a drill, a benchmark, a soak, a simulation.
moto_hook.install()
IMAGE = "ami-12c6146b"
# The default of a new standby.
TYPE = "t4g.nano"
STACK = "natfailover"


class MotoCloud(MotoAccount):
    """See ``Cloud``; every call goes through botocore to moto."""

    def __init__(self, network: Network, settings: Mapping[str, object], seed: int) -> None:
        super().__init__(network)
        self._settings = settings
        self._seed = seed
        self._opened = ExitStack()
        self._pair = PAIR

    def open(self, now: float) -> None:
        """Make the VPC as a user has it, deploy the stack, start the NATs with its user data."""
        os.environ.update(
            AWS_ACCESS_KEY_ID="lab",
            AWS_SECRET_ACCESS_KEY="lab",  # noqa: S106 - moto takes anything
            AWS_DEFAULT_REGION=REGION,
            # A thousand images, which take moto a second to load.
            MOTO_EC2_LOAD_DEFAULT_AMIS="false",
        )
        self._opened.enter_context(mock_aws())
        # moto's routes are active whatever they lead to, and name of an interface no holder.
        self._opened.enter_context(patch.object(Route, "state", property(_state)))
        self._opened.enter_context(patch.object(Route, "instance_id", property(_instance_id)))
        self._opened.enter_context(moto_hook.standing(Gate()))
        # The forgetting of an earlier lab's Auto Scaling has moto make EC2 anew, whose first ids would be drawn before.
        ec2_backends.clear()
        mock_random.seed(self._seed)
        of_account = session(REGION)
        self.ec2 = of_account.client("ec2")
        self.ssm = of_account.client("ssm")
        self.events: Any = of_account.client("events")
        self.functions: Any = of_account.client("lambda")
        self._cloudformation: Any = of_account.client("cloudformation")
        self._make_vpc()
        self._deploy()
        self.start(now)

    def close(self) -> None:
        """Forget the account; one that was never opened is harmless."""
        self._opened.close()

    def _make_vpc(self) -> None:
        layout = self.network.layout
        vpc = self.ec2.create_vpc(CidrBlock=VPC_CIDR)["Vpc"]["VpcId"]
        for subnet in layout.subnets:
            made = self.ec2.create_subnet(VpcId=vpc, CidrBlock=subnet.cidr)["Subnet"]
            self.subnets[subnet.name] = made["SubnetId"]
        addresses = {host.name: host.address for host in layout.hosts}
        self._guards = MotoGuards(self.ec2, vpc, addresses)
        self._groups = {
            layout.nats[0].name: self._guards.make_group("nat", from_vpc("-1")),
            # Nobody opens connections to a backend.
            **dict.fromkeys((host.name for host in layout.backends), self._guards.make_group("backends")),
        }
        if self._settings.get("ssmAccess", "existing") == "existing":
            self._make_endpoint(vpc)
        gateway = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
        nat01 = layout.nats[0]
        self.instances[nat01.name] = self._run(nat01, {"Name": nat01.name})
        for backend in layout.backends:
            self.instances[backend.name] = self._run(backend, {"Name": backend.name, "nat-failover:probe": self._pair})
        public, primary = (
            self.ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"] for _ in ("public", "primary")
        )
        self.ec2.create_route(RouteTableId=public, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
        self.ec2.create_route(
            RouteTableId=primary, DestinationCidrBlock="0.0.0.0/0", InstanceId=self.instances[nat01.name]
        )
        self.ec2.associate_route_table(RouteTableId=public, SubnetId=self.subnets[layout.public_subnet.name])
        for subnet in layout.private_subnets:
            self.ec2.associate_route_table(RouteTableId=primary, SubnetId=self.subnets[subnet.name])
        self.primary_table = primary
        self._ids = {
            "vpcId": vpc,
            "primaryRouteTableId": primary,
            "primaryInstanceId": self.instances[nat01.name],
            "standbySubnetId": self.subnets[layout.public_subnet.name],
        }
        if "mirrorEndpoints" in self._settings:
            made = self.ec2.create_vpc_endpoint(
                VpcId=vpc, VpcEndpointType="Gateway", ServiceName=f"com.amazonaws.{REGION}.s3"
            )
            self._ids["mirrorEndpoints"] = made["VpcEndpoint"]["VpcEndpointId"]
        if "egressAddress" in self._settings:
            self._ids["egressAddress"] = self.ec2.allocate_address(Domain="vpc", Address=EGRESS)["AllocationId"]
            self.ec2.associate_address(
                AllocationId=self._ids["egressAddress"], InstanceId=self.instances[nat01.name], AllowReassociation=True
            )
        if "standbyEgressAddress" in self._settings:
            made = self.ec2.allocate_address(Domain="vpc", Address=STANDBY_EGRESS)
            self._ids["standbyEgressAddress"] = made["AllocationId"]

    def _make_endpoint(self, vpc: str) -> None:
        """Make the endpoint of Systems Manager that a user without a NAT gateway's price has."""
        self.ec2.create_vpc_endpoint(
            VpcId=vpc,
            VpcEndpointType="Interface",
            ServiceName=f"com.amazonaws.{REGION}.ssm",
            SubnetIds=[self.subnets[self.network.layout.public_subnet.name]],
            SecurityGroupIds=[self._guards.make_group("endpoints", from_vpc("tcp", 443))],
        )

    def _run(self, host: Host, tags: Mapping[str, str], user_data: str = "") -> str:
        made = self.ec2.run_instances(
            ImageId=IMAGE,
            InstanceType=TYPE,
            MinCount=1,
            MaxCount=1,
            SubnetId=self.subnets[host.subnet],
            PrivateIpAddress=host.address,
            SecurityGroupIds=[self._groups[host.name]],
            UserData=user_data,
            TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": k, "Value": v} for k, v in tags.items()]}],
        )
        return str(made["Instances"][0]["InstanceId"])

    def _template(self) -> str:
        return template(self._settings, self._ids, IMAGE)

    def _deploy(self) -> None:
        body = self._template()
        with warnings.catch_warnings():
            # moto warns of each type of resource that it leaves out: alarms, subscriptions, the topic's policy.
            warnings.simplefilter("ignore")
            self._cloudformation.create_stack(
                StackName=STACK,
                TemplateURL=published(session(REGION).client("s3"), body),
                Capabilities=["CAPABILITY_NAMED_IAM"],
            )
        stack = self._cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
        if stack["StackStatus"] != "CREATE_COMPLETE":
            raise RuntimeError(f"the stack is {stack['StackStatus']}: {stack.get('StackStatusReason')}")
        function = self.functions.get_function_configuration(FunctionName=f"nat-failover-{self._pair}")
        self.environment = function["Environment"]["Variables"]
        self.timeout = float(function["Timeout"])
        self.handler = function["Handler"]
        self.function_arn = function["FunctionArn"]
        self.instances["nat02"] = self.environment["NAT_FAILOVER_STANDBY_INSTANCE"]
        # moto gives it an address by chance; the network's host has its own.
        standby: Any = ec2_backends[DEFAULT_ACCOUNT_ID][REGION].get_instance(self.instances["nat02"])
        standby.nics[0].private_ip_address = self.network.layout.host("nat02").address
        if "standbyEgressAddress" in self._ids:
            second, nat02 = self._ids["standbyEgressAddress"], self.instances["nat02"]
            self.ec2.associate_address(AllocationId=second, InstanceId=nat02, AllowReassociation=True)
        self.standby_table = self.environment["NAT_FAILOVER_STANDBY_ROUTE_TABLE"]
        self.lock_name = self.environment["NAT_FAILOVER_LOCK_PARAMETER"]
        made = {self.instances["nat02"]: self.interface("nat02")}
        self._guards.deployed(body, STACK, self._cloudformation, made)
        self.set_source_dest_check("nat01", on=False)
        data = self.ec2.describe_instance_attribute(InstanceId=self.instances["nat02"], Attribute="userData")
        self.user_data = base64.b64decode(data["UserData"]["Value"]).decode()
        self.documents = deployed(self.ssm)
        self.document = self.documents[self.environment["NAT_FAILOVER_PROBE_DOCUMENT"]]

    def answer(
        self, client: Any, operation: str, arguments: Mapping[str, Any], send: Callable[[str, Mapping[str, Any]], Any]
    ) -> Any:
        """Let moto answer a call of the product."""
        del client
        if (of_ends := self.of_ends(operation, arguments)) is not None:
            return of_ends
        if operation == "AssociateAddress":
            displace(self.ec2, arguments["NetworkInterfaceId"], arguments["AllocationId"])
        return self.unwarned(operation, send(operation, arguments))

    def rules(self) -> list[Mapping[str, Any]]:
        """Describe EventBridge's rules that invoke the function."""

        def aims_here(rule: Mapping[str, Any]) -> bool:
            targets = self.events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
            return any(target["Arn"] == self.function_arn for target in targets)

        return [rule for rule in self.events.list_rules()["Rules"] if aims_here(rule)]


def _state(route: Any) -> str:
    """Return what EC2 says of a route: nothing takes it to an instance that is stopped or gone, or to none."""
    holder = _holder(route)
    if holder is None and route.interface is None:
        return "active"
    if holder is not None and holder._state.name not in ("stopped", "terminated"):
        return "active"
    changed("N7")
    return "blackhole"


def _instance_id(route: Any) -> str | None:
    """Return the instance that a route leads to, as EC2 tells it also of a route to a network interface."""
    holder = _holder(route)
    return None if holder is None else str(holder.id)


def _holder(route: Any) -> Any:
    return route.instance if route.interface is None else route.interface.instance
