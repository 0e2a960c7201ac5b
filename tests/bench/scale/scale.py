"""What a tick and a decision take, by the size of the fleet and the number of pairs."""

from __future__ import annotations

import argparse
import io
import json
import logging
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from nat_failover.application import Application
from nat_failover.clients import Clients
from tests.bench.bars import Bar, at_most
from tests.bench.scale.crowd import Clock, Crowd
from tests.bench.scale.memory import peak_mb
from tests.bench.scale.wire import Wire
from tests.bench.statistics import percentile
from tests.bench.tables import Table, show
from tests.examples import TICK, status_change
from tests.fakes import Context
from tests.gate.run_command.command import report, signals_line
from tests.lab.latencies import Latencies

ROOT = Path(__file__).resolve().parents[3]
FLEETS = (5, 50, 500, 5_000, 50_000)
PAIRS = (1, 10, 100)
HEALTHY, RENEWING, DECISION = "healthy tick", "tick that renews the sample", "decision and swap"
REPEATED = {HEALTHY: 15, RENEWING: 5, DECISION: 3}
SWAP = "ReplaceRouteTableAssociation"
CALLS_BAR = 5


@dataclass(frozen=True)
class Invoked:
    """What one invocation took: calls, milliseconds by the clock, of the processor, and until all was swapped."""

    calls: dict[str, int]
    wall_ms: float
    cpu_ms: float
    swapped_ms: float | None


class Function:
    """The function of one pair in a crowd, and AWS's answers to it as bytes."""

    def __init__(self, backends: int, pairs: int, seed: int = 1) -> None:
        logging.getLogger("nat_failover").setLevel(logging.CRITICAL)
        self.clock = Clock()
        self.crowd = Crowd(backends, pairs, self.clock, seed)
        self.wire = Wire(self.crowd.answer, Latencies(), seed)
        self.lines = io.StringIO()
        clients = Clients.of(self.wire.session())
        self._application = Application(self.crowd.settings, clients, self.clock, self.lines)

    def invoke(self, event: object) -> Invoked:
        """Invoke it."""
        before, began, cpu = Counter(self.wire.calls), time.time(), time.process_time()
        self._application.handle(event, Context())
        wall, used = time.time() - began, time.process_time() - cpu
        swapped = self.wire.answered_at.get(SWAP, 0.0)
        calls = dict(self.wire.calls - before)
        return Invoked(calls, wall * 1000, used * 1000, (swapped - began) * 1000 if swapped > began else None)

    def tick(self, after: float) -> Invoked:
        """Invoke it as the schedule does, so many seconds later than it is."""
        self.clock.ahead += after
        return self.invoke(TICK)

    def fail(self) -> Invoked:
        """Let the backends of the sample lose the Internet, and tell the function of the listener that hears them."""
        now, sample = self.clock.now(), self.crowd.sample()
        for host in sample:
            self.crowd.invocations[host] = report("offline", now - 1, elapsed=300, lost_for=1.7)
        instances, standby = self.crowd.account.holdings.instances, self.crowd.settings.standby_instance
        signals = signals_line(*((instances[host].address, "f", 0.4, True) for host in sample))
        self.crowd.invocations[standby] = report("online", now, elapsed=301, tells=True, heard=signals)
        document = self.crowd.settings.probe_document
        event: dict[str, Any] = status_change(self.crowd.latest, standby)
        event["detail"]["document-name"] = document
        return self.invoke(event)


def one(backends: int, pairs: int) -> dict[str, Any]:
    """Measure one size, in this process."""
    Function(FLEETS[0], 1).tick(0)  # loads what AWS's side needs, which is not the function's memory
    function = Function(backends, pairs)
    at_rest = peak_mb()
    function.tick(0)
    settings = function.crowd.settings
    found: dict[str, list[Invoked]] = {HEALTHY: [], RENEWING: [], DECISION: []}
    healthy = 0
    while healthy < REPEATED[HEALTHY] or len(found[RENEWING]) < REPEATED[RENEWING]:
        # The clock is put forward by a period, and in the end by many, so that a window passes with few ticks.
        skip = settings.period if healthy < REPEATED[HEALTHY] else settings.window / 2
        invoked = function.tick(skip)
        renewed = "ssm:SendCommand" in invoked.calls
        found[RENEWING if renewed else HEALTHY].append(invoked)
        healthy += not renewed
    peak = peak_mb()
    for seed in range(REPEATED[DECISION]):
        failing = Function(backends, pairs, seed)
        failing.tick(0)
        failing.tick(settings.period)
        found[DECISION].append(failing.fail())
    return {
        "backends": backends,
        "pairs": pairs,
        "grew_mb": round(peak - at_rest, 1),
        "runs": {what: [asdict(invoked) for invoked in all_of] for what, all_of in found.items()},
    }


