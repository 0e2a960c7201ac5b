"""A page that shows a pair at a glance: who is online, which NAT carries, what the lock is, how long swaps took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aws_cdk import Aws, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.config import PairConfig
from nat_failover.names import DIMENSION, NAMESPACE, Metric, Names

HEIGHT = 6
# The grid's width: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
FULL, THIRD = 24, 8
GREEN, RED, GREY = "#2ca02c", "#d62728", "#7f7f7f"
FROM_ZERO = {"left": {"min": 0}}
ZERO_TO_HUNDRED = {"left": {"min": 0, "max": 100}}
ZERO_TO_ONE = {"left": {"min": 0, "max": 1}}
# Basic monitoring of EC2 has a value every five minutes:
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-cloudwatch-new.html
BASIC = 300


class Dashboard(Construct):
    """The dashboard of a pair.

    Args:
        pair: the pair's configuration.
        instances: ids of those NATs that are known, by role.
        function: of the pair.
        alarms: their ARNs.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        pair: PairConfig,
        instances: Mapping[str, str],
        function: lambda_.IFunction,
        alarms: Sequence[str],
    ) -> None:
        super().__init__(scope, construct_id)
        names = Names(pair.name)
        self._pair = pair
        self._function = function.function_name
        widgets = [
            _placed(_alarm_status(alarms), 0, 0, FULL),
            *_row(1, [self._backends(), self._active(), self._lock()]),
            *_row(2, [self._durations(), *(_traffic(role.capitalize(), nat) for role, nat in instances.items())]),
            *_row(3, [self._connections(), self._memory(), self._lost()]),
            *_row(4, [self._invocations(), self._function_duration(), self._troubles()]),
        ]
        cloudwatch.CfnDashboard(
            self,
            "Dashboard",
            dashboard_name=dashboard_name(names),
            dashboard_body=Stack.of(self).to_json_string({"start": "-PT3H", "widgets": widgets}),
        )

    def _own(self, metric: Metric, label: str, **options: object) -> list[object]:
        return [NAMESPACE, metric.value, DIMENSION, self._pair.name, {"label": label, **options}]

    def _of_lambda(self, metric: str, **options: object) -> list[object]:
        return ["AWS/Lambda", metric, "FunctionName", self._function, {"label": metric.lower(), **options}]

    def _backends(self) -> dict[str, object]:
        metrics = [
            self._own(Metric.BACKENDS_REACHABLE, "online", color=GREEN),
            self._own(Metric.BACKENDS_UNREACHABLE, "offline", color=RED),
            self._own(Metric.BACKENDS_SILENT, "silent", color=GREY),
        ]
        return _graph("Backends", metrics, self._pair.period, yAxis=FROM_ZERO)

    def _active(self) -> dict[str, object]:
        metrics = [self._own(Metric.STANDBY_ACTIVE, "standby is active")]
        return _graph("Active NAT: 0 primary, 1 standby", metrics, self._pair.period, yAxis=ZERO_TO_ONE)

    def _lock(self) -> dict[str, object]:
        metrics = [
            self._own(Metric.LOCKED, "locked"),
            self._own(Metric.LOCK_FAILED, "a failover failed", color=RED),
            self._own(Metric.LOCK_UNREADABLE, "unreadable", color=GREY),
        ]
        return _graph("Lock: 0 armed, 1 locked", metrics, self._pair.period, yAxis=ZERO_TO_ONE)

    def _durations(self) -> dict[str, object]:
        metrics = [
            self._own(Metric.DETECTION_SECONDS, "from the first loss to the swap"),
            self._own(Metric.SWAP_SECONDS, "swap"),
        ]
        return _graph("Failovers, in seconds", metrics, 60, yAxis=FROM_ZERO)

    def _connections(self) -> dict[str, object]:
        metrics = [self._own(Metric.PRIMARY_CONNECTIONS, "primary"), self._own(Metric.STANDBY_CONNECTIONS, "standby")]
        alarm = {"horizontal": [{"value": 80, "color": RED}]}
        title = "Connections tracked, % of what the NAT can"
        return _graph(title, metrics, self._pair.period, yAxis=ZERO_TO_HUNDRED, annotations=alarm)

    def _memory(self) -> dict[str, object]:
        metrics = [self._own(Metric.PRIMARY_MEMORY, "primary"), self._own(Metric.STANDBY_MEMORY, "standby")]
        return _graph("Memory available, %", metrics, self._pair.period, stat="Minimum", yAxis=ZERO_TO_HUNDRED)

    def _lost(self) -> dict[str, object]:
        metrics = [
            self._own(Metric.PACKETS_LOST, "lost by backends, %", color=RED),
            self._own(Metric.PRIMARY_ALLOWANCE_EXCEEDED, "dropped by EC2 at the primary's limits", yAxis="right"),
            self._own(Metric.STANDBY_ALLOWANCE_EXCEEDED, "at the standby's", yAxis="right"),
        ]
        return _graph("Loss; empty while there is none", metrics, self._pair.period, yAxis=FROM_ZERO)

    def _invocations(self) -> dict[str, object]:
        metrics = [
            self._of_lambda("Invocations"),
            self._of_lambda("Errors", color=RED),
            self._of_lambda("Throttles", color=GREY),
        ]
        return _graph("Function", metrics, self._pair.period, stat="Sum", yAxis=FROM_ZERO)

    def _function_duration(self) -> dict[str, object]:
        metrics = [
            self._of_lambda("Duration", stat="Average", label="average"),
            self._of_lambda("Duration", label="maximum"),
        ]
        return _graph("Duration of the function, in milliseconds", metrics, self._pair.period, yAxis=FROM_ZERO)

    def _troubles(self) -> dict[str, object]:
        metrics = [
            self._own(Metric.FAILOVER_BLOCKED, "failover blocked"),
            self._own(Metric.NEVER_ONLINE, "never seen online"),
            self._own(Metric.CANNOT_JUDGE, "cannot judge"),
            self._own(Metric.SPLIT, "subnets split"),
            self._own(Metric.NO_SUBNETS, "no subnets"),
            self._own(Metric.CONTROL_DOWN, "passive NAT can't help"),
            self._own(Metric.PASSIVE_NAT_UNHEALTHY, "passive NAT unhealthy"),
            self._own(Metric.OFFLINE_WHILE_LOCKED, "offline while locked"),
            self._own(Metric.ROUTES_DIFFER, "routes that differ"),
            *(self._of_addresses() if self._pair.egress_address else []),
            self._own(Metric.BACKENDS_BROKEN, "backends that can't probe"),
            self._own(Metric.NOT_TOLD, "messages not sent"),
        ]
        return _graph("Trouble; empty while there is none", metrics, self._pair.period, yAxis=FROM_ZERO)

    def _of_addresses(self) -> list[list[object]]:
        return [
            self._own(Metric.EGRESS_ELSEWHERE, "egress address elsewhere"),
            self._own(Metric.PASSIVE_NAT_WITHOUT_ADDRESS, "passive NAT without address"),
        ]


