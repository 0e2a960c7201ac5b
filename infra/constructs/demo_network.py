"""A network to try things in: a VPC with a primary NAT, private subnets and backends, as a user has them."""

from __future__ import annotations

from aws_cdk import CfnResource, CfnTag, Fn
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.acknowledged import acknowledge
from infra.constructs.standby_nat import AGENT_ACTIONS, AL2023
from infra.constructs.user_data import USER_DATA

CIDR = "10.77.0.0/16"
PUBLIC = ("10.77.0.0/24", "10.77.1.0/24")
PRIVATE = ("10.77.10.0/24", "10.77.11.0/24")
BACKENDS = 3
INSTANCE_TYPE = "t4g.nano"
IMAGE = "resolve:ssm:" + AL2023.format(architecture="arm64")


class DemoNetwork(Construct):
    """Two public and two private subnets in two availability zones, a NAT instance, three backends that carry the tag.

    The backends reach Systems Manager through the endpoints that the pair's stack makes.

    Args:
        pair: name of the pair, which is the probe tag's value.

    Attributes:
        vpc_id: of the VPC.
        primary_instance_id: the NAT.
        primary_route_table_id: the private subnets' table.
        standby_subnet_id: a public subnet in the other availability zone than the NAT's.
        endpoint_subnet_ids: the private subnets.
    """

    def __init__(self, scope: Construct, construct_id: str, *, pair: str) -> None:
        super().__init__(scope, construct_id)
        vpc = ec2.CfnVPC(
            self, "Vpc", cidr_block=CIDR, enable_dns_support=True, enable_dns_hostnames=True, tags=_named("demo")
        )
        acknowledge(vpc, {"VPC7": "a demonstration that is torn down again; flow logs would outlive it and cost"})
        self.vpc_id = vpc.ref
        self._profile = self._make_profile()
        public = [self._subnet(f"Public{n}", cidr, n) for n, cidr in enumerate(PUBLIC)]
        private = [self._subnet(f"Private{n}", cidr, n) for n, cidr in enumerate(PRIVATE)]
        way_out = self._make_public(public)
        self._template = self._make_template("Template", Fn.base64("#!/bin/sh\n"))
        nat = self._make_nat(public[0])
        # It installs nftables at its first boot. And EC2 gives a public address only where there is a gateway:
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-dependson.html
        for part in way_out:
            nat.add_resource_dependency(part)
        self.primary_instance_id = nat.ref
        self.primary_route_table_id = self._make_private(private, nat)
        self._make_backends(private, pair)
        self.standby_subnet_id = public[1].ref
        self.endpoint_subnet_ids = tuple(subnet.ref for subnet in private)

    def _subnet(self, name: str, cidr: str, zone: int) -> ec2.CfnSubnet:
        return ec2.CfnSubnet(
            self,
            name,
            vpc_id=self.vpc_id,
            cidr_block=cidr,
            availability_zone=Fn.select(zone, Fn.get_azs()),
            map_public_ip_on_launch=False,
            tags=_named(f"demo-{name.lower()}"),
        )

    def _make_public(self, subnets: list[ec2.CfnSubnet]) -> list[CfnResource]:
        """Make the public subnets' way to the Internet, and return the parts that it takes."""
        gateway = ec2.CfnInternetGateway(self, "Internet", tags=_named("demo"))
        attachment = ec2.CfnVPCGatewayAttachment(
            self, "InternetAttachment", vpc_id=self.vpc_id, internet_gateway_id=gateway.ref
        )
        table = ec2.CfnRouteTable(self, "PublicTable", vpc_id=self.vpc_id, tags=_named("demo-public"))
        route = ec2.CfnRoute(
            self,
            "PublicRoute",
            route_table_id=table.ref,
            destination_cidr_block="0.0.0.0/0",
            gateway_id=gateway.ref,
        )
        route.add_resource_dependency(attachment)
        return [attachment, route, *self._associate(table, subnets, "Public")]

    def _make_private(self, subnets: list[ec2.CfnSubnet], nat: ec2.CfnInstance) -> str:
        table = ec2.CfnRouteTable(self, "PrimaryTable", vpc_id=self.vpc_id, tags=_named("demo-primary"))
        ec2.CfnRoute(
            self, "PrimaryRoute", route_table_id=table.ref, destination_cidr_block="0.0.0.0/0", instance_id=nat.ref
        )
        self._associate(table, subnets, "Private")
        # After a failover and a failback the subnets have other associations with this table than CloudFormation knows,
        # and EC2 deletes no table that has any. So on removal the subnets, with which theirs go, are deleted first.
        # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteRouteTable.html
        for subnet in subnets:
            subnet.add_resource_dependency(table)
        return table.ref

    def _associate(
        self, table: ec2.CfnRouteTable, subnets: list[ec2.CfnSubnet], kind: str
    ) -> list[ec2.CfnSubnetRouteTableAssociation]:
        return [
            ec2.CfnSubnetRouteTableAssociation(
                self, f"{kind}Association{number}", route_table_id=table.ref, subnet_id=subnet.ref
            )
            for number, subnet in enumerate(subnets)
        ]

    def _make_profile(self) -> iam.CfnInstanceProfile:
        agent = iam.PolicyStatement(actions=list(AGENT_ACTIONS), resources=["*"])
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("ec2.amazonaws.com"),
            description="nat-failover demo: instances that Systems Manager manages",
            inline_policies={"agent": iam.PolicyDocument(statements=[agent])},
        )
        acknowledge(role, {"IAM5[Resource::*]": "the agent's actions know no resource but the instance itself"})
        return iam.CfnInstanceProfile(self, "Profile", roles=[role.role_name])

    def _make_template(self, name: str, user_data: str) -> ec2.CfnLaunchTemplate:
        return ec2.CfnLaunchTemplate(
            self,
            name,
            launch_template_data={
                "imageId": IMAGE,
                "metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 1},
                "blockDeviceMappings": [
                    {
                        "deviceName": "/dev/xvda",
                        "ebs": {"encrypted": True, "volumeType": "gp3", "deleteOnTermination": True},
                    }
                ],
                "userData": user_data,
            },
        )

    def _make_nat(self, subnet: ec2.CfnSubnet) -> ec2.CfnInstance:
        group = self._group("NatGroup", "NAT: in from the VPC, out to anywhere", [CIDR])
        template = self._make_template("NatTemplate", Fn.base64(USER_DATA.read_text(encoding="utf-8")))
        return self._instance("Nat", template, subnet, group, public=True, tags=_named("demo-nat01"))

    def _make_backends(self, subnets: list[ec2.CfnSubnet], pair: str) -> None:
        group = self._group("BackendGroup", "Backends: nothing in, out to anywhere", [])
        for number in range(BACKENDS):
            tags = [*_named(f"demo-backend{number + 1}"), CfnTag(key="nat-failover:probe", value=pair)]
            subnet = subnets[number % len(subnets)]
            self._instance(f"Backend{number + 1}", self._template, subnet, group, public=False, tags=tags)

    def _group(self, name: str, description: str, cidrs: list[str]) -> ec2.CfnSecurityGroup:
        return ec2.CfnSecurityGroup(
            self,
            name,
            group_description=description,
            vpc_id=self.vpc_id,
            security_group_ingress=[{"ipProtocol": "-1", "cidrIp": cidr, "description": "the VPC"} for cidr in cidrs],
            security_group_egress=[{"ipProtocol": "-1", "cidrIp": "0.0.0.0/0", "description": "the Internet"}],
            tags=_named("demo"),
        )

    def _instance(
        self,
        name: str,
        template: ec2.CfnLaunchTemplate,
        subnet: ec2.CfnSubnet,
        group: ec2.CfnSecurityGroup,
        *,
        public: bool,
        tags: list[CfnTag],
    ) -> ec2.CfnInstance:
        instance = ec2.CfnInstance(
            self,
            name,
            launch_template={"launchTemplateId": template.ref, "version": "1"},
            instance_type=INSTANCE_TYPE,
            iam_instance_profile=self._profile.ref,
            source_dest_check=not public,
            network_interfaces=[
                {
                    "deviceIndex": "0",
                    "subnetId": subnet.ref,
                    "groupSet": [group.attr_group_id],
                    "associatePublicIpAddress": public,
                    "deleteOnTermination": True,
                }
            ],
            propagate_tags_to_volume_on_creation=True,
            tags=tags,
        )
        acknowledge(
            instance,
            {
                "EC28": "a demonstration: status checks come every minute without it",
                "EC29": "a demonstration is to be torn down by one command",
            },
        )
        return instance


def _named(name: str) -> list[CfnTag]:
    return [CfnTag(key="Name", value=f"nat-failover-{name}")]
