"""Pure: makes of a snapshot how a pair stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nat_failover.cli.checks import examine
from nat_failover.cli.checks.backends import is_over, latest
from nat_failover.cli.checks.finding import Gravity
from nat_failover.cli.checks.health import health_of
from nat_failover.cli.checks.people import subscriptions
from nat_failover.cli.checks.proof import Proof, proof
from nat_failover.cli.lock_history import Pause, pause_of, who
from nat_failover.cli.snapshot.snapshot import Raw, Snapshot
from nat_failover.cli.standing.answer import NEEDED, next_step, why
from nat_failover.cli.standing.internet import internet_of
from nat_failover.cli.standing.standing import (
    AlarmStanding,
    HostStanding,
    LockStanding,
    ProofStanding,
    Standing,
    SubnetStanding,
    TickStanding,
)
from nat_failover.lock.record import LockState
from nat_failover.network.egress_address import Addresses
from nat_failover.network.instances import tag
from nat_failover.probing.observation import Observation
from nat_failover.probing.survey import latest_of
from nat_failover.telling.formats import iso

# Findings of the doctor that are no reason why a failover would fail, and are to be known of.
DEGRADING = frozenset({"pings-lost", "nat-nearly-full", "packets-lost"})


def appraise(s: Snapshot) -> Standing:
    """Return how a pair stands."""
    given = proof(s)
    findings = examine(s)
    errors = [finding for finding in findings if finding.severity is Gravity.ERROR]
    view = s.view
    observations = latest(s)
    is_read = not any(part in s.unread for part in NEEDED)
    protected = is_read and not errors and given is not None and given.is_given and s.settings.mode.value == "automatic"
    by_name = sorted(s.backends, key=lambda host: (tag(s.backends[host], "Name") or "", host))
    return Standing(
        pair=s.pair.name,
        region=s.pair.region,
        mode=s.settings.mode.value,
        at=iso(s.now),
        protected=protected,
        proof=_proof(given),
        why="" if protected else why(s, errors),
        trouble=tuple(finding.what for finding in errors),
        next=next_step(s, findings),
        internet=internet_of(s),
        degraded=tuple(finding.what for finding in findings if finding.check in DEGRADING),
        active=s.active,
        lock=_lock(s),
        nats=tuple(_nat(s, nat) for nat in s.settings.nats),
        subnets=_subnets(s),
        backends=tuple(_host(s, host, "backend", "", observations.get(host)) for host in by_name),
        alarms=_alarms(s.alarms or ()),
        differences=tuple(d.in_words for d in view.tables.differences(view.instances)) if view else (),
        egress=_egress(view.egress if view else None),
        mail=tuple(f"{finding.what}: {finding.why}" for finding in subscriptions(s)),
        last_tick=_last_tick(s),
        unread=dict(s.unread),
    )


def _proof(given: Proof | None) -> ProofStanding | None:
    if given is None:
        return None
    since = None if given.since is None else iso(given.since)
    sentence = "" if given.is_given else given.in_words
    return ProofStanding(given.is_given, since, given.through, given.needed, iso(given.by), sentence)


def _lock(s: Snapshot) -> LockStanding | None:
    if s.lock is None:
        return None
    lock, modified = s.lock.lock, s.lock.modified
    record = lock.record
    since = modified if record is None else record.since
    pause = pause_of(lock.text) if lock.state is LockState.PAUSED else Pause()
    return LockStanding(
        lock.state.value,
        None if since is None else iso(since),
        None if since is None else s.now - since,
        lock.reason,
        pause.reason if record is None else record.reason,
        _by(pause.by or (record.owner if record else ""), s.pair.function),
        () if record is None else record.evidence,
        "" if record is None else record.outcome,
        None if record is None or record.state is LockState.FAILING_OVER else record.seconds,
        "" if record is None else record.by_hand,
    )


def _by(owner: str, function: str) -> str:
    """Return a person's name; the function's records are owned by the request id of an invocation."""
    if owner and not owner.startswith("arn:"):
        return f"the function (invocation {owner})"
    return owner and who(owner, function)


def _nat(s: Snapshot, nat: str) -> HostStanding:
    observations = [o for o in s.view.observations if o.host == nat] if s.view else []
    now = "" if s.active is None else "active" if nat == s.active else "passive"
    role = "primary" if nat == s.settings.primary_instance else "standby"
    standing = _host(s, nat, role, now, latest_of(observations) if observations else None)
    health = health_of(s, nat)
    if health is None:
        return standing
    memory = health.memory_percent_in(health.minutes[-1])
    return replace(standing, connections=round(health.connections_percent, 1), memory=round(memory, 1))


def _host(s: Snapshot, host: str, role: str, now: str, observation: Observation | None) -> HostStanding:
    raw = (s.instances or {}).get(host, {})
    state = raw.get("State", {}).get("Name", "gone" if s.instances is not None else "?")
    connectivity, detail = ("not asked", "") if observation is None else (observation.state.value, observation.detail)
    if observation is not None and is_over(s, observation):
        connectivity, detail = "not heard", "since the subnets were moved"
    elif state not in ("running", "?"):
        observation, connectivity, detail = None, "does not run", ""
    return HostStanding(
        id=host,
        name=tag(raw, "Name"),
        role=role,
        now=now,
        state=state,
        zone=raw.get("Placement", {}).get("AvailabilityZone"),
        subnet=raw.get("SubnetId"),
        address=raw.get("PrivateIpAddress"),
        public=raw.get("PublicIpAddress"),
        checks=_checks((s.health or {}).get(host, {})),
        agent="?" if s.managed is None else s.managed.get(host, {}).get("PingStatus", "not registered"),
        word=connectivity,
        at=None if observation is None else iso(observation.at),
        age=None if observation is None else max(0.0, s.now - observation.at),
        detail=detail,
        stale=observation is not None and s.now - observation.at > s.settings.period,
    )


def _checks(raw: Raw) -> str:
    statuses = [raw.get(key, {}).get("Status") for key in ("SystemStatus", "InstanceStatus")]
    if None in statuses:
        return "?"
    return "ok" if statuses == ["ok", "ok"] else f"system {statuses[0]}, instance {statuses[1]}"


def _subnets(s: Snapshot) -> tuple[SubnetStanding, ...]:
    if s.view is None:
        return ()
    found = []
    for table, subnets in s.view.tables.subnets.items():
        for subnet in subnets:
            raw = (s.subnets or {}).get(subnet, {})
            found.append(
                SubnetStanding(
                    subnet,
                    tag(raw, "Name"),
                    raw.get("CidrBlock"),
                    raw.get("AvailabilityZone"),
                    table,
                    s.settings.nat_of(table),
                )
            )
    return tuple(sorted(found, key=lambda each: each.id))


def _alarms(alarms: Sequence[Raw]) -> tuple[AlarmStanding, ...]:
    order = {"ALARM": 0, "INSUFFICIENT_DATA": 1}
    made = [
        AlarmStanding(
            raw["AlarmName"],
            raw["StateValue"],
            iso(raw["StateUpdatedTimestamp"].timestamp()) if raw.get("StateUpdatedTimestamp") else None,
        )
        for raw in alarms
    ]
    return tuple(sorted(made, key=lambda alarm: (order.get(alarm.state, 2), alarm.name)))


def _last_tick(s: Snapshot) -> TickStanding | None:
    ticks = [each for each in s.decisions or () if each.trigger == "Tick"]
    if not ticks:
        return None
    last = ticks[-1]
    return TickStanding(iso(last.at), max(0.0, s.now - last.at), last.decision, last.cause, last.reason)


def _egress(addresses: Addresses | None) -> dict[str, str | None] | None:
    if addresses is None:
        return None
    fields: dict[str, str | None] = {}
    for prefix, address in zip(("", "standby_"), addresses.all, strict=False):
        fields[f"{prefix}allocation"], fields[f"{prefix}address"] = address.allocation, address.public
        fields[f"{prefix}with"] = address.instance or address.interface
    return fields
