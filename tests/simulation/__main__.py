"""The simulator: plays many histories, or one by its seed. `make simulate` runs it."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from tests.gate.harshness import Harshness
from tests.lab.latencies import Latencies
from tests.lab.many_runs import quiet
from tests.lab.screen import show_latencies
from tests.simulation.campaign import Campaign, campaign
from tests.simulation.histories.generator import history
from tests.simulation.histories.timeline import broken, described, timeline
from tests.simulation.minimise import minimise
from tests.simulation.play import play


def main(
    seed: Annotated[int | None, typer.Option(help="play this one history and tell all that happens")] = None,
    runs: Annotated[int, typer.Option(min=1, help="how many histories")] = 20000,
    first: Annotated[int, typer.Option(help="seed of the first")] = 0,
    jobs: Annotated[int, typer.Option(min=1, help="how many processes")] = 2,
) -> None:
    """Play histories; the exit status is 0 only when no rule is broken in any."""
    console = Console(width=180, soft_wrap=True, highlight=False)
    quiet()
    if seed is not None:
        raise typer.Exit(_one(console, seed))
    show_latencies(console, Latencies(), Harshness())
    console.print("each history multiplies the latencies, and the shares by 0, 1 or 4")
    last = Campaign()
    for last in campaign(range(first, first + runs), jobs):
        if console.is_terminal:
            console.print(f"{last.histories} histories, {len(last.broken)} break a rule", end="\r")
    _coverage(console, last)
    for broken_seed, rule, sentence in last.broken[:3]:
        console.print(f"\nseed {broken_seed} breaks rule {rule}: {sentence}")
        _one(console, broken_seed)
    console.print(
        f"{last.histories} histories, {last.hours:.0f} virtual hours, {sum(last.calls.values())} calls in "
        f"{last.seconds:.0f} s on {jobs} processes; {len(last.broken)} break a rule"
        + "".join(f"\n  make simulate SEED={s}: rule {rule}: {sentence}" for s, rule, sentence in last.broken[:20])
    )
    raise typer.Exit(1 if last.broken else 0)


def _one(console: Console, seed: int) -> int:
    played = play(history(seed), telling=True)
    console.print(described(played.history), markup=False)
    console.print(timeline(played), markup=False)
    console.print(broken(played), markup=False)
    if not played.violations:
        return 0
    smaller = minimise(played)
    again = play(smaller.history, telling=True)
    console.print("\nThe same, with all left out that it does not need:", markup=False)
    console.print(described(again.history), markup=False)
    console.print(timeline(again), markup=False)
    console.print(broken(again), markup=False)
    return 1


def _coverage(console: Console, of: Campaign) -> None:
    happened = Table("what happened", "how often", title="Troubles and outcomes")
    for kind, count in sorted(of.seen.items(), key=lambda pair: -pair[1]):
        happened.add_row(kind, str(count))
    console.print(happened)
    operations = [name.partition(":")[2] for name, _ in of.calls.most_common()]
    fates = sorted({fate for fate, _ in of.befallen})
    befallen = Table(Column("call", no_wrap=True), "made", *fates, title="What befell each call")
    for operation in operations:
        made = sum(count for name, count in of.calls.items() if name.endswith(f":{operation}"))
        befallen.add_row(operation, str(made), *(str(of.befallen[fate, operation]) for fate in fates))
    console.print(befallen)


if __name__ == "__main__":
    typer.run(main)
