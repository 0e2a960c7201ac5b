"""The route table that leads to the standby; it waits without a subnet until a failover."""

from __future__ import annotations

from aws_cdk import CfnTag
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from infra.config import PairConfig
from nat_failover.names import Names


class StandbyRouteTable(Construct):
    """A route table whose default route leads to the standby, with the further routes of the configuration.

    It has no association in the template, and neither has the primary's table: which table a subnet uses is the
    function's to change. An AWS::EC2::SubnetRouteTableAssociation is known to CloudFormation by its association id:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-subnetroutetableassociation.html
    and a swap gives the subnet a new one:
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ReplaceRouteTableAssociation.html
    So after a failover the stack would hold an id that no longer exists, to be changed or deleted by a later update.
    Retaining it would not help: a changed subnet or table is a new association, which moves a subnet that is served by
    the standby back to a dead NAT, or is refused. A person runs ``aws ec2 associate-route-table`` once instead.

    Args:
        pair: the pair's configuration.
        standby_instance: id of the standby.

    Attributes:
        table_id: for routes and associations.
    """

    def __init__(self, scope: Construct, construct_id: str, *, pair: PairConfig, standby_instance: str) -> None:
        super().__init__(scope, construct_id)
        table = ec2.CfnRouteTable(
            self, "Table", vpc_id=pair.vpc_id, tags=[CfnTag(key="Name", value=Names(pair.name).standby)]
        )
        ec2.CfnRoute(
            self,
            "Default",
            route_table_id=table.ref,
            destination_cidr_block="0.0.0.0/0",
            instance_id=standby_instance,
        )
        # Named after its destination: were it by number, each route behind one that is taken out would be replaced, and
        # the new one be refused, since its destination is still there until CloudFormation has made all that is new.
        for route in pair.routes:
            ec2.CfnRoute(self, f"To {route.destination}", route_table_id=table.ref, **route.properties)
        self.table_id = table.ref
