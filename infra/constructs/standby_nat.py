"""The standby NAT instance."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from aws_cdk import CfnTag, CfnWaitCondition, CfnWaitConditionHandle, Fn, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.acknowledged import acknowledge
from infra.config import PairConfig
from infra.constructs.user_data import filled_in
from nat_failover.names import Names

# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-add-user-data.html
LARGEST_USER_DATA = 16 * 1024
# https://docs.aws.amazon.com/linux/al2023/ug/ec2.html
AL2023 = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{architecture}"
# How long the deployment waits to be told that the standby forwards, in seconds: more than the longest installation.
FORWARDS_WITHIN = 1800
# What the SSM agent needs to register and to take commands and sessions. AmazonSSMManagedInstanceCore would let the
# NAT, which stands in the Internet, read every parameter of the account. None of these knows a resource but the
# first, whose resource is the instance, which does not exist before its role:
# https://docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-create-iam-instance-profile.html
# https://docs.aws.amazon.com/systems-manager/latest/userguide/systems-manager-setting-up-messageAPIs.html
AGENT_ACTIONS = (
    "ssm:UpdateInstanceInformation",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
    "ec2messages:AcknowledgeMessage",
    "ec2messages:DeleteMessage",
    "ec2messages:FailMessage",
    "ec2messages:GetEndpoint",
    "ec2messages:GetMessages",
    "ec2messages:SendReply",
)


@dataclass(frozen=True)
class Standby:
    """The standby's side of a pair, made by the stack or by somebody else.

    Attributes:
        instance_id: of the NAT.
        route_table_id: of the table that leads to it.
        made: the construct, where the stack has made it.
    """

    instance_id: str
    route_table_id: str
    made: StandbyNat | None = None


class StandbyNat(Construct):
    """A NAT instance that forwards for the protected networks from its first boot on.

    It is a pet: a route leads to it, and after a failover all traffic goes through it. So nothing but a change that a
    person makes may replace it. The image, the user data, the metadata options and the root volume, which take a new
    machine to be changed, are a launch template whose logical id is drawn from its content; the instance names the
    template and its version 1. The latest image is written ``resolve:ssm:PARAMETER``: EC2 looks it up when it launches
    the instance, while the text, and with it template and instance, stays as it is:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-ec2-launchtemplate-launchtemplatedata.html

    A template parameter of type ``AWS::SSM::Parameter::Value`` or a dynamic reference would be looked up again at every
    update of the stack, and each new image would replace the instance, active or not (``ImageId`` requires
    replacement, and no deletion or update policy stops that):
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-instance.html
    ``LatestVersionNumber`` in place of 1 would replace it whenever something else makes a version. User data set on
    the instance itself would, once changed, stop and start the machine without being run again.

    What does replace it: a changed ``standbyAmi``, ``standbyRootDevice``, ``standbySubnetId`` or ``standbyRevision``,
    an instance type of another processor, other user data in a new version of this product. ``cdk diff`` says so.
    Another instance type of the same processor stops and starts it. While it is active, DeploymentGuard refuses both.

    The deployment waits until the user data of a new standby has told a wait condition that it forwards; else it fails,
    with the reason, and rolls back to the standby that was there. A wait condition can't be used twice, so it and its
    handle have the content in their logical ids, as the launch template has. Targets are not part of it: they are read
    at the first boot only, and changing them must not replace the standby; the template then gets a version 2, which
    nobody launches. The protected networks are: the host lets nobody else through. https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-waitcondition.html

    Args:
        pair: the pair's configuration, with a standby subnet.
        user_data: the script that makes a NAT of it at its first boot.

    Attributes:
        instance_id: for routes and policies.
        instance: for DeploymentGuard, as is ``content``: what replaces it, or stops it, once it is changed.
        role: of the instance, for further permissions.
    """

    def __init__(self, scope: Construct, construct_id: str, *, pair: PairConfig, user_data: str) -> None:
        super().__init__(scope, construct_id)
        if len(user_data.encode()) > LARGEST_USER_DATA:
            raise ValueError(f"the standby's user data is larger than the {LARGEST_USER_DATA} bytes that EC2 takes")
        if pair.standby_subnet_id is None:
            raise ValueError(f"pair {pair.name} has no standby subnet: its standby exists already")
        self._pair = pair
        self._names = Names(pair.name)
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("ec2.amazonaws.com"),
            description=f"Standby NAT of pair {pair.name}: reachable by Systems Manager",
            inline_policies={
                "agent": iam.PolicyDocument(
                    statements=[iam.PolicyStatement(sid="Agent", actions=list(AGENT_ACTIONS), resources=["*"])]
                )
            },
        )
        profile = iam.CfnInstanceProfile(self, "Profile", roles=[self.role.role_name])
        self._security_group = self._make_security_group()
        data = self._launch_data()
        digest = self._digest(data, user_data, pair.standby_subnet_id)
        handle = CfnWaitConditionHandle(self, f"Handle{digest}")
        template = ec2.CfnLaunchTemplate(
            self,
            f"Template{digest}",
            launch_template_data={
                **data,
                "userData": Fn.base64(
                    filled_in(user_data, handle.ref, pair.targets, pair.protected_cidrs, resets=self._resets)
                ),
            },
        )
        self.instance = instance = self._make_instance(template, profile, pair.standby_subnet_id)
        self.instance_id = instance.ref
        self.content = {"launch": digest, "type": pair.standby_instance_type, "vpc": pair.vpc_id}
        forwards = CfnWaitCondition(self, f"Forwards{digest}", handle=handle.ref, timeout=str(FORWARDS_WITHIN), count=1)
        forwards.add_resource_dependency(instance)
        self._give_address()
        acknowledge(self.role, {"IAM5[Resource::*]": "the agent's actions know no resource but the instance itself"})
        acknowledge(
            instance,
            {
                "EC28": "its alarms are on status checks, which come every minute without detailed monitoring",
                "EC29": "CloudFormation could not delete or replace it; what replaces it is in the class's description",
            },
        )

    def _give_address(self) -> None:
        """Give it an Elastic IP in place of the address that it launches with, where that is wanted."""
        wanted = self._pair.standby_elastic_ip
        if wanted == "none":
            return
        if wanted == "allocate":
            tags = [CfnTag(key="Name", value=self._names.standby)]
            wanted = ec2.CfnEIP(self, "Address", domain="vpc", tags=tags).attr_allocation_id
        ec2.CfnEIPAssociation(self, "AddressAssociation", allocation_id=wanted, instance_id=self.instance_id)

    def _make_security_group(self) -> ec2.CfnSecurityGroup:
        return ec2.CfnSecurityGroup(
            self,
            "SecurityGroup",
            group_description=f"Standby NAT of pair {self._pair.name}: in from the protected networks, out to anywhere",
            vpc_id=self._pair.vpc_id,
            security_group_ingress=[
                {"ipProtocol": "-1", "cidrIp": cidr, "description": "protected network"}
                for cidr in self._pair.protected_cidrs
            ],
            security_group_egress=[{"ipProtocol": "-1", "cidrIp": "0.0.0.0/0", "description": "the Internet"}],
            tags=[CfnTag(key="Name", value=self._names.standby)],
        )

    def _launch_data(self) -> dict[str, Any]:
        """Return what a launch template says of the machine beside its user data."""
        return {
            "imageId": image(self._pair),
            # Version 2 of the metadata service only, and from the instance itself only: what is forwarded for others
            # has one hop less left. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-IMDS-new-instances.html
            "metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 1},
            "blockDeviceMappings": [
                {
                    "deviceName": self._pair.standby_root_device,
                    "ebs": {"encrypted": True, "volumeType": "gp3", "deleteOnTermination": True},
                }
            ],
        }

    @property
    def _resets(self) -> bool:
        """Whether unknown connections are reset; with an egress address they may go on in their middle."""
        return self._pair.egress_address is None

    def _digest(self, data: Mapping[str, Any], user_data: str, subnet_id: str) -> str:
        """Return eight digits that change with whatever takes a new machine."""
        # As the template will have it: a token's own text differs from one synthesis to the next.
        subnet = Stack.of(self).resolve(subnet_id)
        content = [data, user_data, subnet, self._pair.standby_revision, list(self._pair.protected_cidrs)]
        return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:8]

    def _make_instance(
        self, template: ec2.CfnLaunchTemplate, profile: iam.CfnInstanceProfile, subnet_id: str
    ) -> ec2.CfnInstance:
        return ec2.CfnInstance(
            self,
            "Instance",
            launch_template={"launchTemplateId": template.ref, "version": "1"},
            instance_type=self._pair.standby_instance_type,
            iam_instance_profile=profile.ref,
            # A NAT forwards packets that are neither from nor for itself:
            # https://docs.aws.amazon.com/vpc/latest/userguide/work-with-nat-instances.html
            source_dest_check=False,
            network_interfaces=[
                {
                    "deviceIndex": "0",
                    "subnetId": subnet_id,
                    "groupSet": [self._security_group.attr_group_id],
                    "associatePublicIpAddress": True,
                    "deleteOnTermination": True,
                }
            ],
            instance_initiated_shutdown_behavior="stop",
            propagate_tags_to_volume_on_creation=True,
            tags=[CfnTag(key="Name", value=self._names.standby)],
        )


def image(pair: PairConfig) -> str:
    """Return the launch template's ImageId: an AMI id, or ``resolve:ssm:`` and the parameter that EC2 looks up."""
    if pair.standby_ami == "al2023":
        return "resolve:ssm:" + AL2023.format(architecture=pair.standby_architecture)
    return f"resolve:ssm:{pair.standby_ami}" if pair.standby_ami.startswith("/") else pair.standby_ami
