"""Alarms: each looks at what the function writes, waits as long as is right, and says what to do."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nat_failover import observability
from nat_failover.names import Metric
from nat_failover.telling.alarm_description import wrong_by
from tests.infra.synthesis import Template, synthesize
from tests.tools.checked import pair

EXISTING = {
    "standbySubnetId": None,
    "standbyInstanceId": "i-0123456789abcdefa",
    "standbyRouteTableId": "rtb-0123456789abcdefa",
}
REARM = "nat-failover rearm main --region eu-central-1"
READ_LOCK = (
    "aws ssm get-parameter --name /nat-failover/main/lock --query Parameter.Value --output text --region eu-central-1"
)
LOG = "aws logs tail /aws/lambda/nat-failover-main --since 1h --region eu-central-1"
TABLES = "aws ec2 describe-route-tables --route-table-ids rtb-0123456789abcdef0 <"
OTHER_TABLE = "aws ec2 replace-route-table-association --association-id rtbassoc-... --route-table-id rtb-..."

# By name: metric, statistic, seconds of a period, periods, how many of them bad, whether the end is told, remedies.
ALARMS: dict[str, tuple[str, str, int, int, int, bool, list[str]]] = {
    "failed-over": ("FailedOver", "Sum", 60, 1, 1, False, [READ_LOCK, REARM]),
    "failover-failed": ("FailoverFailed", "Sum", 60, 1, 1, False, [READ_LOCK, TABLES, OTHER_TABLE, REARM]),
    "lock-failed": ("LockFailed", "Maximum", 60, 1, 1, True, [READ_LOCK, TABLES, REARM]),
    "lock-unreadable": ("LockUnreadable", "Maximum", 60, 1, 1, True, [READ_LOCK, REARM]),
    "passive-nat-unhealthy": ("PassiveNatUnhealthy", "Maximum", 60, 3, 2, True, [TABLES, LOG]),
    "control-down": ("ControlDown", "Maximum", 60, 1, 1, True, [LOG]),
    "failover-blocked": ("FailoverBlocked", "Maximum", 60, 1, 1, True, ["get-parameter-history --name", TABLES]),
    "never-online": ("NeverOnline", "Maximum", 60, 3, 3, True, [TABLES, LOG]),
    "cannot-judge": ("CannotJudge", "Maximum", 60, 5, 5, True, ["Key=tag:nat-failover:probe,Values=main", LOG]),
    "subnets-split": ("Split", "Maximum", 60, 3, 2, True, [TABLES, OTHER_TABLE]),
    "no-subnets": ("NoSubnets", "Maximum", 60, 3, 2, True, [TABLES, "aws ec2 associate-route-table "]),
    "not-told": ("NotTold", "Sum", 60, 3, 2, True, [LOG]),
    "routes-differ": ("RoutesDiffer", "Maximum", 60, 5, 5, True, [TABLES, LOG]),
    "nat-nearly-full": ("ConnectionsNearlyFull", "Maximum", 60, 1, 1, True, ["nf_conntrack_max", LOG]),
    "packets-lost": ("PacketsLost", "Maximum", 60, 3, 2, True, [TABLES, "nat-failover failover"]),
    "offline-while-locked": ("OfflineWhileLocked", "Maximum", 60, 3, 3, True, [READ_LOCK, REARM]),
}
THRESHOLDS = {"nat-nearly-full": 80, "packets-lost": 10}
OTHERS = {"no-tick", "function-errors", "function-throttles"}
OF_THE_STANDBY = {"standby-status-check", "standby-system-check"}

WRITE = ("metrics.count", "metrics.seconds", "metrics.percent")
SOURCES = sorted(Path(observability.__file__).parent.rglob("*.py"))


def written(tree: ast.AST) -> Iterator[str]:
    """Give the names of the metrics that a module writes, one by one, in a loop over a dictionary, or by a tuple."""
    for node in ast.walk(tree):
        if isinstance(node, ast.For) and isinstance(node.iter, ast.Call):
            looped = getattr(node.iter.func, "value", None)
            if isinstance(looped, ast.Dict) and "metrics.count(name" in ast.unparse(node):
                yield from (Metric[key.attr] for key in looped.keys if isinstance(key, ast.Attribute))
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple):
            named = [element for element in node.value.elts if ast.unparse(element).startswith("Metric.")]
            yield from (Metric[name.attr] for name in named if isinstance(name, ast.Attribute))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in WRITE:
            if isinstance(node.args[0], ast.Attribute):
                yield Metric[node.args[0].attr]
            else:
                assert ast.unparse(node.args[0]) == "name", "a metric whose name this test can't see"


def test_the_function_writes_every_metric() -> None:
    found = {name for source in SOURCES for name in written(ast.parse(source.read_text(encoding="utf-8")))}
    assert found == set(Metric)


def alarms(template: Template, of: str = "main") -> dict[str, dict[str, Any]]:
    """Give a pair's alarms by the end of their names."""
    start = f"nat-failover-{of}-"
    made = template.of("AWS::CloudWatch::Alarm").values()
    return {a["AlarmName"].removeprefix(start): a for a in made if a["AlarmName"].startswith(start)}


