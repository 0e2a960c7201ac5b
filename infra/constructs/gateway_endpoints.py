"""Gateway endpoints whose routes are in both tables of a pair, so that no swap loses them."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Aws, CfnTag
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from infra.config import PairConfig
from nat_failover.names import Names


class GatewayEndpoints(Construct):
    """Endpoints of S3 and DynamoDB; they cost nothing, and keep that traffic off the NATs.

    A VPC may have several of one service, as long as each table has a route to one of them only:
    https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html

    Args:
        pair: the pair's configuration.
        table_ids: both route tables.
    """

    def __init__(self, scope: Construct, construct_id: str, *, pair: PairConfig, table_ids: Sequence[str]) -> None:
        super().__init__(scope, construct_id)
        for service in pair.gateway_endpoints:
            ec2.CfnVPCEndpoint(
                self,
                service.value,
                vpc_endpoint_type="Gateway",
                service_name=f"com.amazonaws.{Aws.REGION}.{service.value}",
                vpc_id=pair.vpc_id,
                route_table_ids=list(table_ids),
                tags=[CfnTag(key="Name", value=Names(pair.name).plain)],
            )
