"""Checks on what can't well be planted: the healthy pair's snapshot with one thing in it otherwise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from nat_failover.cli.account.pairs import one
from nat_failover.cli.checks import examine
from nat_failover.cli.checks.finding import Gravity
from nat_failover.cli.snapshot.collect import Gatherer
from nat_failover.cli.snapshot.snapshot import LockParameter, Raw, Snapshot, tag
from nat_failover.cli.snapshot.sources import decisions
from nat_failover.judging.situation import why_unfit
from nat_failover.lock.record import LockState, Record, read_lock
from nat_failover.network.egress_address import Address, Addresses
from nat_failover.network.instances import read_instance
from nat_failover.probing.observation import State
from tests.cli.checks.remedies import complaints
from tests.cli.deployed import Deployment

Change = Callable[[Snapshot], Snapshot]


@pytest.fixture(scope="module")
def healthy(deployment: Deployment) -> Snapshot:
    """Give the snapshot of a healthy pair."""
    deployment.tick()
    return Gatherer(deployment.account, one(deployment.account, "main")).gather()


def instance(which: Callable[[Snapshot], str], **changes: Any) -> Change:
    """Change an instance as EC2 tells of it; None removes it."""

    def change(s: Snapshot) -> Snapshot:
        assert s.instances is not None
        instances = dict(s.instances)
        instances[which(s)] = {**instances[which(s)], **changes}
        return replace(s, instances=instances)

    return change


def primary(s: Snapshot) -> str:
    return s.settings.primary_instance


def standby(s: Snapshot) -> str:
    return s.settings.standby_instance


def gone(s: Snapshot) -> Snapshot:
    return replace(s, instances={i: raw for i, raw in (s.instances or {}).items() if i != standby(s)})


def impaired(s: Snapshot) -> Snapshot:
    sick = {**(s.health or {})[standby(s)], "InstanceStatus": {"Status": "impaired"}}
    return replace(s, health={**(s.health or {}), standby(s): sick})


def same_zone(s: Snapshot) -> Snapshot:
    zone = (s.instances or {})[primary(s)]["Placement"]
    return instance(standby, Placement=zone)(s)


def said(state: State, count: int) -> Change:
    """Have some backends say something else."""

    def change(s: Snapshot) -> Snapshot:
        assert s.view is not None
        hosts = sorted(s.backends)[:count]
        told = {
            command: tuple(
                replace(o, state=state, detail="sh: ping: not found") if o.host in hosts else o for o in all_of
            )
            for command, all_of in s.view.by_round.items()
        }
        return replace(s, view=replace(s.view, by_round=told))

    return change


def standby_said(state: State) -> Change:
    """Have the passive NAT say something else."""

    def change(s: Snapshot) -> Snapshot:
        assert s.view is not None
        told = {
            command: tuple(replace(o, state=state) if o.host == standby(s) else o for o in all_of)
            for command, all_of in s.view.by_round.items()
        }
        return replace(s, view=replace(s.view, by_round=told))

    return change


def one_subnet(s: Snapshot) -> Snapshot:
    subnet = next(iter(s.backends.values()))["SubnetId"]
    moved = {i: {**raw, "SubnetId": subnet} if i in s.backends else raw for i, raw in (s.instances or {}).items()}
    return replace(s, instances=moved)


def another(**changes: Any) -> Change:
    """Have one more backend beside those that there are."""

    def change(s: Snapshot) -> Snapshot:
        like = min(s.backends)
        made = {**s.backends[like], "InstanceId": "i-0123456789abcdef9", **changes}
        return replace(s, instances={**(s.instances or {}), made["InstanceId"]: made})

    return change


def windows_says_ssm(s: Snapshot) -> Snapshot:
    made = another()(s)
    told = {"InstanceId": "i-0123456789abcdef9", "PingStatus": "Online", "PlatformType": "Windows"}
    return replace(made, managed={**(s.managed or {}), told["InstanceId"]: told})


def hybrid(s: Snapshot) -> Snapshot:
    told = {"InstanceId": "mi-0123456789abcdef0", "PingStatus": "Online", "ResourceType": "ManagedInstance"}
    return replace(s, managed={**(s.managed or {}), told["InstanceId"]: told})


def blackhole(s: Snapshot) -> Snapshot:
    assert s.view is not None
    table = s.view.tables.by_id[s.settings.standby_route_table]
    dead = replace(table, trouble=f"the default route of {table.table_id} is a blackhole")
    tables = replace(s.view.tables, by_id={**s.view.tables.by_id, table.table_id: dead})
    return replace(s, view=replace(s.view, tables=tables))


def no_subnets(s: Snapshot) -> Snapshot:
    assert s.view is not None
    empty = {t: replace(table, associations={}) for t, table in s.view.tables.by_id.items()}
    return replace(s, view=replace(s.view, tables=replace(s.view.tables, by_id=empty)))


def elsewhere(s: Snapshot) -> Snapshot:
    """Let one private subnet use a table that is none of the pair's."""
    used = [raw["SubnetId"] for raw in s.backends.values()]
    subnet = max(used, key=used.count)
    tables: dict[str, Raw] = {}
    for table_id, raw in (s.tables or {}).items():
        left = [a for a in raw["Associations"] if a.get("SubnetId") != subnet]
        tables[table_id] = {**raw, "Associations": left}
    tables["rtb-foreign"] = {"RouteTableId": "rtb-foreign", "Associations": [{"SubnetId": subnet}], "Routes": []}
    return replace(s, tables=tables)