@pytest.fixture(scope="module")
def main() -> Template:
    return synthesize({"pairs": [pair(standbyInstanceType="t4g.nano")]})


def topic(template: Template) -> str:
    (name,) = template.of("AWS::SNS::Topic")
    return f"<{name}>"


def test_the_doctor_finds_in_a_description_what_is_wrong(main: Template) -> None:
    for alarm in alarms(main).values():
        finding = wrong_by(alarm["AlarmDescription"], "main")
        assert finding
        assert f"Pair main. {finding}. " in alarm["AlarmDescription"] or "\n" in finding
        assert wrong_by(alarm["AlarmDescription"], "other") is None


def test_no_alarm_is_missing(main: Template) -> None:
    assert alarms(main).keys() == ALARMS.keys() | OTHERS | OF_THE_STANDBY


def test_an_egress_address_has_an_alarm_of_its_own() -> None:
    egress = "eipalloc-0123456789abcdef0"
    alarm = alarms(synthesize({"pairs": [pair(egressAddress=egress)]}))["egress-elsewhere"]
    assert (alarm["MetricName"], alarm["Statistic"]) == ("EgressElsewhere", "Maximum")
    assert (alarm["Period"], alarm["EvaluationPeriods"], alarm["DatapointsToAlarm"]) == (60, 3, 2)
    for remedy in (TABLES, f"aws ec2 associate-address --allocation-id {egress}", LOG):
        assert remedy in alarm["AlarmDescription"]


def test_a_passive_nat_without_an_address_has_an_alarm_that_waits_for_what_is_normal_after_a_failover() -> None:
    first, second = "eipalloc-0123456789abcdef0", "eipalloc-0fedcba9876543210"
    made = alarms(synthesize({"pairs": [pair(egressAddress=first, standbyEgressAddress=second)]}))
    alarm = made["passive-nat-without-address"]
    assert (alarm["MetricName"], alarm["Statistic"]) == ("PassiveNatWithoutAddress", "Maximum")
    assert (alarm["Period"], alarm["EvaluationPeriods"], alarm["DatapointsToAlarm"]) == (60, 10, 10)
    for remedy in (TABLES, f"aws ec2 associate-address --allocation-id {second}", LOG):
        assert remedy in alarm["AlarmDescription"]


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_looks_at_the_pair_s_metric_and_says_what_to_do(name: str, main: Template) -> None:
    metric, statistic, period, periods, bad, tells_end, remedies = ALARMS[name]
    alarm = alarms(main)[name]
    assert (alarm["Namespace"], alarm["MetricName"], alarm["Statistic"]) == ("nat-failover", metric, statistic)
    assert alarm["Dimensions"] == [{"Name": "service", "Value": "main"}]
    assert (alarm["Period"], alarm["EvaluationPeriods"], alarm["DatapointsToAlarm"]) == (period, periods, bad)
    assert alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
    assert alarm["Threshold"] == THRESHOLDS.get(name, 1)
    assert alarm["TreatMissingData"] == "notBreaching"
    assert alarm["AlarmActions"] == [topic(main)]
    assert alarm.get("OKActions") == ([topic(main)] if tells_end else None)
    for remedy in remedies:
        assert remedy in alarm["AlarmDescription"]


def test_no_tick_for_five_minutes_is_an_alarm_because_values_are_missing(main: Template) -> None:
    alarm = alarms(main)["no-tick"]
    assert (alarm["MetricName"], alarm["Statistic"], alarm["Namespace"]) == ("Tick", "Sum", "nat-failover")
    assert alarm["Dimensions"] == [{"Name": "service", "Value": "main"}]
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanThreshold", 1)
    assert (alarm["Period"], alarm["EvaluationPeriods"], alarm["DatapointsToAlarm"]) == (60, 5, 5)
    assert alarm["TreatMissingData"] == "breaching"
    assert alarm["AlarmActions"] == alarm["OKActions"] == [topic(main)]
    assert LOG in alarm["AlarmDescription"]


@pytest.mark.parametrize(("minutes", "periods"), [(1, 5), (2, 3), (5, 3), (60, 3)])
def test_a_longer_period_of_the_schedule_makes_for_longer_periods_of_the_alarms(minutes: int, periods: int) -> None:
    settings: dict[str, Any] = {"periodMinutes": minutes}
    if minutes > 10:
        settings["window"] = 0
    made = alarms(synthesize({"pairs": [pair(**settings)]}))
    assert (made["no-tick"]["Period"], made["no-tick"]["EvaluationPeriods"]) == (60 * minutes, periods)
    for name, (*_, tells_end, _) in ALARMS.items():
        assert made[name]["Period"] == (60 * minutes if tells_end else 60), name
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
        assert made[name]["Period"] * made[name]["EvaluationPeriods"] <= 86400, name
    assert made["cannot-judge"]["EvaluationPeriods"] >= 2


