"""The bench itself: what it counts is there, and what it would miss would show."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

import pytest

from infra.config import PairConfig
from tests.bench import days, episodes, plots, report
from tests.bench.bars import at_least, at_most
from tests.bench.cost import bill, prices
from tests.bench.cost.cost import alarms, billed_ms
from tests.bench.outage import EVENTS_LOST, OURS, PERIOD, Sample, Wanted, offline, run, summary
from tests.bench.scale.crowd import Clock, Crowd
from tests.bench.scale.scale import CALLS_BAR, Function
from tests.bench.scale.wire import Wire
from tests.bench.statistics import percentile, spread
from tests.bench.tables import Table
from tests.gate.rules.proof import refused
from tests.infra.synthesis import made
from tests.lab.latencies import Latencies

NO_TIME = Latencies().scaled(0)


def test_a_percentile_is_the_nearest_rank() -> None:
    values = [float(n) for n in range(1, 21)]
    assert [percentile(values, p) for p in (50, 95, 100)] == [10, 19, 20]
    assert spread([3.0]) == {"count": 1, "median": 3.0, "p95": 3.0, "max": 3.0}
    with pytest.raises(ValueError, match="no values"):
        percentile([], 50)


def test_a_bar_is_met_up_to_its_limit() -> None:
    assert [at_most("b", 4.5, measured).met for measured in (4.5, 4.51)] == [True, False]
    assert [at_least("b", 15, measured).met for measured in (15, 14.9)] == [True, False]


@pytest.mark.parametrize("who", ["ours", "a", "b", "c"])
def test_everybody_brings_the_subnets_back_online_after_a_failure_that_they_notice(who: str) -> None:
    sample = run(Wanted(who, "nat-stopped", "simulated", 3))
    assert sample.problems == ()
    assert len(sample.outages) == 6
    assert min(sample.outages) > 0


def test_the_group_notices_no_rules_that_are_gone() -> None:
    sample = run(Wanted("c", "nat-rules-flushed", "simulated", 3))
    assert sample.problems
    assert sample.outages == ()


def test_runs_that_differ_in_the_seed_only_are_a_row() -> None:
    sample = Sample(OURS, "nat-stopped", "simulated", 1, 1.0, True, (3.0, 5.0), {"seen": 1.0}, ())
    samples = [sample, replace(sample, seed=2, outages=(7.0,)), replace(sample, slower=2.0)]
    first, second = summary(samples)
    assert (first["runs"], first["offline"]["count"], first["offline"]["max"]) == (2, 3, 7.0)
    assert second["latencies"] == 2.0
    assert offline(samples, lambda s: s.seed == 2) == [7.0]


def test_times_in_which_something_is_the_matter_are_joined_where_they_meet() -> None:
    found = days.windows(
        [episodes.Episode("loss", 1000), episodes.Episode("agents", 1400), episodes.Episode("loss", 9000)]
    )
    assert found == [(1000 - days.BEFORE, 1400 + 120 + days.AFTER), (9000 - days.BEFORE, 9000 + 180 + days.AFTER)]


def test_a_failover_in_a_virtual_day_would_be_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(episodes.EPISODES, "agents", lambda lab: lab.network.flush_nat_rules("nat01"))
    monkeypatch.setattr(days, "KINDS", {"agents": replace(episodes.KINDS["agents"], a_day=1)})
    day = days.play_day(1)
    assert day.false["ours"] >= 1
    assert day.reasons


def test_a_virtual_day_has_all_that_it_is_said_to_have() -> None:
    day = days.play_day(2)
    assert day.episodes == {name: kind.a_day for name, kind in episodes.KINDS.items()}
    assert day.invocations > 100
    assert day.false["ours"] == 0


def test_what_comes_over_the_wire_is_what_the_model_says() -> None:
    clock = Clock()
    crowd = Crowd(70, 2, clock)
    session = Wire(crowd.answer, NO_TIME, 1).session()
    ec2, ssm = session.client("ec2"), session.client("ssm")
    settings = crowd.settings
    (table,) = ec2.describe_route_tables(
        Filters=[{"Name": "route-table-id", "Values": [settings.primary_route_table]}]
    )["RouteTables"]
    assert [r.get("InstanceId") for r in table["Routes"]] == [None, settings.primary_instance]
    assert len(table["Associations"]) == 3
    pages = ssm.get_paginator("describe_instance_information").paginate(
        Filters=[{"Key": "tag:nat-failover:probe", "Values": ["pair0"]}]
    )
    online = {info["InstanceId"] for page in pages for info in page["InstanceInformationList"]}
    assert len(online) == 70
    reservations = ec2.describe_instances(Filters=[{"Name": "instance-id", "Values": sorted(online)[:2]}])[
        "Reservations"
    ]
    assert [i["InstanceId"] for r in reservations for i in r["Instances"]] == sorted(online)[:2]
    assert reservations[0]["Instances"][0]["LaunchTime"].timestamp() == pytest.approx(clock.now() - 86400, abs=60)


def test_what_aws_refuses_is_refused_over_the_wire_too() -> None:
    ec2 = Wire(Crowd(6, 1, Clock()).answer, NO_TIME, 1).session().client("ec2")
    with refused("FilterLimitExceeded"):
        ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": ["i-0123456789abcdef0"] * 201}])


@pytest.mark.parametrize("backends", [5, 60, 1_200])
def test_a_function_at_the_wires_end_watches_and_fails_over(backends: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Latencies, "draw", lambda self, name, chance: 0.0)  # noqa: ARG005
    function = Function(backends, 1)
    # A watch, which says nothing of now, the passive NAT's echo, and a quick check of those who have said nothing yet.
    assert function.tick(0).calls["ssm:SendCommand"] == 3
    assert "ssm:SendCommand" not in function.tick(60).calls
    assert function.fail().calls["ec2:ReplaceRouteTableAssociation"] == 3
    tables = {table for _, table in function.crowd.account.holdings.associations.values()}
    assert tables == {function.crowd.settings.standby_route_table}


def test_a_healthy_tick_takes_few_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Latencies, "draw", lambda self, name, chance: 0.0)  # noqa: ARG005
    function = Function(60, 1)
    function.tick(0)
    # Now and then a tick looks for new backends, and asks what maintenance is announced.
    assert median(sum(function.tick(60).calls.values()) for _ in range(7)) <= CALLS_BAR


def test_the_processors_part_of_the_billed_time_grows_as_memory_shrinks() -> None:
    assert billed_ms(300, 10, prices.MB_A_VCPU) == 300
    assert billed_ms(300, 10, prices.MB_A_VCPU / 2) == pytest.approx(310)
    assert billed_ms(300, 10, 10_000) == 300


def test_a_month_of_lambda_is_requests_and_gigabyte_seconds() -> None:
    month = prices.lambda_month(1, 1000, 1024)
    assert month == pytest.approx(43_800 * (0.2 / 1e6 + 0.0000133334))


MEASURED = {
    "memory_mb": 256,
    "healthy": {"billed_ms_mean": 450.0},
    "metrics": ["m"] * 10,
    "alarms": 17,
    "log_bytes_a_minute": 500,
}


def billed(markdown: str) -> dict[str, list[str]]:
    """Give the rows of a table in Markdown, by their first column."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in markdown.splitlines() if line[:2] == "| "]
    return {row[0]: row[1:] for row in rows[1:]}