def dashboard_name(names: Names) -> str:
    """Return the dashboard's name, with the region in it: an account has its dashboards in common for all regions.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html
    """
    return f"{names.plain}-{Aws.REGION}"


def _row(number: int, widgets: Sequence[Mapping[str, object]]) -> list[dict[str, object]]:
    return [_placed(widget, THIRD * place, HEIGHT * number, THIRD) for place, widget in enumerate(widgets)]


def _placed(widget: Mapping[str, object], x: int, y: int, width: int) -> dict[str, object]:
    return {**widget, "x": x, "y": y, "width": width, "height": HEIGHT}


def _alarm_status(arns: Sequence[str]) -> dict[str, object]:
    return {"type": "alarm", "properties": {"title": "Alarms", "alarms": list(arns)}}


def _graph(
    title: str, metrics: Sequence[Sequence[object]], period: int, stat: str = "Maximum", **options: object
) -> dict[str, object]:
    properties = {
        "title": title,
        "metrics": metrics,
        "period": period,
        "stat": stat,
        "view": "timeSeries",
        "region": Aws.REGION,
        **options,
    }
    return {"type": "metric", "properties": properties}


def _traffic(role: str, instance: str) -> dict[str, object]:
    metrics = [
        ["AWS/EC2", metric, "InstanceId", instance, {"label": label}]
        for metric, label in (("NetworkIn", "in"), ("NetworkOut", "out"))
    ]
    return _graph(f"{role} NAT, bytes in five minutes", metrics, BASIC, stat="Sum", yAxis=FROM_ZERO)