def test_failures_from_before_a_failover_do_not_count_as_offline_while_locked() -> None:
    made = alarms(synthesize({"pairs": [pair(freshness=300)]}))["offline-while-locked"]
    assert made["EvaluationPeriods"] == made["DatapointsToAlarm"] == 7


@pytest.mark.parametrize(("name", "metric"), [("function-errors", "Errors"), ("function-throttles", "Throttles")])
def test_lambda_s_own_metrics_of_the_function_are_watched(name: str, metric: str, main: Template) -> None:
    alarm = alarms(main)[name]
    assert (alarm["Namespace"], alarm["MetricName"], alarm["Statistic"]) == ("AWS/Lambda", metric, "Sum")
    assert alarm["Dimensions"] == [{"Name": "FunctionName", "Value": f"<{main.function}>"}]
    assert (alarm["Period"], alarm["EvaluationPeriods"], alarm["Threshold"]) == (60, 1, 1)
    assert alarm["TreatMissingData"] == "notBreaching"
    assert alarm["AlarmActions"] == [topic(main)]
    assert "aws l" in alarm["AlarmDescription"]


def test_a_standby_on_broken_hardware_is_recovered_and_people_hear_of_every_failed_check(main: Template) -> None:
    (instance,) = main.of("AWS::EC2::Instance")
    system, status = alarms(main)["standby-system-check"], alarms(main)["standby-status-check"]
    assert (system["MetricName"], status["MetricName"]) == ("StatusCheckFailed_System", "StatusCheckFailed")
    assert system["AlarmActions"] == ["arn:aws:automate:eu-central-1:ec2:recover"]
    assert status["AlarmActions"] == status["OKActions"] == [topic(main)]
    assert f"aws ec2 reboot-instances --instance-ids <{instance}>" in status["AlarmDescription"]
    for alarm in (system, status):
        assert alarm["Namespace"] == "AWS/EC2"
        assert alarm["Dimensions"] == [{"Name": "InstanceId", "Value": f"<{instance}>"}]
        assert (alarm["Statistic"], alarm["Period"], alarm["EvaluationPeriods"]) == ("Maximum", 60, 2)
        assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanOrEqualToThreshold", 1)
        assert alarm["TreatMissingData"] == "missing"


def test_a_standby_that_exists_already_is_left_to_whoever_made_it() -> None:
    settings = {key: value for key, value in {**pair(), **EXISTING}.items() if value is not None}
    template = synthesize({"pairs": [settings]})
    assert alarms(template).keys() == ALARMS.keys() | OTHERS
    assert "ec2:recover" not in str(template.body)
    assert f"{TABLES[:-1]}rtb-0123456789abcdefa" in alarms(template)["subnets-split"]["AlarmDescription"]


def test_alarms_of_the_account_may_publish_to_the_topic_and_still_nobody_without_tls(main: Template) -> None:
    policy = main.only("AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"]
    (allowed,) = [statement for statement in policy if statement["Effect"] == "Allow"]
    (denied,) = [statement for statement in policy if statement["Effect"] == "Deny"]
    assert allowed["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert (allowed["Action"], allowed["Resource"]) == ("sns:Publish", topic(main))
    assert allowed["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_two_pairs_in_a_stack_have_alarms_of_their_own() -> None:
    template = synthesize({"pairs": [pair(), pair("other", "1")]})
    for of in ("main", "other"):
        made = alarms(template, of)
        assert made.keys() == ALARMS.keys() | OTHERS | OF_THE_STANDBY
        topics = {action for alarm in made.values() for action in alarm["AlarmActions"] if "recover" not in action}
        assert [action.startswith(f"<{of}") for action in topics] == [True]


def test_nothing_refers_to_an_alarm_but_by_its_name(main: Template) -> None:
    text = str({k: v for k, v in main.body["Resources"].items() if v["Type"] != "AWS::CloudWatch::Alarm"})
    made = [k for k, v in main.body["Resources"].items() if v["Type"] == "AWS::CloudWatch::Alarm"]
    assert made
    assert not [name for name in made if name in text]


def test_descriptions_fit_even_with_the_longest_names_and_tags() -> None:
    tag = {"key": "k" * 128, "value": "v" * 255}
    template = synthesize({"pairs": [pair("p" * 31, probeTag=tag)]})
    made = alarms(template, "p" * 31).values()
    assert len(made) == 21
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    assert max(len(alarm["AlarmDescription"]) for alarm in made) <= 1024 - 50


def test_a_tag_with_blanks_is_quoted_in_the_command() -> None:
    template = synthesize({"pairs": [pair(probeTag={"key": "a b", "value": "c d"})]})
    assert "--filters 'Key=tag:a b,Values=c d' --region" in alarms(template)["cannot-judge"]["AlarmDescription"]