def check_sums(rows: dict[str, list[str]]) -> None:
    """Check both sums of a bill: of the items above the first, and of that and the endpoints."""
    names = list(rows)
    items = [rows[name] for name in names[: names.index(bill.SUM)]]
    for column in (1, 2):
        total, total_with = (float(rows[name][column].strip("*")) for name in (bill.SUM, bill.SUM_WITH_ENDPOINTS))
        assert total == pytest.approx(sum(float(item[column]) for item in items), abs=0.05)
        assert total_with == pytest.approx(total + float(rows[bill.ENDPOINT_ROW][column]), abs=0.011)


def test_the_bill_is_the_sum_of_its_items_and_the_free_tiers_are_taken_from_each() -> None:
    rows = billed(report.costs({"cost": MEASURED}).body)
    check_sums(rows)
    for kind in ("the standby", "metrics", "alarms", "dashboard", "pings to the Internet", "the function"):
        assert float(rows[kind][1]) > 0, kind
    assert [float(rows[kind][2]) for kind in ("metrics", "dashboard", "the function")] == [0, 0, 0]
    assert float(rows["alarms"][2]) == pytest.approx(0.70)  # seven beyond the ten that are free


def test_more_than_the_free_tiers_have_is_paid_for() -> None:
    much = {**MEASURED, "metrics": ["m"] * 12, "log_bytes_a_minute": 2 * 10**5, "healthy": {"billed_ms_mean": 60_000.0}}
    rows = billed(report.costs({"cost": much}).body)
    assert float(rows["metrics"][2]) == pytest.approx(0.60)
    gb = 2 * 10**5 * prices.MINUTES / 1e9
    assert float(rows["its log"][2]) == pytest.approx((gb - 5) * 0.5, abs=0.01)
    seconds = prices.MINUTES * 60 * 256 / 1024 - 400_000
    assert float(rows["the function"][2]) == pytest.approx(seconds * prices.LAMBDA_GB_SECOND, abs=0.01)


