"""What a person needs next, printed by the deployment."""

from __future__ import annotations

from aws_cdk import Aws, CfnOutput
from constructs import Construct

from infra.nat_failover import NatFailover


class Outputs(Construct):
    """The stack's outputs for a pair; their names begin with the pair's, in camel case without hyphens.

    Args:
        pair: the construct.
    """

    def __init__(self, scope: Construct, construct_id: str, *, pair: NatFailover) -> None:
        super().__init__(scope, construct_id)
        names = pair.names
        prefix = "".join(part.capitalize() for part in names.pair.split("-"))
        told = {
            "LockParameter": (names.lock, "lock: armed, paused, or what happened"),
            "RearmCommand": (f"{names.rearm} --region {Aws.REGION}", "re-arms, once it is known what happened"),
            "Topic": (pair.topic.topic_arn, "tells people; subscribe whom you like"),
            "Function": (pair.function.function_name, "watches, decides and swaps"),
            "StandbyInstance": (pair.standby_instance_id, "the standby NAT"),
            "StandbyRouteTable": (pair.standby_route_table_id, "leads to the standby NAT"),
        }
        for name, (value, description) in told.items():
            output = CfnOutput(self, name, value=value, description=f"Pair {names.pair}: {description}")
            output.override_logical_id(prefix + name)
