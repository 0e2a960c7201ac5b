"""Dashboards: one a pair, of which every graph shows something that exists."""

from __future__ import annotations

import json
from itertools import combinations
from typing import Any

import pytest

from nat_failover.names import Metric
from tests.infra.synthesis import Template, synthesize
from tests.tools.checked import pair


@pytest.fixture(scope="module")
def main() -> Template:
    return synthesize({"pairs": [pair()]})


def widgets(template: Template) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(template.only("AWS::CloudWatch::Dashboard")["DashboardBody"])["widgets"]
    return found


def metrics(template: Template) -> list[list[Any]]:
    return [metric for widget in widgets(template) for metric in widget["properties"].get("metrics", [])]


def test_dashboards_are_common_to_all_regions_so_their_names_have_the_region() -> None:
    template = synthesize({"pairs": [pair(), pair("other", "1")]})
    names = {dashboard["DashboardName"] for dashboard in template.of("AWS::CloudWatch::Dashboard").values()}
    assert names == {"nat-failover-main-eu-central-1", "nat-failover-other-eu-central-1"}


def test_every_alarm_of_the_pair_is_shown_by_its_arn(main: Template) -> None:
    (shown,) = [widget["properties"]["alarms"] for widget in widgets(main) if widget["type"] == "alarm"]
    names = {alarm["AlarmName"] for alarm in main.of("AWS::CloudWatch::Alarm").values()}
    assert set(shown) == {f"arn:aws:cloudwatch:eu-central-1:123456789012:alarm:{name}" for name in names}
    assert len(shown) == len(names) > 10


def test_the_pair_s_own_metrics_are_shown_with_their_dimension(main: Template) -> None:
    own = [metric for metric in metrics(main) if metric[0] == "nat-failover"]
    assert {tuple(metric[2:4]) for metric in own} == {("service", "main")}
    shown = {metric[1] for metric in own}
    assert shown <= {metric.value for metric in Metric}
    assert shown >= {
        "BackendsReachable",
        "BackendsUnreachable",
        "BackendsSilent",
        "StandbyActive",
        "Locked",
        "DetectionSeconds",
        "SwapSeconds",
    }


def test_an_egress_address_that_is_elsewhere_is_shown_for_a_pair_that_has_one(main: Template) -> None:
    chosen = synthesize({"pairs": [pair(egressAddress="eipalloc-0123456789abcdef0")]})
    assert [metric[1] for metric in metrics(chosen)].count("EgressElsewhere") == 1
    assert "EgressElsewhere" not in [metric[1] for metric in metrics(main)]


def test_traffic_of_both_nats_is_shown(main: Template) -> None:
    (standby,) = main.of("AWS::EC2::Instance")
    assert {tuple(metric[:4]) for metric in metrics(main) if metric[0] == "AWS/EC2"} == {
        ("AWS/EC2", metric, "InstanceId", instance)
        for metric in ("NetworkIn", "NetworkOut")
        for instance in ("i-0123456789abcdef0", f"<{standby}>")
    }


def test_the_function_s_invocations_errors_and_duration_are_shown(main: Template) -> None:
    of_lambda = [metric for metric in metrics(main) if metric[0] == "AWS/Lambda"]
    assert {tuple(metric[2:4]) for metric in of_lambda} == {("FunctionName", f"<{main.function}>")}
    assert {metric[1] for metric in of_lambda} >= {"Invocations", "Errors", "Duration"}


def test_every_graph_has_the_region_and_a_period_with_values() -> None:
    for widget in widgets(synthesize({"pairs": [pair(periodMinutes=5)]})):
        if widget["type"] == "metric":
            assert widget["properties"]["region"] == "eu-central-1"
            if widget["properties"]["title"] != "Failovers, in seconds":
                assert widget["properties"]["period"] == 300


def test_no_widget_covers_another_or_leaves_the_grid(main: Template) -> None:
    cells = [
        {(w["x"] + right, w["y"] + down) for right in range(w["width"]) for down in range(w["height"])}
        for w in widgets(main)
    ]
    assert not [pair for pair in combinations(cells, 2) if pair[0] & pair[1]]
    assert max(x for cell in cells for x, _ in cell) < 24
