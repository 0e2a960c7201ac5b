"""Gateway endpoints whose routes are in both tables of a pair, so that no swap loses them."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Aws, CfnTag
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from infra.arns import Arns
from infra.config import PairConfig
from infra.config.choices import GatewayService
from infra.constructs.endpoint_policies import dynamodb_policy, s3_policy
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
        accounts = [Aws.ACCOUNT_ID, *pair.endpoint_accounts]
        arns = Arns(Aws.PARTITION, Aws.REGION, Aws.ACCOUNT_ID)
        for service in pair.gateway_endpoints:
            is_s3 = service is GatewayService.S3
            ec2.CfnVPCEndpoint(
                self,
                service.value,
                vpc_endpoint_type="Gateway",
                service_name=f"com.amazonaws.{Aws.REGION}.{service.value}",
                vpc_id=pair.vpc_id,
                route_table_ids=list(table_ids),
                policy_document=s3_policy(accounts, arns, pair.endpoint_buckets)
                if is_s3
                else dynamodb_policy(accounts),
                tags=[CfnTag(key="Name", value=Names(pair.name).plain)],
            )
