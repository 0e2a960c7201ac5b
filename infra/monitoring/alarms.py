"""What wakes people: the pair's alarms, each with what it means and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from aws_cdk import Aws
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra.config import PairConfig
from infra.constructs.standby_nat import Standby
from infra.location import Location
from infra.monitoring.alarm_definitions import BELOW, AlarmDefinition, about_failovers, about_the_pair
from infra.monitoring.nat_alarms import about_nats
from nat_failover.names import DIMENSION, Metric, Names
from nat_failover.telling.alarm_description import describe
from nat_failover.telling.commands import read_log

# It has a section for each alarm, which is called as the alarm is.


class Alarms(Construct):
    """The alarms of a pair; they go to its topic, and to ``alarm_actions`` where the pair has such.

    They have names of their own, by which others (the dashboard) refer to them, never to the resource.

    Args:
        pair: the pair's configuration.
        topic: of the pair.
        function: of the pair.
        standby: whose machine is looked after where the stack has made it, and whose table commands name.

    Attributes:
        arns: of all of them, the worst first.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        pair: PairConfig,
        topic: sns.ITopic,
        function: lambda_.IFunction,
        standby: Standby,
    ) -> None:
        super().__init__(scope, construct_id)
        self._names = Names(pair.name)
        self._runbook = pair.runbook_url or ""
        self._tell = [topic.topic_arn, *pair.alarm_actions]
        place = Location.of(pair, standby.route_table_id)
        definitions = [
            *about_failovers(pair, place),
            *about_the_pair(pair, place),
            *about_nats(pair, place),
            *_of_the_function(pair, read_log(place), function.function_name),
        ]
        for definition in definitions:
            self._make(definition, self._tell)
        if standby.made is not None:
            machine, hardware = _of_the_standby(standby.instance_id)
            self._make(machine, self._tell)
            # People are told by the other, which fails whenever this one does.
            self._make(hardware, [f"arn:{Aws.PARTITION}:automate:{Aws.REGION}:ec2:recover"])
            definitions += [machine, hardware]
        self.arns = tuple(
            f"arn:{Aws.PARTITION}:cloudwatch:{Aws.REGION}:{Aws.ACCOUNT_ID}:alarm:{self._name(definition)}"
            for definition in definitions
        )

    def _name(self, definition: AlarmDefinition) -> str:
        return f"{self._names.plain}-{definition.what}"

    def _make(self, definition: AlarmDefinition, actions: Sequence[str]) -> None:
        dimensions = definition.dimensions or {DIMENSION: self._names.pair}
        cloudwatch.CfnAlarm(
            self,
            definition.what,
            alarm_name=self._name(definition),
            alarm_description=describe(self._names.pair, definition.meaning, definition.what, self._runbook),
            namespace=definition.namespace,
            metric_name=definition.metric,
            dimensions=[{"name": name, "value": value} for name, value in dimensions.items()],
            statistic=definition.statistic,
            period=definition.period,
            evaluation_periods=definition.periods,
            datapoints_to_alarm=definition.bad,
            comparison_operator=definition.comparison,
            threshold=definition.threshold,
            treat_missing_data=definition.missing,
            alarm_actions=list(actions),
            ok_actions=list(actions) if definition.tells_end else None,
        )


def _of_the_function(pair: PairConfig, log: str, function: str) -> list[AlarmDefinition]:
    silent = max(3, ceil(5 / pair.period_minutes))
    return [
        AlarmDefinition(
            "no-tick",
            Metric.TICK,
            f"The function has not looked for {silent * pair.period_minutes} minutes: nothing is protected. Either "
            "nobody invokes it (look whether its rule in EventBridge is enabled), or it ends before it can judge. "
            f"Why: {log}",
            period=pair.period,
            periods=silent,
            bad=silent,
            statistic="Sum",
            comparison=BELOW,
            missing="breaching",
        ),
        AlarmDefinition(
            "function-errors",
            "Errors",
            "The function ended with an error or ran out of time; Lambda and the next tick try again. While it lasts "
            f"nothing is protected. Why: {log}",
            statistic="Sum",
            tells_end=False,
            namespace="AWS/Lambda",
            dimensions={"FunctionName": function},
        ),
        AlarmDefinition(
            "function-throttles",
            "Throttles",
            "Lambda did not run the function, for the account's concurrency is used up: a failover may come late. Find "
            "out which function uses it, or have it raised. The limit: "
            f"aws lambda get-account-settings --region {Aws.REGION}",
            statistic="Sum",
            tells_end=False,
            namespace="AWS/Lambda",
            dimensions={"FunctionName": function},
        ),
    ]


def _of_the_standby(instance: str) -> list[AlarmDefinition]:
    """Return the alarm for people and the one that recovers.

    Without data EC2 alarms do nothing: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
    """
    see = f"aws ec2 describe-instance-status --instance-ids {instance} --region {Aws.REGION}"
    return [
        AlarmDefinition(
            "standby-status-check",
            "StatusCheckFailed",
            "The standby NAT fails a status check of EC2. If it is AWS' hardware, EC2 recovers it by itself; if it is "
            f"the machine, reboot it. If it is the active NAT, backends may be offline. Which check: {see}\n"
            f"Reboot: aws ec2 reboot-instances --instance-ids {instance} --region {Aws.REGION}",
            periods=2,
            bad=2,
            missing="missing",
            namespace="AWS/EC2",
            dimensions={"InstanceId": instance},
        ),
        AlarmDefinition(
            "standby-system-check",
            "StatusCheckFailed_System",
            "The hardware under the standby NAT fails. EC2 is asked to recover it: it boots on other hardware, with "
            f"the same id and addresses. No action needed unless it goes on. See: {see}",
            periods=2,
            bad=2,
            tells_end=False,
            missing="missing",
            namespace="AWS/EC2",
            dimensions={"InstanceId": instance},
        ),
    ]
