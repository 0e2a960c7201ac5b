"""What a person needs next, printed by the deployment."""

from __future__ import annotations

from aws_cdk import Aws, CfnCondition, CfnOutput, Fn, Stack, Token
from constructs import Construct

from infra.monitoring.dashboard import dashboard_name
from infra.nat_failover import NatFailover
from nat_failover.telling.commands import read_lock, rearm

# https://docs.aws.amazon.com/general/latest/gr/mgmt-console.html
CONSOLE = "console.aws.amazon.com"
# By partition, each with the name of a condition:
# https://docs.amazonaws.cn/en_us/IAM/latest/UserGuide/id_users_sign-in.html
# https://docs.aws.amazon.com/govcloud-us/latest/UserGuide/configure-account.html
OTHER_CONSOLES = {
    "aws-cn": ("InChina", "console.amazonaws.cn"),
    "aws-us-gov": ("InGovCloud", "console.amazonaws-us-gov.com"),
}


class Outputs(Construct):
    """The stack's outputs for a pair; their names begin with the pair's, in camel case without hyphens.

    Args:
        pair: the construct.
    """

    def __init__(self, scope: Construct, construct_id: str, *, pair: NatFailover) -> None:
        super().__init__(scope, construct_id)
        names = pair.names
        prefix = "".join(part.capitalize() for part in names.pair.split("-"))
        outputs = {
            "LockParameter": (names.lock, "lock: armed, paused, or what happened"),
            "LockCommand": (read_lock(pair.location), "shows the lock"),
            "RearmCommand": (rearm(pair.location), "re-arms unchecked; nat-failover rearm checks first"),
            "Dashboard": (
                f"https://{_console(self)}/cloudwatch/home?region={Aws.REGION}#dashboards/dashboard/{dashboard_name(names)}",
                "the pair at a glance",
            ),
            "Topic": (pair.topic.topic_arn, "notifies people; subscribe whoever you like"),
            "Function": (pair.function.function_name, "watches, decides and swaps"),
            "StandbyInstance": (pair.standby_instance_id, "the standby NAT"),
            "StandbyRouteTable": (pair.standby_route_table_id, "leads to the standby NAT"),
        }
        for name, (value, description) in outputs.items():
            output = CfnOutput(self, name, value=value, description=f"Pair {names.pair}: {description}")
            output.override_logical_id(prefix + name)


def _console(scope: Construct) -> str:
    """Return the console's host, which only the deployment knows: a stack may go to any partition.

    Conditions, not a mapping: a partition that a mapping lacks would make the deployment fail, for the sake of a link.
    """
    stack = Stack.of(scope)
    host = CONSOLE
    for partition, (name, other) in OTHER_CONSOLES.items():
        condition = stack.node.try_find_child(name)
        if not isinstance(condition, CfnCondition):
            condition = CfnCondition(stack, name, expression=Fn.condition_equals(Aws.PARTITION, partition))
        host = Token.as_string(Fn.condition_if(condition.logical_id, other, host))
    return host
