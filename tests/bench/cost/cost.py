"""What watching costs: calls, invocations and billed time of a minute, and of a failover, in dollars a month."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console

from infra.config.deployment import DeploymentSettings
from nat_failover.lock.record import LockState, Record
from tests.bench.bars import Bar, at_most
from tests.bench.cost import prices
from tests.bench.scale.scale import Function, Invoked
from tests.bench.statistics import percentile
from tests.bench.tables import Table, show
from tests.lab.call_times import CallTimes
from tests.lab.cloud.template import synthesized
from tests.lab.lab import Lab
from tests.lab.latencies import Latencies
from tests.lab.scenarios import SCENARIOS
from tests.simulation.account.cloud import ModelCloud

# Three windows of the probe.
MINUTES = 30
BACKENDS = 50
FAILOVERS = 20
BILLED_BAR_MS, MONTH_BAR, CALLS_BAR = 500.0, 0.20, 30
# What AWS takes in a second, or is believed to.
RATES = {"PutParameter": 3, "ListCommandInvocations": 5}
# alterNAT's checking function, by its Terraform module's defaults: one invocation a minute lasts the whole minute.
CHECKER = {"invocations_a_minute": 1.0, "billed_ms": 60_000.0, "memory_mb": 256.0}


def measure() -> dict[str, Any]:
    """Measure minutes of watching on real clients and threads, and failovers on the simulated network."""
    memory = _memory()
    healthy, lines = _minutes(None)
    locked, _ = _minutes(_failed_over())
    found = {
        "memory_mb": memory,
        "healthy": _summary(healthy, memory),
        "locked": _summary(locked, memory),
        "failover": _failover(),
        "metrics": sorted(_metrics(lines)),
        "alarms": alarms(),
        "log_bytes_a_minute": round(len(lines.encode()) / MINUTES),
        "runs": {"healthy": [asdict(run) for run in healthy], "locked": [asdict(run) for run in locked]},
    }
    found["dollars"] = _dollars(found)
    return found


def _memory() -> int:
    return DeploymentSettings().function_memory


def _failed_over() -> str:
    return Record(LockState.FAILED_OVER, "earlier", 1.0, "rtb-1", "rtb-2", {}, (), "a failure", "moved", 0.4).text()


def _minutes(lock: str | None) -> tuple[list[Invoked], str]:
    function = Function(BACKENDS, 1)
    if lock is not None:
        name = function.crowd.settings.lock_parameter
        function.crowd.account.put({"Name": name, "Value": lock, "Overwrite": True}, "person")
    function.tick(0)
    function.lines.seek(0)
    function.lines.truncate()
    return [function.tick(60) for _ in range(MINUTES)], function.lines.getvalue()


def billed_ms(wall_ms: float, cpu_ms: float, memory_mb: float) -> float:
    """Give what Lambda bills: the time by the clock, and what the processor's part of it takes longer by its share."""
    slower = max(1.0, prices.MB_A_VCPU / memory_mb)
    return wall_ms + cpu_ms * (slower - 1)


def _summary(runs: Sequence[Invoked], memory: float) -> dict[str, float]:
    calls: Counter[str] = Counter()
    for run in runs:
        calls.update(run.calls)
    billed = [billed_ms(run.wall_ms, run.cpu_ms, memory) for run in runs]
    quiet = [b for b, run in zip(billed, runs, strict=True) if "ssm:SendCommand" not in run.calls]
    return {
        "minutes": len(runs),
        "calls_mean": round(sum(calls.values()) / len(runs), 2),
        "calls_median": percentile([sum(run.calls.values()) for run in runs], 50),
        "calls_max": max(sum(run.calls.values()) for run in runs),
        "wall_ms_median": round(percentile([run.wall_ms for run in runs], 50), 1),
        "cpu_ms_median": round(percentile([run.cpu_ms for run in runs], 50), 1),
        "billed_ms_median": round(percentile(quiet, 50), 1),
        "billed_ms_mean": round(sum(billed) / len(billed), 1),
    }


def _metrics(lines: str) -> set[str]:
    """Name the metrics that are written in every minute or most; what says nothing is not written."""
    found = [json.loads(line)["_aws"]["CloudWatchMetrics"][0]["Metrics"] for line in lines.splitlines()]
    counted = Counter(metric["Name"] for metrics in found for metric in metrics)
    return {name for name, count in counted.items() if count > MINUTES / 2}


def alarms() -> int:
    """Return how many alarms a pair with the default settings has."""
    resources = json.loads(synthesized({}))["Resources"].values()
    return sum(resource["Type"] == "AWS::CloudWatch::Alarm" for resource in resources)