def test_pings_are_paid_for_as_often_as_hosts_send_them() -> None:
    def pings(**settings: Any) -> float:
        config = PairConfig(name="main", vpc_id="", primary_route_table_id="", primary_instance_id="", **settings)
        return sum(item.dollars for item in bill.bill(MEASURED, config) if "pings" in item.what)

    assert pings(interval=1.0) == pytest.approx(pings(interval=0.5) / 2)
    assert pings(sample_size=21) > 1.9 * pings(sample_size=10)


def test_the_bill_of_the_results_has_the_same_items_at_the_same_prices() -> None:
    page = report.RESULTS.read_text(encoding="utf-8")
    listed = billed(page.partition(report.COSTS_BEGIN)[2].partition(report.COSTS_END)[0])
    fresh = billed(report.costs({"cost": MEASURED | {"alarms": alarms()}}).body)
    assert listed.keys() == fresh.keys()
    check_sums(listed)
    # What is measured differs a little from one run to the next.
    same = [kind for kind in listed if kind not in ("the function", "its log", bill.SUM, bill.SUM_WITH_ENDPOINTS)]
    assert {kind: listed[kind] for kind in same} == {kind: fresh[kind] for kind in same}


def test_a_pairs_dashboard_has_no_more_metrics_than_a_free_one_may() -> None:
    widgets = json.loads(made().only("AWS::CloudWatch::Dashboard")["DashboardBody"])["widgets"]
    shown = sum(len(widget["properties"].get("metrics", [])) for widget in widgets)
    assert 10 < shown <= prices.DASHBOARD_METRICS_FREE


def test_the_same_figures_make_the_same_picture(tmp_path: Path) -> None:
    chance = Random(1)
    curves = {"ours": [chance.uniform(3, 6) for _ in range(50)], "theirs": [chance.uniform(60, 200) for _ in range(50)]}
    for name in ("one.svg", "two.svg"):
        plots.outages(curves, tmp_path / name)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()
    assert "theirs" in (tmp_path / "one.svg").read_text()


def test_a_page_without_the_marks_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "RESULTS.md"
    page.write_text("nothing")
    with pytest.raises(ValueError, match="has to have the lines"):
        report.put("words", page)
    page.write_text(f"before\n{report.BEGIN}old\n{report.END}after\n")
    report.put("new\n", page)
    assert page.read_text() == f"before\n{report.BEGIN}\nnew\n\n{report.END}after\n"


def test_a_table_is_markdown() -> None:
    table = Table("Title", "Words.", ["a", "b"], [["1", "2"]])
    assert table.markdown() == "### Title\n\nWords.\n\n| a | b |\n|---|---|\n| 1 | 2 |"


@pytest.mark.parametrize("seed", [4, 8])
def test_where_every_event_is_lost_one_tick_reads_all_answers_and_fails_over(seed: int) -> None:
    sample = run(Wanted(OURS, EVENTS_LOST, "simulated", seed))
    assert max(sample.outages) <= PERIOD + 10
