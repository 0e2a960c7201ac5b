"""The drill: plays scenarios and shows what happens. `make drill` runs it."""

from __future__ import annotations

import json
import secrets
import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from nat_failover.cli.report.page import page
from tests.gate.harshness import Harshness
from tests.lab.drill_report import report_of
from tests.lab.latencies import Latencies
from tests.lab.many_runs import play_all, quiet
from tests.lab.network.real.availability import why_unavailable
from tests.lab.network.real.netns import sweep
from tests.lab.run import Run, play
from tests.lab.scenarios import SCENARIOS
from tests.lab.screen import LiveView, show_intent, show_latencies, show_meaning, show_run, show_table


class NetworkChoice(StrEnum):
    """Which network a drill runs on."""

    AUTO = "auto"
    NAMESPACES = "namespaces"
    SIMULATED = "simulated"


def main(
    scenario: Annotated[str, typer.Option(help="name of a scenario, or all")] = "nat-rules-flushed",
    network: Annotated[NetworkChoice, typer.Option(help="real packets, or a model of them")] = NetworkChoice.AUTO,
    json_file: Annotated[Path | None, typer.Option("--json", help="file for the results")] = None,
    report: Annotated[Path | None, typer.Option(help="file for a report, one HTML page")] = None,
    seed: Annotated[int | None, typer.Option(help="of everything left to chance; drawn where not given")] = None,
    slower: Annotated[float, typer.Option(help="multiplies every latency of AWS")] = 1.0,
    repeat: Annotated[int, typer.Option(min=1, help="how often to play it, each time with another seed")] = 1,
    jobs: Annotated[int, typer.Option(min=1, help="how many runs at the same time, each in a process")] = 1,
) -> None:
    """Play scenarios; the exit status is 0 only when every run passed, but for those that are known to fail yet."""
    console = Console()
    if not console.is_terminal:
        console.width = 120
    quiet()
    names = list(SCENARIOS) if scenario == "all" else [scenario]
    if not set(names) <= set(SCENARIOS):
        raise typer.BadParameter(f"{scenario!r} is no scenario. There are: all, {', '.join(SCENARIOS)}")
    chosen = _network(network, console)
    latencies = Latencies().scaled(slower)
    first = seed if seed is not None else secrets.randbelow(2**31)
    each = [name for _ in range(repeat) for name in names]
    wanted = [(name, chosen, first + number, latencies) for number, name in enumerate(each)]
    if len(wanted) == 1:
        runs = [_watched(console, *wanted[0])]
    else:
        runs = []
        for run in play_all(wanted, jobs):
            runs.append(run)
            show_run(console, run, in_full=False)
        show_table(console, runs)
    show_latencies(console, latencies, Harshness())
    if json_file is not None:
        _write(json_file, json.dumps([run.as_json() for run in runs], indent=1) + "\n")
        console.print(f"results written to {json_file}")
    if report is not None:
        _write(report, page(report_of(runs, time.time())))
        console.print(f"report written to {report}")
    raise typer.Exit(0 if all(run.as_expected for run in runs) else 1)


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def _watched(console: Console, name: str, network: str, seed: int, latencies: Latencies) -> Run:
    show_intent(console, SCENARIOS[name], network)
    view = LiveView(console, name, SCENARIOS[name].description)
    try:
        run = play(SCENARIOS[name], network, seed, latencies, view.start)
    finally:
        view.stop()
    show_run(console, run, in_full=True)
    show_meaning(console, run)
    return run


def _network(choice: NetworkChoice, console: Console) -> str:
    why = why_unavailable()
    if choice is NetworkChoice.SIMULATED:
        return "simulated"
    if why is None:
        for name in sweep():
            console.print(f"removed {name}, left by a drill that was killed")
        return "namespaces"
    if choice is NetworkChoice.NAMESPACES:
        raise typer.BadParameter(f"no network namespaces here: {why}. NETWORK=simulated plays it on a model")
    console.print(f"[yellow]No network namespaces here: {why}. The network is simulated.[/yellow]")
    return "simulated"


if __name__ == "__main__":
    typer.run(main)
