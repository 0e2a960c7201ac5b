"""A healthy pair's snapshot with one thing in it otherwise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from nat_failover.cli.snapshot.snapshot import LockParameter, Raw, Snapshot
from nat_failover.lock.record import LockState, Record, read_lock
from nat_failover.network.egress_address import Address, Addresses
from nat_failover.probing.invocation import State

Change = Callable[[Snapshot], Snapshot]


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


def backends_report(state: State, count: int, **changes: Any) -> Change:
    """Have some backends say something else."""

    def change(s: Snapshot) -> Snapshot:
        assert s.view is not None
        hosts = sorted(s.backends)[:count]
        by_round = {
            command: tuple(
                replace(o, state=state, detail="sh: ping: not found", **changes) if o.host in hosts else o
                for o in all_of
            )
            for command, all_of in s.view.by_round.items()
        }
        return replace(s, view=replace(s.view, by_round=by_round))

    return change


def standby_reports(**changes: Any) -> Change:
    """Have the passive NAT say something else."""

    def change(s: Snapshot) -> Snapshot:
        assert s.view is not None
        by_round = {
            command: tuple(replace(o, **changes) if o.host == standby(s) else o for o in all_of)
            for command, all_of in s.view.by_round.items()
        }
        return replace(s, view=replace(s.view, by_round=by_round))

    return change


def nobody_through(s: Snapshot) -> Snapshot:
    """Have no backend get through the passive NAT."""
    assert s.view is not None
    by_round = {
        command: tuple(replace(o, by_passive=None if o.by_passive is None else False, signals=None) for o in all_of)
        for command, all_of in s.view.by_round.items()
    }
    return replace(s, view=replace(s.view, by_round=by_round))


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
    listed = {"InstanceId": "i-0123456789abcdef9", "PingStatus": "Online", "PlatformType": "Windows"}
    return replace(made, managed={**(s.managed or {}), listed["InstanceId"]: listed})


def hybrid(s: Snapshot) -> Snapshot:
    listed = {"InstanceId": "mi-0123456789abcdef0", "PingStatus": "Online", "ResourceType": "ManagedInstance"}
    return replace(s, managed={**(s.managed or {}), listed["InstanceId"]: listed})


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
    command, by_host = next((c, t) for c, t in (s.invocations or {}).items() if t)
    host = min(by_host)
    late = replace(by_host[host], finished_at=s.now + 400)
    return replace(s, invocations={**(s.invocations or {}), command: {**by_host, host: late}})


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
