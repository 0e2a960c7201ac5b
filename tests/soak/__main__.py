"""Minutes of random faults on real packets under traffic, and the figures of it. `make soak` runs it."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from tests.lab.latencies import Latencies
from tests.lab.many_runs import quiet
from tests.lab.network.real.availability import why_unavailable
from tests.lab.network.real.netns import sweep
from tests.lab.screen import show_latencies
from tests.soak.figures import figures, passed, show
from tests.soak.soak import HARSHNESS, soak


def main(
    minutes: Annotated[float, typer.Option(min=0.1, help="how long new faults begin")] = 10.0,
    seed: Annotated[int | None, typer.Option(help="of the faults' order; drawn where not given")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="file for the figures")] = None,
) -> None:
    """Soak; the exit status is 0 only when nothing was lost that should not have been, and nothing is left."""
    console = Console()
    if not console.is_terminal:
        console.width = 120
    quiet()
    why = why_unavailable()
    if why is not None:
        raise typer.BadParameter(f"a soak needs real packets, and there are no network namespaces here: {why}")
    sweep()
    chosen = secrets.randbelow(2**31) if seed is None else seed
    console.print(f"soaking for {minutes:g} minutes, seed {chosen}")
    show_latencies(console, Latencies(), HARSHNESS)
    found = soak(minutes * 60, chosen, log=lambda line: console.print(line, highlight=False, markup=False))
    show(console, found)
    if json_file is not None:
        json_file.parent.mkdir(parents=True, exist_ok=True)
        results = {**figures(found), "faults": [asdict(struck) for struck in found.struck]}
        json_file.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    raise typer.Exit(0 if passed(found) else 1)


if __name__ == "__main__":
    typer.run(main)
