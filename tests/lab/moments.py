"""When what happened in a run, as its report tells it; seconds from the fault on."""

from __future__ import annotations

import json

from nat_failover.cli.report.report import spans_of
from nat_failover.lock.record import LockState
from tests.lab.lab import Lab

FAILURE_CAUSES = {"FEW_FAILURES", "UNCONFIRMED", "ENOUGH_FAILURES", "CONTROL_DOWN", "WARM_UP", "NAT_GONE"}


def noticed_at(lab: Lab, broken: float) -> float | None:
    """Return when the function knew of a failure for the first time, seconds since the epoch."""
    concluded = [
        i.ended_at
        for i in lab.functions.invocations
        if i.ended_at >= broken and i.result and i.result["cause"] in FAILURE_CAUSES
    ]
    reported = [at for at, _ in lab.run_command.seen if at >= broken]
    acted = [at for at in lab.gateway.replaced_at if at >= broken]
    return min([*reported, *concluded, *acted], default=None)


def steps(lab: Lab, broken: float) -> dict[str, float]:
    """Return when each step was taken for the first time, being swapped and routed for the last."""
    backs = [back for host in lab.backends if (back := lab.pinger.back_online_at(host, broken)) is not None]
    moments = {
        "seen": min((at for at, _ in lab.run_command.failed if at >= broken), default=None),
        "told": min((i.at for i in lab.functions.invocations if i.at >= broken), default=None),
        "decided": min((at for at, _ in lab.gateway.recorded if at >= broken), default=None),
        "swapped": max((at for at in lab.gateway.replaced_at if at >= broken), default=None),
        "routed": max(backs, default=None),
        "verified": _verified_at(lab),
    }
    return {step: round(at - broken, 3) for step, at in moments.items() if at is not None}


def _verified_at(lab: Lab) -> float | None:
    """Return when people were first told that every backend is online by the new way; None where they were not."""
    everybody = f"{len(lab.backends)} of {len(lab.backends)} backends online through the new path"
    swapped = max(lab.gateway.replaced_at, default=0.0)
    return min((at for at, _, text in lab.gateway.published if at >= swapped and everybody in text), default=None)


def routed(lab: Lab, broken: float) -> dict[str, float]:
    """Return after how many seconds the network sent each backend's packets by the other NAT."""
    names = {subnet: name for name, subnet in lab.cloud.subnets.items()}
    at = {names[subnet]: at for subnet, at in lab.gateway.routed_at.items()}
    return {h.name: round(at[h.subnet] - broken, 3) for h in lab.network.layout.backends if h.subnet in at}


def timeline(lab: Lab, broken: float) -> list[tuple[float, str]]:
    """Return what happened, in order."""
    happened = [(broken, "failure")]
    happened += [(at, f"seen: {host} has reported") for at, host in lab.run_command.seen if at >= broken]
    for invocation in lab.functions.invocations:
        if invocation.at >= broken and invocation.result is not None:
            result = invocation.result
            happened.append((invocation.at, f"invoked by a{'n event' if invocation.trigger == 'event' else ' tick'}"))
            if result["cause"] != "HEALTHY":
                happened.append((invocation.ended_at, _became(result)))
    for at, text in lab.gateway.recorded:
        record = json.loads(text)
        if at >= broken:
            decided = record["state"] == LockState.FAILING_OVER
            happened.append((at, f"decided: {record['reason']}" if decided else f"recorded: {record['outcome']}"))
    happened += [(at, "swapped: an association is replaced") for at in lab.gateway.replaced_at if at >= broken]
    happened += [(at, "swapped: the egress address is moved") for at in lab.gateway.addressed_at if at >= broken]
    happened += [(at, f"mail: {subject}") for at, subject, _ in lab.gateway.published if at >= broken]
    for host in lab.backends:
        back = lab.pinger.back_online_at(host, broken)
        if back is not None:
            happened.append((back, f"{host} is back online"))
    return [(round(at - broken, 2), text) for at, text in sorted(happened)]


def _became(result: dict[str, object]) -> str:
    match result.get("outcome"):
        case None:
            return f"{result['decision']}: {result['reason']}"
        case "lost":
            return f"{result['decision']}, too: {result['result']}"
        case _:
            return f"{result['decision']}: {result['result']}"


def connectivity(lab: Lab, host: str, broken: float) -> list[tuple[float, float, bool]]:
    """Return when a backend was online and when not: from, to, whether."""
    slots = lab.pinger.slots(host)
    spans = spans_of([(slot.sent_at, slot.answered) for slot in slots], slots[-1].sent_at) if slots else ()
    return [(round(span.begun - broken, 3), round(span.ended - broken, 3), span.online) for span in spans]


def evidence(lab: Lab, broken: float) -> list[str]:
    """Return what the first decision to fail over was based on, as the lock's record has it; nothing without one."""
    for at, text in lab.gateway.recorded:
        record = json.loads(text)
        if at >= broken and record["state"] == LockState.FAILING_OVER:
            entries = [str(line).split(" ", 1) for line in record["evidence"]]
            return [f"{lab.cloud.host_of(host)} ({host}): {state}" for host, state in entries]
    return []