def measure() -> dict[str, Any]:
    """Measure every size, each in a process of its own.

    Returns:
        ``fleet`` and ``pairs``: rows with ``backends``, ``pairs``, ``what`` and medians of ``calls``, ``wall_ms``,
        ``cpu_ms``, ``swapped_ms``, and ``grew_mb``, by how much the process grew; ``sizes``: all runs.
    """
    fleets = [_in_a_process(backends, 1) for backends in FLEETS]
    pairs = [fleets[1] if number == 1 else _in_a_process(FLEETS[1], number) for number in PAIRS]
    return {"fleet": _rows(fleets), "pairs": _rows(pairs), "sizes": [*fleets, *pairs[1:]]}


def _in_a_process(backends: int, pairs: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.bench.scale.scale", "--backends", str(backends), "--pairs", str(pairs)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed: {done.stderr}")
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


def _rows(sizes: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    def median(runs: Sequence[Mapping[str, Any]], of: Callable[[Mapping[str, Any]], float | None]) -> float | None:
        values = [value for run in runs if (value := of(run)) is not None]
        return round(percentile(values, 50), 1) if values else None

    return [
        {
            "backends": size["backends"],
            "pairs": size["pairs"],
            "what": what,
            "calls": median(runs, lambda run: sum(run["calls"].values())),
            "wall_ms": median(runs, lambda run: run["wall_ms"]),
            "cpu_ms": median(runs, lambda run: run["cpu_ms"]),
            "swapped_ms": median(runs, lambda run: run["swapped_ms"]),
            "grew_mb": size["grew_mb"],
        }
        for size in sizes
        for what, runs in size["runs"].items()
    ]


def bars(found: Mapping[str, Any]) -> list[Bar]:
    """Judge the calls of a tick."""
    calls = {(row["what"], row["backends"]): row["calls"] for row in found["fleet"]}
    few, many = FLEETS[1], FLEETS[-1]
    return [
        at_most(f"API calls of a healthy tick, {few} backends", CALLS_BAR, calls[HEALTHY, few]),
        at_most(f"API calls of a healthy tick, {many} backends", CALLS_BAR, calls[HEALTHY, many]),
        at_most(
            f"further API calls of a tick that renews the sample, {many} backends instead of {few}",
            1,
            calls[RENEWING, many] - calls[RENEWING, few],
        ),
    ]


def tables(found: Mapping[str, Any]) -> list[Table]:
    """Give the tables."""
    head = ["backends", "pairs", "what", "API calls", "wall ms", "until swapped ms", "processor ms", "process grew MB"]
    caption = (
        "Medians, real boto3 and real threads, AWS's answers as bytes from a model with the latencies above; "
        "milliseconds of the processor on this machine; memory: by how much the process, the model of AWS in it, grew "
        "by the ticks."
    )
    return [
        Table(title, caption if number == 0 else "", head, [_row(row) for row in found[key]])
        for number, (title, key) in enumerate((("Fleet size", "fleet"), ("Pairs in the account", "pairs")))
    ]


def _row(row: Mapping[str, Any]) -> list[str]:
    numbers = [row[key] for key in ("calls", "wall_ms", "swapped_ms", "cpu_ms", "grew_mb")]
    cells = ["" if number is None else f"{number:g}" for number in numbers]
    return [f"{row['backends']:,}", str(row["pairs"]), row["what"], *cells]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="measure one size, or all")
    parser.add_argument("--backends", type=int)
    parser.add_argument("--pairs", type=int, default=1)
    wanted = parser.parse_args()
    if wanted.backends:
        sys.stdout.write(json.dumps(one(wanted.backends, wanted.pairs)) + "\n")
    else:
        show(Console(width=140), tables(measure()))
