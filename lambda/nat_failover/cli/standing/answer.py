"""Pure: the two lines by which ``status`` answers: how the pair stands, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from nat_failover.cli.checks.finding import Finding, Gravity
from nat_failover.cli.snapshot.snapshot import LockParameter, Snapshot
from nat_failover.cli.standing.standing import Internet, NextStep, Standing
from nat_failover.lock.record import LockState
from nat_failover.telling.formats import minute

# Whether a dead NAT would be replaced can't be told without these.
NEEDED = ("view", "lock", "instances", "managed", "health", "decisions")
DAY = 86_400.0
# Why a pair is not protected, in two or three words, by the check that has found it.
BRIEF = {
    "paused": "paused",
    "stuck": "a failover is stuck",
    "nat-gone": "a NAT is gone",
    "nat-not-running": "a NAT is not running",
    "source-dest-check": "a source/destination check is on",
    "nat-impaired": "a NAT fails EC2's checks",
    "nat-unmanaged": "a NAT is not in SSM",
    "control-down": "{passive} unfit",
    "nat-no-public-address": "a NAT has no public address",
    "nat-no-gateway": "a NAT has no way out",
    "table-missing": "a route table is missing",
    "default-route": "a default route is wrong",
    "no-subnets": "no subnet uses its tables",
    "split": "the subnets are split",
    "too-few-backends": "too few backends",
    "too-few-online": "too few answer",
    "too-few-fit": "too few backends can probe",
    "no-tick": "the function does not run",
}
LOCKED = {LockState.FAILED_OVER.value: "not re-armed", LockState.FAILED.value: "the failover failed"}
BY_LOCK = ("paused", "locked", "stuck")


def when(at: str | None, now: str) -> str:
    """Return a time, ISO 8601, as it is read now: the time of day, or of what is older than a day, the date."""
    if at is None:
        return "?"
    then = datetime.fromisoformat(at).timestamp()
    return minute(then) if datetime.fromisoformat(now).timestamp() - then < DAY else at[:10]


def headline(p: Standing) -> str:
    """Return the answer: online or offline, since when, through which NAT, and whether the pair is protected."""
    return f"{p.pair}: {_internet(p)}; {_protection(p)}"


def _internet(p: Standing) -> str:
    internet = p.internet
    through = f" through the {p.active_role}" if p.active_role else ""
    heard_at, since = when(internet.heard, p.at), when(internet.since, p.at)
    match internet.state:
        case Internet.ONLINE:
            text = "ONLINE" + (f" as of {heard_at}" if internet.stale else "") + through
            return text + (f" since {since}" if internet.since is not None else "")
        case Internet.OFFLINE | Internet.PARTLY_OFFLINE:
            some = internet.state is Internet.PARTLY_OFFLINE
            count = f" ({internet.offline} of {internet.offline + internet.online} backends)" if some else ""
            as_of = f", last heard {heard_at}" if internet.stale else ""
            return f"{internet.state.value.upper()}{count} since {since}{as_of}{through}"
        case Internet.CANNOT_JUDGE:
            return f"CAN'T JUDGE ({internet.online} of {internet.asked} backends answer)"
        case Internet.UNKNOWN:
            last = "no backend heard" if internet.heard is None else f"last heard {heard_at}"
            return f"UNKNOWN whether online ({'not read' if 'view' in p.unread else last})"
        case _:
            assert_never(internet.state)


def _protection(p: Standing) -> str:
    if p.protected:
        since = "" if p.lock is None or p.lock.since is None else f", armed {when(p.lock.since, p.at)}"
        return f"PROTECTED{since}"
    if p.trouble or p.mode != "automatic":
        return f"NOT PROTECTED: {p.why}"
    if any(part in p.unread for part in NEEDED):
        return "UNKNOWN whether protected (not read)"
    return f"NOT PROTECTED: {p.why}"


def why(s: Snapshot, errors: Sequence[Finding]) -> str:
    """Return in a few words why a pair is not protected; empty where nothing says so."""
    for finding in sorted(errors, key=lambda each: (each.check == "offline", each.check != "locked")):
        if finding.check == "locked":
            return _locked(s.lock)
        if finding.check == "offline":
            return "no failover so far"
        role = "" if s.passive is None else _role(s, s.passive)
        return BRIEF.get(finding.check, finding.what).format(passive=role or "the passive NAT")
    if s.settings.mode.value != "automatic":
        return f"{s.settings.mode.value} mode"
    if s.lock is not None and s.lock.lock.state is LockState.FAILING_OVER:
        return "a failover is under way"
    return "not proven yet"


def _locked(found: LockParameter | None) -> str:
    record = None if found is None else found.lock.record
    if record is not None and record.in_drill:
        return "in a drill, not re-armed"
    return LOCKED.get("" if found is None else found.lock.state.value, "the lock can't be understood")


def _role(s: Snapshot, nat: str) -> str:
    return "primary" if nat == s.settings.primary_instance else "standby"


def next_step(s: Snapshot, findings: Sequence[Finding]) -> NextStep:
    """Return what to do next; without a command where there is nothing to do, or something to wait for."""
    checks = {finding.check for finding in findings if finding.severity is Gravity.ERROR}
    warnings = {finding.check for finding in findings}
    state = s.lock.lock.state if s.lock is not None else None
    under_way = state is LockState.FAILING_OVER and "stuck" not in checks
    steps = (
        (under_way, "status --watch", "the failover ends within two minutes"),
        (checks - {*BY_LOCK, "offline"}, "doctor", "causes and remedies"),
        ("offline" in checks, "failover --dry-run", "is the other NAT fit?"),
        ("paused" in checks, "resume", "once the work is done"),
        (checks, "rearm", "once the other NAT is fixed"),
        (any(part in s.unread for part in NEEDED), "policy reader", "the permissions to ask for"),
        ("not-proven" in warnings, "failover --dry-run", "or wait for the next round"),
        ("observe-mode" in warnings, "", "set mode to automatic and cdk deploy, once you trust it"),
        (findings, "doctor", "nothing urgent"),
    )
    command, note = next(((command, note) for applies, command, note in steps if applies), ("", "nothing to do"))
    if not command:
        return NextStep("", note)
    name, *options = command.split(" --")
    return NextStep(" --".join((f"nat-failover {name} {s.pair.name}", *options)) + s.options, note)
