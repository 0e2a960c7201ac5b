"""A pair that does not exist: its environment, its settings, and what its hosts might say."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

from nat_failover.judging.situation import Situation
from nat_failover.lock.record import LockState, Record
from nat_failover.network.instances import Nat
from nat_failover.probing.invocation import State
from nat_failover.probing.observation import Observation
from nat_failover.settings import Settings
from tests.gate.events import Bus, Change

NOW = 1_800_000_000.0
PRIMARY_TABLE, STANDBY_TABLE = "rtb-0123456789abcdef0", "rtb-0123456789abcdef1"
PRIMARY, STANDBY = "i-0123456789abcdef0", "i-0123456789abcdef1"
BACKENDS = tuple(f"i-0bacbacbacbac000{n}" for n in range(10))

BUS = Bus("123456789012", "eu-west-1", Random(1))
TICK: dict[str, Any] = BUS.tick(NOW, "nat-failover-tick")
ENVIRONMENT = {
    "NAT_FAILOVER_PAIR": "main",
    "NAT_FAILOVER_LOCK_PARAMETER": "/nat-failover/main/lock",
    "NAT_FAILOVER_CLAIM_PARAMETER": "/nat-failover/main/claim",
    "NAT_FAILOVER_TOLD_PARAMETER": "/nat-failover/main/told",
    "NAT_FAILOVER_PROBE_DOCUMENT": "nat-failover-main-probe",
    "NAT_FAILOVER_PROBE_TAG_KEY": "nat-failover:probe",
    "NAT_FAILOVER_PROBE_TAG_VALUE": "main",
    "NAT_FAILOVER_PRIMARY_ROUTE_TABLE": PRIMARY_TABLE,
    "NAT_FAILOVER_STANDBY_ROUTE_TABLE": STANDBY_TABLE,
    "NAT_FAILOVER_PRIMARY_INSTANCE": PRIMARY,
    "NAT_FAILOVER_STANDBY_INSTANCE": STANDBY,
    "NAT_FAILOVER_TOPIC": "arn:aws:sns:eu-west-1:123456789012:nat-failover-main",
    "NAT_FAILOVER_CLAIM_LEASE": "60",
}
# What may be set besides, each to another value than its default.
OPTIONAL = {
    "NAT_FAILOVER_MODE": "observe",
    "NAT_FAILOVER_TARGETS": "192.0.2.1,ping.example.com",
    "NAT_FAILOVER_INTERVAL": "0.25",
    "NAT_FAILOVER_FAILURES": "4",
    "NAT_FAILOVER_WINDOW": "900",
    "NAT_FAILOVER_PERIOD": "120",
    "NAT_FAILOVER_WARM_UP": "240",
    "NAT_FAILOVER_FRESHNESS": "20",
    "NAT_FAILOVER_FAILURE_THRESHOLD": "4",
    "NAT_FAILOVER_SAMPLE_SIZE": "12",
    "NAT_FAILOVER_FAILURE_SHARE": "40",
    "NAT_FAILOVER_PROVE_ACTIVE": "false",
    "NAT_FAILOVER_AUTO_SCALING_GROUPS": "nat-primary,nat-standby",
    "NAT_FAILOVER_EGRESS_ALLOCATION": "eipalloc-0123456789abcdef0",
    "NAT_FAILOVER_STANDBY_EGRESS_ALLOCATION": "eipalloc-0fedcba9876543210",
}
RECORD = Record(
    LockState.FAILING_OVER,
    "3f1c8a52-6f0e-4d2b-9b57-0c0c6d1f6f11",
    NOW + 0.25,
    PRIMARY_TABLE,
    STANDBY_TABLE,
    {"subnet-a": "rtbassoc-a", "subnet-b": "rtbassoc-b"},
    tuple(f"{host} UNREACHABLE" for host in BACKENDS[:3]),
    "3 of 9 backends can't reach the Internet, while the passive NAT can",
)


def status_change(command: str, host: str) -> dict[str, Any]:
    """Give SSM's event for an invocation that has failed."""
    return BUS.status_change(NOW, Change(command, host, "nat-failover-main-probe", "Failed", NOW - 2))


def settings(**changes: Any) -> Settings:
    """Give the settings of the example's environment, some of them changed."""
    return replace(Settings.from_environment(ENVIRONMENT), **changes)


def observation(host: str, state: State = State.UNREACHABLE, **changes: Any) -> Observation:
    """Return an observation of a host of two seconds ago, whose trouble is four seconds old.

    Where it is offline, it is so by the active NAT, and not by the passive one.
    """
    values: dict[str, Any] = {"at": NOW - 2, "since": NOW - 4, "asked_at": NOW - 8, "explicit": True, "elapsed": 6.0}
    if state is State.UNREACHABLE:
        values |= {"by_active": False, "by_passive": True}
    return Observation(host, state, **(values | changes))


def failures(count: int = 3, **changes: Any) -> list[Observation]:
    """Return observations of so many backends that can't reach the Internet."""
    return [observation(host, **changes) for host in BACKENDS[:count]]


def well(*hosts: str, **changes: Any) -> list[Observation]:
    """Return observations of hosts that are online."""
    return [observation(host, State.REACHABLE, **changes) for host in hosts]


def watching(*hosts: str, **changes: Any) -> list[Observation]:
    """Return observations of hosts that watch, as far as Systems Manager knows, and have not reported."""
    values: dict[str, Any] = {"at": NOW, "since": NOW, "asked_at": NOW - 100, "running_until": NOW + 500}
    return [Observation(host, State.PENDING, **{"explicit": False, **values, **changes}) for host in hosts]


def situation(**changes: Any) -> Situation:
    """Give the situation in which a failover is due: three backends are offline by the active NAT only."""
    values: dict[str, Any] = {
        "now": NOW,
        "lock": LockState.ARMED,
        "lock_reason": "armed",
        "active": PRIMARY_TABLE,
        "subnets": {PRIMARY_TABLE: ("subnet-a", "subnet-b"), STANDBY_TABLE: ()},
        "passive_route": None,
        "backends": failures(),
        "nats": {i: Nat(i, "running", NOW - 90_000) for i in (PRIMARY, STANDBY)},
        "has_worked": True,
    }
    return Situation(**(values | changes))