def _failover() -> dict[str, float]:
    """Count the invocations of a failover, and what they take, from the failure until two minutes after."""
    invocations, cold, wall, calls = [], [], [], []
    busiest = dict.fromkeys(RATES, 0)
    for seed in range(FAILOVERS):
        lab = Lab("simulated", seed, Latencies(), cloud=ModelCloud, measured=False)
        times = CallTimes(lab)
        lab.gateway.faults.append(times)

        def main(of: Lab, times: CallTimes = times) -> None:
            of.begin(60)
            of.broken()
            SCENARIOS["nat-rules-flushed"].fault(of)
            of.wait(120)
            since = [i for i in of.functions.invocations if i.at >= (of.broken_at or 0)]
            invocations.append(float(len(since)))
            wall.append(sum(i.ended_at - i.at for i in since) * 1000)
            cold.append(float(of.functions.environments - 1))
            ticks = [(i.at, i.ended_at) for i in since if i.trigger == "tick"]
            calls.append(float(times.beside(ticks, of.broken_at or 0)))
            for operation, most in busiest.items():
                busiest[operation] = max(most, times.most_in_a_second(operation, of.broken_at or 0))

        lab.run(main)
    low, high = Latencies().cold
    return {
        "invocations": percentile(invocations, 50),
        "cold_starts": percentile(cold, 50),
        "calls": percentile(calls, 50),
        **{f"{operation} a second": float(most) for operation, most in busiest.items()},
        "wall_ms": round(percentile(wall, 50)),
        "cold_start_ms": (low + high) / 2 * 1000,
    }


def _dollars(found: Mapping[str, Any]) -> dict[str, float]:
    memory, failover = found["memory_mb"], found["failover"]
    once = failover["wall_ms"] + failover["cold_starts"] * failover["cold_start_ms"]
    months = {
        "lambda": prices.lambda_month(1, found["healthy"]["billed_ms_mean"], memory),
        "lambda while locked": prices.lambda_month(1, found["locked"]["billed_ms_mean"], memory),
        "one failover": once / 1000 * memory / 1024 * prices.LAMBDA_GB_SECOND,
        "(b) a checking function": prices.lambda_month(
            CHECKER["invocations_a_minute"], CHECKER["billed_ms"], CHECKER["memory_mb"]
        ),
    }
    return {what: round(dollars, 6 if dollars < 0.01 else 2) for what, dollars in months.items()}


def bars(found: Mapping[str, Any]) -> list[Bar]:
    """Return the bars of billed time, of dollars, and of what a failover asks of AWS."""
    failover = found["failover"]
    when = f"in the busiest second of {FAILOVERS} failovers"
    return [
        at_most("API calls of a failover, beside the ticks within two minutes, median", CALLS_BAR, failover["calls"]),
        *(at_most(f"{operation} {when}", most, failover[f"{operation} a second"]) for operation, most in RATES.items()),
        at_most("billed time of a warm healthy tick, ms", BILLED_BAR_MS, found["healthy"]["billed_ms_median"]),
        at_most("Lambda for a pair, dollars a month", MONTH_BAR, found["dollars"]["lambda"]),
    ]


def tables(found: Mapping[str, Any]) -> list[Table]:
    """Give the tables."""
    caption = (
        f"{MINUTES} minutes each, one invocation a minute, {BACKENDS} backends; billed time is that by the clock, with "
        f"the processor's part stretched to the share of a vCPU that {found['memory_mb']} MB have (1,769 MB are one). "
        f"A failover, from the failure on: {found['failover']['invocations']:g} invocations in all, "
        f"{found['failover']['cold_starts']:g} of them cold, {found['failover']['calls']:g} API calls beside those of "
        f"ticks, {found['failover']['wall_ms'] / 1000:.1f} s billed beside the cold starts."
    )
    keys = ("calls_median", "calls_mean", "calls_max", "wall_ms_median", "cpu_ms_median", "billed_ms_median")
    minutes = [
        [what, *(f"{found[what][key]:g}" for key in (*keys, "billed_ms_mean"))] for what in ("healthy", "locked")
    ]
    head = ["minute", "calls, median", "mean", "most", "wall ms", "processor ms", "billed ms, median", "mean"]
    dollars = [[what, f"{value:.2f}" if value >= 0.01 else f"{value:g}"] for what, value in found["dollars"].items()]
    metrics = ", ".join(f"`{name}`" for name in found["metrics"])
    about = (
        "us-east-1, list prices, 730 hours; all that a pair costs is under [costs](#costs). The metrics that are "
        f"always written: {metrics}."
    )
    return [
        Table("A minute of watching", caption, head, minutes),
        Table("What running it costs", about, ["what", "dollars a month"], dollars),
    ]


if __name__ == "__main__":
    result = measure()
    show(Console(width=140), tables(result))
    sys.stdout.write(json.dumps([bar.as_json() for bar in bars(result)], indent=1) + "\n")
