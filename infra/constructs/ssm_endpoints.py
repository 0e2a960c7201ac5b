"""VPC endpoints that keep the backends in touch with Systems Manager when their NAT dies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, collapse_addresses

from aws_cdk import Aws, CfnTag
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from infra.arns import Arns
from infra.config import PairConfig
from infra.constructs.endpoint_policies import messages_policy, ssm_policy

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
        pairs: those of one VPC that want them made. The endpoints have addresses in the subnets of all of these, one
            subnet an availability zone at most, and all of the VPC reaches them.
    """

    def __init__(self, scope: Construct, construct_id: str, *, pairs: Sequence[PairConfig]) -> None:
        super().__init__(scope, construct_id)
        vpc_id = pairs[0].vpc_id
        subnet_ids = _each(endpoint_subnets(pair) for pair in pairs)
        cidrs = _each(pair.endpoint_cidrs for pair in pairs)
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
        let_through = [Aws.ACCOUNT_ID, *_each(pair.endpoint_accounts for pair in pairs)]
        arns = Arns(Aws.PARTITION, Aws.REGION, Aws.ACCOUNT_ID)
        for service in (*SERVICES, OLD_AGENTS) if any(pair.ec2_messages for pair in pairs) else SERVICES:
            ec2.CfnVPCEndpoint(
                self,
                service,
                vpc_endpoint_type="Interface",
                service_name=f"com.amazonaws.{Aws.REGION}.{service}",
                vpc_id=vpc_id,
                subnet_ids=list(subnet_ids),
                security_group_ids=[group.attr_group_id],
                private_dns_enabled=True,
                policy_document=ssm_policy(let_through, arns) if service == "ssm" else messages_policy(let_through),
                tags=tags,
            )


def endpoint_subnets(pair: PairConfig) -> tuple[str, ...]:
    """Return the subnets for a pair's endpoints: as configured, or the standby's."""
    return pair.endpoint_subnet_ids or tuple(subnet for subnet in [pair.standby_subnet_id] if subnet)


def _each(of_pairs: Iterable[Sequence[str]]) -> list[str]:
    """Return what the pairs have, each once."""
    return list(dict.fromkeys(value for values in of_pairs for value in values))
