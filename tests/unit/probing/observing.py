"""A host that was asked two minutes ago: what SSM tells of it, and what that comes to."""

from __future__ import annotations

import json
from typing import Any

from nat_failover.probing.invocation import Invocation
from nat_failover.probing.observation import Observation, observe
from nat_failover.probing.rounds import Kind, Round
from tests.examples import NOW

HOST = "i-0bacbacbacbac0001"
SENT_AT = NOW - 120
ACTIVE, PASSIVE = "10.0.0.4", "10.0.0.5"


def round_sent(kind: Kind = Kind.WATCH, window: int = 600, at: float = SENT_AT) -> Round:
    """A round that was sent two minutes ago."""
    return Round("c", kind, window, at, (HOST,), ACTIVE, PASSIVE)


def probe_line(state: str = "offline", **changes: Any) -> str:
    """The probe's line, as a backend prints it that is offline by the active NAT only."""
    line = {"probe": 2, "state": state, "pings": [37, 40], "elapsed": 100.0, "lost_for": 2.0, "uptime": 90_000}
    columns = {"route": "no", "active": "no", "passive": "yes"}
    return json.dumps(line | columns | changes) + "\n"


def ended(exit_code: int | None, output: str, *, finished_at: float | None = NOW - 19, **changes: Any) -> Invocation:
    """An invocation that has come to its end, a second after the probe had run for 100 seconds."""
    status = "Success" if exit_code == 0 else "Failed"
    values: dict[str, Any] = {"status": status, "details": status} | changes
    return Invocation(HOST, values["status"], values["details"], exit_code, finished_at, output)


def under_way(status: str) -> Invocation:
    """An invocation that has not ended."""
    return Invocation(HOST, status, status, None, None, "")


def observed(
    invocation: Invocation, of: Round | None = None, now: float = NOW, read_at: float | None = None
) -> Observation:
    """Observe it."""
    return observe(invocation, of or round_sent(), now if read_at is None else read_at, now)
