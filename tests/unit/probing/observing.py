"""A host that was asked two minutes ago: what SSM tells of it, and what that comes to."""

from __future__ import annotations

import json
from typing import Any

from nat_failover.probing.observation import Invocation, Observation, observe
from nat_failover.probing.rounds import Kind, Round
from tests.examples import NOW, settings

HOST = "i-0bacbacbacbac0001"
ASKED = NOW - 120


def asked(kind: Kind = Kind.WATCH, window: int = 600, at: float = ASKED) -> Round:
    """A round that was sent two minutes ago."""
    return Round("c", kind, window, at, (HOST,))


def said(state: str = "unreachable", **changes: Any) -> str:
    """The probe's line."""
    numbers = {"elapsed": 100.0, "lost_for": 2.0, "uptime": 90_000}
    return json.dumps({"probe": 1, "state": state, "sent": 40, "lost": 3} | numbers | changes) + "\n"


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
    """Observe it at the example's settings."""
    return observe(invocation, of or asked(), now if read_at is None else read_at, now, settings())
