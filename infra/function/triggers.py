"""What invokes the function: the schedule, hosts that report a failure, EC2 and Auto Scaling where a NAT goes."""

from __future__ import annotations

from aws_cdk import Aws
from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk import aws_events as events
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.config import PairConfig
from infra.probe.document import name as document_name
from nat_failover.events import (
    AUTO_SCALING,
    EC2,
    GOING,
    INSTANCE_STATE,
    SPOT_WARNING,
    SSM,
    STATUS_CHANGE,
    TERMINATING,
)
from nat_failover.names import Names
from nat_failover.telling.commands import heartbeat

# Of the statuses that an invocation can have, those with which a host's probe says that it has lost the Internet, or
# ends without a word. Cancelled is a person's doing; a command that was never delivered is silence, for the next tick.
# https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_CommandInvocation.html
STATUSES = ("Failed", "TimedOut")
# An event bus may let other accounts send theirs.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-account.html
OWN = {"account": [Aws.ACCOUNT_ID]}


class Triggers(Construct):
    """Rules of the default event bus, the permissions to invoke the function, and hooks of the NATs' groups.

    A NAT that is whoever has a network interface is named in no rule: what EC2 says of it is asked at ticks. Its group
    can be named.

    Args:
        pair: the pair's configuration.
        standby_instance: id.
        function: is invoked with the events as they are.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        pair: PairConfig,
        standby_instance: str,
        function: lambda_.IFunction,
    ) -> None:
        super().__init__(scope, construct_id)
        self._function = function
        tick = events.CfnRule(
            self,
            "Tick",
            description=f"nat-failover, pair {pair.name}: look, whatever happens",
            schedule_expression=rate(pair.period_minutes),
            targets=[self._target()],
        )
        report = events.CfnRule(
            self,
            "Report",
            description=f"nat-failover, pair {pair.name}: a host reports a failure",
            event_pattern={
                **OWN,
                "source": [SSM],
                "detail-type": [STATUS_CHANGE],
                "detail": {"document-name": [document_name(pair)], "status": list(STATUSES)},
            },
            targets=[self._target()],
        )
        rules = {"InvokeByTick": tick, "InvokeByReport": report}
        if nats := list(pair.named_instances(standby_instance).values()):
            rules |= {"InvokeByGoing": self._going(pair, nats), "InvokeByWarned": self._warned(pair, nats)}
        if pair.auto_scaling_groups:
            rules["InvokeByTerminating"] = self._terminating(pair)
        permissions = {
            name: lambda_.CfnPermission(
                self,
                name,
                action="lambda:InvokeFunction",
                function_name=function.function_arn,
                principal="events.amazonaws.com",
                source_arn=rule.attr_arn,
            )
            for name, rule in rules.items()
        }
        for number, group in enumerate(pair.auto_scaling_groups):
            # It comes last and goes first: no termination waits for a function that nothing would invoke.
            self._hook(pair, f"Hook{number}", group).add_dependency(permissions["InvokeByTerminating"])

    def _going(self, pair: PairConfig, nats: list[str]) -> events.CfnRule:
        return events.CfnRule(
            self,
            "Going",
            description=f"nat-failover, pair {pair.name}: a NAT is about to go",
            event_pattern={
                **OWN,
                "source": [EC2],
                "detail-type": [INSTANCE_STATE],
                "detail": {"instance-id": nats, "state": list(GOING)},
            },
            targets=[self._target()],
        )

    def _warned(self, pair: PairConfig, nats: list[str]) -> events.CfnRule:
        return events.CfnRule(
            self,
            "Warned",
            description=f"nat-failover, pair {pair.name}: EC2 is about to interrupt a NAT, a Spot instance",
            event_pattern={**OWN, "source": [EC2], "detail-type": [SPOT_WARNING], "detail": {"instance-id": nats}},
            targets=[self._target()],
        )

    def _terminating(self, pair: PairConfig) -> events.CfnRule:
        return events.CfnRule(
            self,
            "Terminating",
            description=f"nat-failover, pair {pair.name}: a group is about to terminate a NAT",
            event_pattern={
                **OWN,
                "source": [AUTO_SCALING],
                "detail-type": [TERMINATING],
                "detail": {
                    "LifecycleHookName": [Names(pair.name).plain],
                    "AutoScalingGroupName": list(pair.auto_scaling_groups),
                },
            },
            targets=[self._target()],
        )

    def _hook(self, pair: PairConfig, construct_id: str, group: str) -> autoscaling.CfnLifecycleHook:
        """Have a group wait for the function, by a hook of its own name: the actions of other hooks are for others.

        ``CONTINUE`` lets it terminate. ``ABANDON``, the default, would end the actions of other hooks beside, and may
        keep the instance: https://docs.aws.amazon.com/autoscaling/ec2/userguide/lifecycle-hooks-overview.html
        https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-lifecycle-policy.html
        """
        return autoscaling.CfnLifecycleHook(
            self,
            construct_id,
            auto_scaling_group_name=group,
            lifecycle_hook_name=Names(pair.name).plain,
            lifecycle_transition="autoscaling:EC2_INSTANCE_TERMINATING",
            heartbeat_timeout=heartbeat(pair.function_timeout),
            default_result="CONTINUE",
        )

    def _target(self) -> dict[str, str]:
        return {"arn": self._function.function_arn, "id": "function"}


def rate(minutes: int) -> str:
    """Write a period as EventBridge wants it: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html."""
    return "rate(1 minute)" if minutes == 1 else f"rate({minutes} minutes)"