def endpoints(**changes: Any) -> Change:
    """Change the endpoint for ssm."""

    def change(s: Snapshot) -> Snapshot:
        changed = [{**e, **changes} if e["ServiceName"].endswith(".ssm") else e for e in s.endpoints or ()]
        return replace(s, endpoints=changed)

    return change


def closed_endpoints(s: Snapshot) -> Snapshot:
    return endpoints_let_in(s, [])


def endpoints_of_others(s: Snapshot) -> Snapshot:
    rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "UserIdGroupPairs": [{"GroupId": "sg-others"}]}
    return replace(endpoints_let_in(s, [rule]), members={"sg-others": {"10.0.99.9": "subnet-elsewhere"}})


def endpoints_let_in(s: Snapshot, rules: list[Raw]) -> Snapshot:
    ours = {g["GroupId"] for e in s.endpoints or () for g in e["Groups"]}
    shut = {i: {**g, "IpPermissions": rules} if i in ours else g for i, g in (s.groups or {}).items()}
    nats = {i: {**raw, "SecurityGroups": []} if i in s.settings.nats else raw for i, raw in (s.instances or {}).items()}
    return replace(s, groups=shut, instances=nats)


def endpoints_shut_to_the_nats(s: Snapshot) -> Snapshot:
    backends = [{"CidrIp": f"{raw['PrivateIpAddress']}/32"} for raw in s.backends.values()]
    return endpoints_let_in(s, [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": backends}])


def agent(version: str) -> Change:
    """Let one backend's agent have a version."""

    def change(s: Snapshot) -> Snapshot:
        host = min(s.backends)
        return replace(s, managed={**(s.managed or {}), host: {**(s.managed or {})[host], "AgentVersion": version}})

    return change


def settings(**changes: Any) -> Change:
    """Change what the function is told."""
    return lambda s: replace(s, pair=replace(s.pair, settings=replace(s.settings, **changes)))


def function(**changes: Any) -> Change:
    """Change the function's configuration."""
    return lambda s: replace(s, function={**(s.function or {}), **changes})


def failed(s: Snapshot) -> Snapshot:
    record = Record(LockState.FAILED, "id", s.now - 60, *s.settings.tables, {}, (), "why", "no permission")
    return replace(s, lock=LockParameter(read_lock(record.text(), 3), s.now - 60))


def stuck(s: Snapshot) -> Snapshot:
    record = Record(LockState.FAILING_OVER, "id", s.now - 900, *s.settings.tables, {}, (), "why")
    return replace(s, lock=LockParameter(read_lock(record.text(), 3), s.now - 900))


def wrong_clock(s: Snapshot) -> Snapshot:
    command, told = next((c, t) for c, t in (s.invocations or {}).items() if t)
    host = min(told)
    late = replace(told[host], finished_at=s.now + 400)
    return replace(s, invocations={**(s.invocations or {}), command: {**told, host: late}})


def misplaced_egress(s: Snapshot) -> Snapshot:
    assert s.view is not None
    address = Address("eipalloc-0123456789abcdef0", "192.0.2.33", standby(s))
    return replace(s, view=replace(s.view, egress=Addresses(address)), addresses=(address,))


def without_address(s: Snapshot) -> Snapshot:
    """The passive NAT has given up the egress address a moment ago, so that its agent is cut off as well."""
    assert s.view is not None
    nat, allocation = standby(s), "eipalloc-0123456789abcdef0"
    known = {**s.view.instances, nat: replace(s.view.instances[nat], public=None)}
    egress = Addresses(Address(allocation, "192.0.2.33", primary(s)))
    raw = {key: value for key, value in (s.instances or {})[nat].items() if key != "PublicIpAddress"}
    return replace(
        s,
        pair=replace(s.pair, settings=replace(s.settings, egress_allocation=allocation)),
        view=replace(s.view, instances=known, egress=egress),
        instances={**(s.instances or {}), nat: raw},
        managed={**(s.managed or {}), nat: {"PingStatus": "ConnectionLost"}},
        addresses=egress.all,
    )


def muted(s: Snapshot) -> Snapshot:
    alarms = [{**raw, "ActionsEnabled": n > 0} for n, raw in enumerate(s.alarms or ())]
    return replace(s, alarms=alarms)


CHANGES: dict[str, tuple[Change, tuple[str, ...]]] = {
    "a NAT that is gone": (gone, ("nat-gone",)),
    "a NAT that is being terminated": (instance(standby, State={"Name": "shutting-down"}), ("nat-gone",)),
    "a passive NAT that warms up": (standby_said(State.WARMING_UP), ("control-down",)),
    "a NAT that fails a status check": (impaired, ("nat-impaired",)),
    "both NATs in one zone": (same_zone, ("same-zone",)),
    "a passive NAT that has given up the egress address": (without_address, ("nat-no-public-address",)),
    "an egress address with the passive NAT": (misplaced_egress, ("egress-address",)),
    "a backend without ping": (said(State.BROKEN, 1), ("too-few-fit", "probe-broken")),
    "backends that are offline": (said(State.UNREACHABLE, 2), ("offline",)),
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
    "an endpoint without private DNS": (endpoints(PrivateDnsEnabled=False), ("endpoint-no-private-dns",)),
    "endpoints that let nobody in": (closed_endpoints, ("endpoint-closed", "endpoint-closed")),
    "endpoints that let others in": (endpoints_of_others, ("endpoint-closed", "endpoint-closed")),
    "endpoints that let only backends in": (endpoints_shut_to_the_nats, ("endpoint-closed", "endpoint-closed")),
    "an agent that needs ec2messages": (agent("3.3.39.9999"), ("agent-old",)),
    "silence counted needlessly": (settings(count_silence=True), ("needless-silence",)),
    "a function that is not active": (function(State="Failed", StateReason="no memory"), ("function-state",)),
    "an update that failed": (function(LastUpdateStatus="Failed"), ("function-update",)),
    "a function in a VPC": (function(VpcConfig={"VpcId": "vpc-1"}), ("function-in-vpc",)),
    "a lease that is too short": (settings(claim_lease=20.0), ("claim-lease",)),
    "an account without room": (
        lambda s: replace(s, limits={"AccountLimit": {"UnreservedConcurrentExecutions": 3}}),
        ("account-concurrency",),
    ),
    "no event rule": (
        lambda s: replace(s, rules=[rule for rule in s.rules or () if rule.get("ScheduleExpression")]),
        ("no-report-rule",),
    ),
    "a role that the stack gives nothing": (lambda s: replace(s, permissions=[]), ("permissions-unknown",)),
    "no document": (lambda s: replace(s, document={}), ("document-missing",)),
    "a document that failed": (lambda s: replace(s, document={"Status": "Failed"}), ("document-status",)),
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
    assert [complaint for finding in found for complaint in complaints(finding.remedy)] == []
    assert all(finding.why and "\n" not in finding.what + finding.why + finding.remedy for finding in found)


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
    assert all("--cidr 10.0." in finding.remedy and "/24" in finding.remedy for finding in found)


@pytest.mark.parametrize("version", ["3.3.40.0", "3.3.40", "3.4.1.0", "4.0", "", "unknown"])
def test_an_agent_that_is_new_enough_needs_no_ec2messages(healthy: Snapshot, version: str) -> None:
    assert examine(agent(version)(healthy)) == []


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
    assert [(said.at, said.reason) for said in decisions(lines)] == [(2.0, "all is well")]
