"""The bench: measures outages, false failovers, cost, scale and start, and holds them against bars. `make bench`."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from tests.bench import bars, days, deaths, outage, plots, report, tables
from tests.bench.cost import cost
from tests.bench.outage import FAILURES, OURS, Sample, Wanted
from tests.bench.peers import PEERS
from tests.bench.scale import scale, startup
from tests.gate.harshness import Harshness
from tests.lab.latencies import Latencies
from tests.lab.many_runs import quiet
from tests.lab.network.real.availability import why_unavailable
from tests.lab.network.real.netns import sweep

RATIOS = {"a": 15.0, "b": 2.5, "c": 20.0}
# On real packets a run mostly waits: so many at a time leave the processors time enough.
AT_ONCE = 8


def main(
    runs: Annotated[int, typer.Option(min=1, help="on real packets, of each failure")] = 10,
    simulated: Annotated[int, typer.Option(min=1, help="runs on the simulated network, of each failure")] = 100,
    virtual_days: Annotated[int, typer.Option("--days", min=1, help="virtual days")] = 1000,
    dying: Annotated[int, typer.Option("--deaths", min=1, help="virtual deaths, of each kind")] = 1000,
    jobs: Annotated[int, typer.Option(min=1, help="processes, where the processor is what they wait for")] = 2,
    json_file: Annotated[Path, typer.Option("--json", help="file for the results")] = Path("build/bench.json"),
    results: Annotated[bool, typer.Option(help="put the tables into RESULTS.md, and the plots beside it")] = False,
) -> None:
    """Measure everything; the exit status is 0 only when every bar is met."""
    console = Console(width=140)
    quiet()
    began = time.monotonic()
    why = why_unavailable()
    if why is not None:
        console.print(f"[yellow]No network namespaces here ({why}): nothing is measured on real packets.[/yellow]")
    console.print("virtual days and deaths")
    false, missed = days.measure(virtual_days, jobs), deaths.measure(dying, jobs)
    samples = _simulated(console, simulated, jobs)
    # By themselves, since the processors' other work would be part of what is measured.
    samples = [*(_real(console, runs) if why is None else ()), *samples]
    found: dict[str, Any] = {
        "measured": {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": f"{platform.system()} {platform.release()}, {platform.machine()}, {os.cpu_count()} processors",
            "python": platform.python_version(),
        },
        "latencies": Latencies().as_json(),
        "harshness": Harshness().as_json(),
        "outage": outage.summary(samples),
        "peers": {name: peer().description for name, peer in PEERS.items()},
        "false_failovers": false,
        "deaths": missed,
    }
    for name, section in (("startup", startup), ("scale", scale), ("cost", cost)):
        console.print(name)
        found[name] = section.measure()
    judged = _judge(samples, found)
    found["bars"] = [bar.as_json() for bar in judged]
    found["seconds"] = round(time.monotonic() - began)
    found["runs"] = [asdict(sample) for sample in samples]
    json_file.parent.mkdir(parents=True, exist_ok=True)
    json_file.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    tables.show(console, report.tables(found))
    console.print(f"results written to {json_file}, after {found['seconds']} s")
    if results:
        report.put(report.markdown(found))
        report.put(report.costs(found).body + "\n", marks=(report.COSTS_BEGIN, report.COSTS_END))
        plots.outages(report.curves(samples), plots.PLOTS / "outage.svg")
        plots.fleets(found["scale"]["fleet"], plots.PLOTS / "scale.svg")
    raise typer.Exit(0 if all(bar.met for bar in judged) else 1)


def _real(console: Console, runs: int) -> list[Sample]:
    sweep()
    # The longest first, so that none is left over at the end.
    kinds = [*((OURS, *failure) for failure in FAILURES), ("b", outage.NOTICED["b"], True)]
    wanted = [
        Wanted(who, failure, "namespaces", 100_000 * number + seed, endpoints=endpoints)
        for number, (who, failure, endpoints) in enumerate(kinds)
        for seed in range(runs)
    ]
    return _collected(console, "real packets", wanted, AT_ONCE, 1)


def _simulated(console: Console, runs: int, jobs: int) -> list[Sample]:
    kinds = [(OURS, *failure) for failure in FAILURES] + [(peer, outage.NOTICED[peer], True) for peer in RATIOS]
    wanted = [
        Wanted(who, failure, "simulated", 100_000 * number + seed, slower, endpoints)
        for slower in (1.0, 2.0)
        for number, (who, failure, endpoints) in enumerate(kinds)
        for seed in range(runs)
    ]
    return _collected(console, "simulated network", wanted, jobs, 25)


def _collected(console: Console, title: str, wanted: Sequence[Wanted], jobs: int, chunk: int) -> list[Sample]:
    samples = []
    with console.status(title) as status:
        for sample in outage.collect(wanted, jobs, chunk):
            samples.append(sample)
            status.update(f"{title}: {len(samples)} of {len(wanted)} runs")
            if sample.problems:
                console.print(f"[red]{sample.who} {sample.failure} {sample.network} {sample.seed}: {sample.problems}")
    console.print(f"{title}: {len(samples)} runs")
    return samples


def _judge(samples: Sequence[Sample], found: dict[str, Any]) -> list[bars.Bar]:
    networks = sorted({sample.network for sample in samples})
    judged = [bar for network in networks for bar in bars.of_outages(samples, network)]
    judged += bars.of_ratios(samples, "simulated", RATIOS)
    if "namespaces" in networks:
        judged += bars.of_ratios(samples, "namespaces", {"b": RATIOS["b"]})
    judged += bars.of_days(found["false_failovers"], found["deaths"])
    for name, section in (("startup", startup), ("scale", scale), ("cost", cost)):
        judged += section.bars(found[name])
    judged.append(bars.at_most("runs with a problem", 0, sum(bool(sample.problems) for sample in samples)))
    return judged


if __name__ == "__main__":
    typer.run(main)
