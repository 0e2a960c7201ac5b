"""VPC endpoints that keep the backends in touch with Systems Manager when their NAT dies."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network, collapse_addresses

from aws_cdk import Aws, CfnTag
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

# https://docs.aws.amazon.com/systems-manager/latest/userguide/setup-create-vpc.html
SERVICES = ("ssm", "ssmmessages")
# For agents older than 3.3.40, in Regions that were launched before 2024:
# https://docs.aws.amazon.com/systems-manager/latest/userguide/systems-manager-setting-up-messageAPIs.html
OLD_AGENTS = "ec2messages"


class SsmEndpoints(Construct):
    """Interface endpoints for what the SSM agent talks to; one set a VPC, whatever number of pairs it has.

    A second set could not have the private names that make agents find it. With these names the endpoints are where
    the services are for everybody in the VPC, so everybody in the VPC has to be let in:
    https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html

    Args:
        vpc_id: the VPC.
        subnet_ids: where the endpoints have their addresses, one subnet an availability zone at most. All of the VPC
            reaches them.
        cidrs: networks that may use them; all of the VPC's.
        old_agents: whether to make the one that only agents older than 3.3.40 need.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        vpc_id: str,
        subnet_ids: Sequence[str],
        cidrs: Sequence[str],
        old_agents: bool,
    ) -> None:
        super().__init__(scope, construct_id)
        tags = [CfnTag(key="Name", value="nat-failover-ssm")]
        group = ec2.CfnSecurityGroup(
            self,
            "SecurityGroup",
            group_description="Endpoints of Systems Manager: HTTPS from the networks of the VPC",
            vpc_id=vpc_id,
            security_group_ingress=[
                {"ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "cidrIp": str(cidr), "description": "agents"}
                for cidr in collapse_addresses(map(IPv4Network, cidrs))
            ],
            # An endpoint opens no connection; without a rule of its own the group would get one to anywhere.
            # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-securitygroup.html
            security_group_egress=[{"ipProtocol": "-1", "cidrIp": "127.0.0.1/32", "description": "nothing"}],
            tags=tags,
        )
        for service in (*SERVICES, OLD_AGENTS) if old_agents else SERVICES:
            ec2.CfnVPCEndpoint(
                self,
                service,
                vpc_endpoint_type="Interface",
                service_name=f"com.amazonaws.{Aws.REGION}.{service}",
                vpc_id=vpc_id,
                subnet_ids=list(subnet_ids),
                security_group_ids=[group.attr_group_id],
                private_dns_enabled=True,
                tags=tags,
            )
