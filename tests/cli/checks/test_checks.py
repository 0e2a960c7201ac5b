"""Checks on what can't well be planted: the healthy pair's snapshot with one thing in it otherwise."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from nat_failover.cli.account.pairs import one
from nat_failover.cli.checks import examine
from nat_failover.cli.checks.finding import Gravity
from nat_failover.cli.commands.status import print_all
from nat_failover.cli.operator.inspection import KernelInspection
from nat_failover.cli.snapshot.collect import Gatherer
from nat_failover.cli.snapshot.snapshot import LockParameter, Snapshot
from nat_failover.cli.snapshot.sources import decisions
from nat_failover.cli.standing.assess import appraise
from nat_failover.judging.fitness import why_unfit
from nat_failover.lock.record import read_lock
from nat_failover.network.instances import read_instance, tag
from nat_failover.probing.invocation import State
from nat_failover.probing.nat_health import Health, Minute
from nat_failover.probing.probe_report import Lately
from tests.cli.checks.changes import (
    Change,
    another,
    backends_report,
    blackhole,
    closed_endpoints,
    elsewhere,
    endpoints,
    endpoints_of_others,
    endpoints_shut_to_the_nats,
    failed,
    function,
    gone,
    hybrid,
    impaired,
    instance,
    misplaced_egress,
    muted,
    no_subnets,
    nobody_through,
    one_subnet,
    same_zone,
    settings,
    standby,
    standby_reports,
    stuck,
    windows_says_ssm,
    without_address,
    wrong_clock,
)
from tests.cli.checks.remedies import complaints
from tests.cli.deployed import Deployment
from tests.unit.cli.screens import screen, text_of


@pytest.fixture(scope="module")
def healthy(deployment: Deployment) -> Snapshot:
    """Give the snapshot of a healthy pair."""
    deployment.tick()
    return Gatherer(deployment.account, one(deployment.account, "main")).gather()


CHANGES: dict[str, tuple[Change, tuple[str, ...]]] = {
    "a NAT that is gone": (gone, ("nat-gone",)),
    "a NAT that is being terminated": (instance(standby, State={"Name": "shutting-down"}), ("nat-gone",)),
    "a NAT by its interface, without the tag": (
        settings(standby_interface="eni-0123456789abcdef0"),
        ("nat-untagged",),
    ),
    "a passive NAT that is silent": (standby_reports(state=State.SILENT), ("control-down",)),
    "a passive NAT that can't listen": (standby_reports(deaf="nft is not installed"), ("control-down",)),
    "a passive NAT that forwards nothing": (nobody_through, ("control-down",)),
    "a NAT that fails a status check": (impaired, ("nat-impaired",)),
    "both NATs in one zone": (same_zone, ("same-zone",)),
    "a passive NAT that has given up the egress address": (without_address, ("nat-no-public-address",)),
    "an egress address with the passive NAT": (misplaced_egress, ("egress-address",)),
    "a backend without ping": (backends_report(State.BROKEN, 1), ("too-few-fit", "probe-broken")),
    "backends whose pings are lost": (backends_report(State.REACHABLE, 3, pings=(1, 60)), ("pings-lost",)),
    "backends that lose a tenth": (
        backends_report(State.REACHABLE, 3, lately=Lately(54, 60, 54, 60)),
        ("packets-lost",),
    ),
    "a NAT that is nearly full": (
        standby_reports(health=Health(100, 100, (), (Minute(80, 50, None),))),
        ("nat-nearly-full",),
    ),
    "NATs whose release is old": (
        lambda s: replace(s, kernels=dict.fromkeys(s.settings.nats, KernelInspection(True, True, released_at=1.7e9))),
        ("nat-outdated", "nat-outdated"),
    ),
    "backends that are offline": (backends_report(State.UNREACHABLE, 2), ("offline",)),
    "all evidence from one subnet": (one_subnet, ("one-subnet",)),
    "a backend on Windows": (another(Platform="windows"), ("backend-windows",)),
    "a backend on Windows, says Systems Manager": (windows_says_ssm, ("backend-windows",)),
    "a server outside EC2 with the tag": (hybrid, ("backend-hybrid",)),
    "a subnet on a foreign table": (elsewhere, ("backend-elsewhere", "backend-elsewhere")),
    "a blackholed default route": (blackhole, ("default-route",)),
    "no subnets": (no_subnets, ("no-subnets",)),
    "a table that is gone": (lambda s: replace(s, view=None, view_trouble="there is no rtb-1"), ("table-missing",)),
    "a subscription that was ended": (
        lambda s: replace(s, subscriptions=[{"SubscriptionArn": "Deleted", "Endpoint": "gone@example.com"}]),
        ("nobody-told",),
    ),
    "a table that is full": (lambda s: replace(s, routes_quota=3.0), ("routes-quota", "routes-quota")),
    "an endpoint that is not ready": (endpoints(State="failed"), ("endpoint-not-ready",)),
    "endpoints that let nobody in": (closed_endpoints, ("endpoint-closed", "endpoint-closed")),
    "endpoints that let others in": (endpoints_of_others, ("endpoint-closed", "endpoint-closed")),
    "endpoints that let only backends in": (endpoints_shut_to_the_nats, ("endpoint-closed", "endpoint-closed")),
    "a function that is not active": (function(State="Failed", StateReason="no memory"), ("function-state",)),
    "an update that failed": (function(LastUpdateStatus="Failed"), ("function-update",)),
    "a function in a VPC": (function(VpcConfig={"VpcId": "vpc-1"}), ("function-in-vpc",)),
    "a lease that is too short": (settings(claim_lease=20.0), ("claim-lease",)),
    "an Auto Scaling group without the pair's hook": (
        lambda s: replace(settings(auto_scaling_groups=("nat primary",))(s), hooks={}),
        ("no-ending-rule", "no-lifecycle-hook"),
    ),
    "an account without room": (
        lambda s: replace(s, limits={"AccountLimit": {"UnreservedConcurrentExecutions": 3}}),
        ("account-concurrency",),
    ),
    "no event rule": (
        lambda s: replace(s, rules=[rule for rule in s.rules or () if rule.get("ScheduleExpression")]),
        ("no-report-rule", "no-ending-rule", "no-ending-rule"),
    ),
    "no rule for NATs that go": (
        lambda s: replace(s, rules=[rule for rule in s.rules or () if "aws.ec2" not in str(rule.get("EventPattern"))]),
        ("no-ending-rule", "no-ending-rule"),
    ),
    "a role that the stack gives nothing": (lambda s: replace(s, permissions=[]), ("permissions-unknown",)),
    "no document": (lambda s: replace(s, documents={s.settings.probe_document: {}}), ("document-missing",)),
    "no documents for people": (
        lambda s: replace(
            s,
            documents={s.settings.probe_document: {"LatestVersion": "1"}, "other": {}},
            kernels=dict.fromkeys(s.settings.nats, KernelInspection(has_document=False)),
        ),
        ("document-missing",),
    ),
    "a document with another version": (
        lambda s: replace(s, documents={"any": {"Status": "Active", "LatestVersion": "2"}}),
        ("document-changed",),
    ),
    "a document with another content": (
        lambda s: replace(
            s,
            pair=replace(s.pair, settings=replace(s.settings, probe_document_hash="0a1b")),
            documents={s.settings.probe_document: {"Hash": "2c3d"}},
        ),
        ("document-replaced",),
    ),
    "a document that failed": (lambda s: replace(s, documents={"any": {"Status": "Failed"}}), ("document-status",)),
    "no alarms": (lambda s: replace(s, alarms=[]), ("no-alarms",)),
    "a muted alarm": (muted, ("alarm-mute",)),
    "a failed failover": (failed, ("locked",)),
    "a failover that does not end": (stuck, ("stuck",)),
    "no lock parameter": (lambda s: replace(s, lock=LockParameter(read_lock(None, 0), None)), ("lock-missing",)),
    "this machine's clock": (lambda s: replace(s, clock=(s.now, s.now + 60)), ("clock-here",)),
    "a host's clock": (wrong_clock, ("clock-host",)),
}


@pytest.mark.parametrize("case", CHANGES.values(), ids=CHANGES.keys())
def test_it_is_found_and_nothing_else_and_its_commands_exist(
    healthy: Snapshot, case: tuple[Change, tuple[str, ...]]
) -> None:
    change, expected = case
    assert examine(healthy) == []
    found = examine(change(healthy))
    assert tuple(finding.check for finding in found) == expected
    assert [complaint for finding in found for complaint in complaints(finding)] == []
    assert all(finding.why and "\n" not in finding.what + finding.why for finding in found)


@pytest.mark.parametrize(
    ("case", "in_words"),
    [
        ("backends whose pings are lost", "most of their pings are lost"),
        ("backends that lose a tenth", "the backends lose 10 %"),
        ("a NAT that is nearly full", "tracks 80 % of the connections"),
    ],
)
def test_status_says_what_makes_a_pair_worse_though_it_is_protected(
    healthy: Snapshot, case: str, in_words: str
) -> None:
    change, _ = CHANGES[case]
    standing = appraise(change(healthy))
    assert (standing.trouble, standing.protected) == ((), appraise(healthy).protected)
    (sentence,) = standing.degraded
    assert in_words in sentence
    console = screen(200)
    print_all([standing], console)
    shown = text_of(console)
    assert in_words in shown
    assert "degraded" in shown


def test_status_shows_what_a_nat_has_told_of_itself(healthy: Snapshot) -> None:
    observed = standby_reports(health=Health(1000, 500, (), (Minute(123, 250, None),)))(healthy)
    assert {nat.role: (nat.connections, nat.memory) for nat in appraise(observed).nats}["standby"] == (12.3, 50.0)


@pytest.mark.parametrize(
    "changes", [{"State": {"Name": "stopped"}}, {"State": {"Name": "terminated"}}, {"SourceDestCheck": True}]
)
def test_why_the_passive_nat_can_t_take_over_is_said_in_the_function_s_own_words(
    healthy: Snapshot, changes: dict[str, Any]
) -> None:
    raw = {**(healthy.instances or {})[standby(healthy)], "NetworkInterfaces": [], **changes}
    (found,) = examine(instance(standby, **raw)(healthy))
    why = why_unfit(None, standby(healthy), {standby(healthy): read_instance(raw)})
    assert why is not None
    assert found.what.replace(f" ({tag(raw, 'Name')})", "") == why


def test_an_endpoint_that_keeps_out_the_nats_names_them(healthy: Snapshot) -> None:
    found = examine(endpoints_shut_to_the_nats(healthy))
    assert all(f"the passive NAT {standby(healthy)}" in finding.what for finding in found)
    assert all("--cidr 10.20." in finding.remedy and "/24" in finding.remedy for finding in found)


def test_what_could_not_be_read_is_found_as_unknown_and_nothing_is_concluded_from_it(healthy: Snapshot) -> None:
    parts = [name for name in Snapshot.__dataclass_fields__ if name not in ("pair", "now", "options", "unread")]
    blind = replace(healthy, **dict.fromkeys(parts), unread=dict.fromkeys(parts, "no permission"))  # type: ignore[arg-type]
    found = examine(blind)
    assert {finding.severity for finding in found} == {Gravity.UNKNOWN}
    assert len(found) == len(parts)


@pytest.mark.parametrize("part", ["instances", "managed", "tables", "subnets", "groups", "endpoints", "view", "lock"])
def test_each_part_may_be_missing_alone(healthy: Snapshot, part: str) -> None:
    assert examine(replace(healthy, **{part: None})) == []  # type: ignore[arg-type]


def test_decisions_are_found_among_whatever_is_in_the_log() -> None:
    good = '{"trigger": "Tick", "decision": "HOLD", "cause": "HEALTHY", "reason": "all is well"}'
    lines = [{"timestamp": 2000, "message": text} for text in ("START", "[]", '{"decision": 1}', good, '{"decision":')]
    assert [(decision.at, decision.reason) for decision in decisions(lines)] == [(2.0, "all is well")]
