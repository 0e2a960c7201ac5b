"""A pair as one construct, for this app's stack and for any other Python CDK app."""

from __future__ import annotations

from aws_cdk import Annotations, Aws, CfnResource, Tags
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.arns import Arns
from infra.config import PairConfig, SsmAccess, checked_pair
from infra.config.within_pair import advice
from infra.constructs.deployment_guard import DeploymentGuard
from infra.constructs.gateway_endpoints import GatewayEndpoints
from infra.constructs.lock import LockParameter
from infra.constructs.operator_documents import OperatorDocuments
from infra.constructs.ssm_endpoints import SsmEndpoints
from infra.constructs.standby_nat import Standby, StandbyNat
from infra.constructs.standby_route_table import StandbyRouteTable
from infra.constructs.user_data import USER_DATA
from infra.function.asset import asset
from infra.function.construct import FailoverFunction
from infra.function.environment import environment
from infra.function.permissions import statements
from infra.function.triggers import Triggers
from infra.location import Location
from infra.monitoring.alarms import Alarms
from infra.monitoring.dashboard import Dashboard
from infra.monitoring.topic import PeopleTopic
from infra.probe.construct import ProbeDocument
from nat_failover.names import Names


class NatFailover(Construct):
    """Keeps the private subnets of a pair online when their NAT instance dies.

    Example::

        NatFailover(
            self,
            "Main",
            pair=PairConfig(
                name="main",
                vpc_id=vpc.vpc_id,
                primary_route_table_id="rtb-0123456789abcdef0",
                primary_instance_id=nat.instance_id,
                standby_subnet_id=vpc.public_subnets[1].subnet_id,
            ),
        )

    Args:
        pair: the pair's configuration.
        endpoints: those of the pair's VPC, where another pair has them already; with ``ssm_access`` of ``create`` they
            are made otherwise.

    Attributes:
        names: what AWS knows its parts by.
        standby: the standby NAT; None where it exists already.
        standby_instance_id: of either.
        standby_route_table_id: of either.
        topic: for further alarms and subscriptions.
        function: for further alarms.
        alarms: of the pair.
        endpoints: as given, or as made; None where there is nothing to make.

    Raises:
        ConfigurationError: with a sentence for every problem of the pair's configuration.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, pair: PairConfig, endpoints: SsmEndpoints | None = None
    ) -> None:
        pair = checked_pair(pair)
        super().__init__(scope, construct_id)
        for about, warning in advice(pair):
            Annotations.of(self).add_warning_v2(f"nat-failover:{about}", warning)
        self.names = Names(pair.name)
        self._pair = pair
        self.topic = PeopleTopic(self, "Topic", pair=pair).topic
        LockParameter(self, "Lock", names=self.names)
        probe = ProbeDocument(self, "Probe", pair=pair)
        guard = DeploymentGuard(self, "Guard", pair=pair, code=asset())
        side = self._make_standby(guard)
        self.standby, self.standby_instance_id = side.made, side.instance_id
        self.standby_route_table_id = side.route_table_id
        OperatorDocuments(self, "Operator", pair=pair, standby_instance=side.instance_id)
        tables = [pair.primary_route_table_id, self.standby_route_table_id]
        GatewayEndpoints(self, "GatewayEndpoints", pair=pair, table_ids=tables)
        self.function = self._make_function(guard.document(probe.resource))
        Triggers(self, "Triggers", pair=pair, standby_instance=self.standby_instance_id, function=self.function)
        self.alarms = Alarms(self, "Alarms", pair=pair, topic=self.topic, function=self.function, standby=side)
        Dashboard(
            self,
            "Dashboard",
            pair=pair,
            instances=pair.named_instances(self.standby_instance_id),
            function=self.function,
            alarms=self.alarms.arns,
        )
        self.endpoints = endpoints
        if endpoints is None and pair.ssm_access is SsmAccess.CREATE:
            self.endpoints = SsmEndpoints(self, "Endpoints", pairs=[pair])
        if pair.permissions_boundary_arn is not None:
            boundary = iam.ManagedPolicy.from_managed_policy_arn(self, "Boundary", pair.permissions_boundary_arn)
            iam.PermissionsBoundary.of(self).apply(boundary)
        tags = Tags.of(self)
        for key, value in pair.tags.items():
            tags.add(key, value)

    @property
    def location(self) -> Location:
        """What commands for people name."""
        return Location.of(self._pair, self.standby_route_table_id)

    def _make_standby(self, guard: DeploymentGuard) -> Standby:
        instance = self._pair.standby_instance_id or self._pair.standby_network_interface_id
        table = self._pair.standby_route_table_id
        if instance is not None and table is not None:
            return Standby(instance, table)
        standby = StandbyNat(self, "Standby", pair=self._pair, user_data=USER_DATA.read_text(encoding="utf-8"))
        route = StandbyRouteTable(self, "Route", pair=self._pair, standby_instance=standby.instance_id)
        check = guard.standby(route_table_id=route.table_id, content=standby.content)
        standby.instance.add_resource_dependency(check)
        return Standby(standby.instance_id, route.table_id, standby)

    def _make_function(self, document: CfnResource) -> lambda_.Function:
        return FailoverFunction(
            self,
            "Function",
            pair=self._pair,
            code=asset(),
            environment=environment(
                self._pair,
                standby_instance=self.standby_instance_id,
                standby_route_table=self.standby_route_table_id,
                topic_arn=self.topic.topic_arn,
                document_hash=document.get_att("Hash").to_string(),
                document_hash_type=document.get_att("HashType").to_string(),
            ),
            statements=lambda log_group_arn: statements(
                self._pair,
                Arns(Aws.PARTITION, Aws.REGION, Aws.ACCOUNT_ID),
                standby_instance=self.standby_instance_id,
                standby_route_table=self.standby_route_table_id,
                topic_arn=self.topic.topic_arn,
                log_group_arn=log_group_arn,
            ),
        ).function
