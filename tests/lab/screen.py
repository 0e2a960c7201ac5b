"""What a drill shows: what it is about to do, every backend while it plays, the timeline, and what came of it."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from nat_failover.cli.report.report import each_once
from tests.gate.harshness import Harshness
from tests.lab.lab import Lab
from tests.lab.latencies import Latencies
from tests.lab.run import Run
from tests.lab.scenarios.scenario import FAIL_OVER, FAILED, HOLD, Scenario

# Columns of a backend's strip; one a fifth of a second.
STRIP = 70
NETWORKS = {
    "namespaces": (
        "with real packets in Linux network namespaces. AWS is emulated;\nfunction, probe and the set-up of the NATs "
        "are those that are deployed."
    ),
    "simulated": "in a model of the network, in virtual time. AWS is emulated;\nthe function is what is deployed.",
}
EXPECTED = {
    FAIL_OVER: "The function has to see it, and to move the private subnets to the other NAT.",
    HOLD: "The function has to see that moving the subnets would not help, or is not called for, and to leave them.",
    FAILED: "The function has to see it and try to move the subnets. Since that fails it has to record it, and stop.",
}


class LiveView:
    """Shows which backends are online while a scenario plays; on a simulated network there is nothing to watch."""

    def __init__(self, console: Console, name: str, description: str) -> None:
        self._console = console
        self._title = f"{name}: {description}"
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, lab: Lab) -> None:
        """Begin; called when the lab is up."""
        if not lab.world.virtual:
            self._thread = threading.Thread(target=self._main, args=(lab,), name="view", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()

    def _main(self, lab: Lab) -> None:
        strips: dict[str, list[bool]] = {host: [] for host in lab.backends}
        if not self._console.is_terminal:
            self._ended.wait()
            return
        with Live(console=self._console, refresh_per_second=5, transient=False) as live:
            while not self._ended.wait(0.2):
                for host, strip in strips.items():
                    strip.append(lab.pinger.online(host))
                live.update(self._panel(lab, strips))

    def _panel(self, lab: Lab, strips: dict[str, list[bool]]) -> Panel:
        table = Table.grid(padding=(0, 1))
        for host, strip in strips.items():
            line = Text(host)
            marks = Text()
            for online in strip[-STRIP:]:
                marks.append("▇" if online else "▁", style="green" if online else "red")
            table.add_row(line, marks)
        state = (
            "nothing is broken yet" if lab.broken_at is None else f"broken {lab.world.now() - lab.broken_at:.1f} s ago"
        )
        return Panel(table, title=escape(self._title), subtitle=state)


def show_intent(console: Console, scenario: Scenario, network: str) -> None:
    """Say what is about to be shown."""
    backends = scenario.backends if scenario.layout is None else len(scenario.layout.backends)
    console.print(
        f"[bold]{scenario.name}[/bold]: {escape(scenario.description)}.\n{EXPECTED[scenario.expected]}\n\n"
        f"{backends} backends, a NAT that they use and one that stands by, {NETWORKS[network]}",
        highlight=False,
        soft_wrap=True,
    )
    if network == "namespaces":
        wait = "Most scenarios take about a minute. "
        strips = "Each line is a backend: green while it is online, red while it is offline."
        console.print(wait + strips if console.is_terminal else wait.strip(), highlight=False)
    console.print()


def show_meaning(console: Console, run: Run) -> None:
    """Say what a run came to, in words."""
    console.print(f"\n[bold]What it means[/bold]: {escape(meaning(run))}", highlight=False, soft_wrap=True)
    console.print()


def meaning(run: Run) -> str:
    """Return what a run came to."""
    if not run.passed:
        return "that was not what should have happened: see above."
    online = f"{run.backends_online_after} of {run.backends} backends are online"
    if run.expected == HOLD:
        return f"nothing was moved, as it should be. {online}."
    if run.expected == FAILED:
        return (
            f"the subnets could not be moved, so the lock says {run.lock}, an alarm would ring, and a person has to "
            f"act. {online}."
        )
    first = run.detected_after_seconds
    seen = "" if first is None else f" The first report came after {first:.1f} s."
    outage = "" if run.outage_seconds is None else f" for {run.outage_seconds:.1f} s at most"
    return (
        f"backends were offline{outage}. {run.subnets_on_passive} of {run.subnets} subnets now use the other NAT, and "
        f"{online}.{seen} On AWS a person would now find out what happened to the NAT, and re-arm the pair."
    )


def show_latencies(console: Console, latencies: Latencies, harshness: Harshness) -> None:
    """Say what AWS is taken to add, and how often to refuse, lose and forget."""
    ranges = ", ".join(f"{name} {low:g}-{high:g}" for name, (low, high) in latencies.as_json().items())
    console.print(f"Latencies of AWS in this lab, in seconds: {ranges}", highlight=False)
    console.print(f"An ordinary day of AWS in this lab: {harshness.in_words}", highlight=False)


def show_run(console: Console, run: Run, *, in_full: bool) -> None:
    """Show what a run came to: in one line, or with its timeline and mails."""
    if in_full:
        for at, event in each_once(run.timeline):
            console.print(f"{at:8.2f} s  {escape(event)}", highlight=False, soft_wrap=True)
        for subject, text in run.notifications:
            console.print(Panel(escape(text.rstrip()), title=escape(subject)))
    verdict = "[green]passed[/green]" if run.passed else "[red]FAILED[/red]"
    if run.fails_until:
        verdict = f"[red]{'passed unexpectedly' if run.passed else 'fails'}[/red] (until {escape(run.fails_until)})"
    outage = "offline still" if run.outage_seconds is None else f"outage {run.outage_seconds:.1f} s"
    console.print(
        f"{verdict} {run.scenario} on {run.network} (seed {run.seed}): {run.observed}, {outage}, "
        f"{run.subnets_on_passive} of {run.subnets} subnets moved, "
        f"{run.backends_online_after} of {run.backends} backends online, lock {run.lock}, "
        f"untracked packets in mid-flow {run.mid_flow}",
        highlight=False,
        soft_wrap=True,
    )
    for problem in run.problems:
        console.print(f"  [red]{escape(problem)}[/red]", soft_wrap=True)


def show_table(console: Console, runs: Sequence[Run]) -> None:
    """Show all runs."""
    passed = sum(run.passed for run in runs)
    known = sum(bool(run.fails_until) and not run.passed for run in runs)
    counted = f"{passed} of {len(runs)} runs passed" + (f", {known} are known to fail yet" if known else "")
    table = Table(title=f"{counted}, network {runs[0].network}, times in seconds")
    for heading in ("scenario", "expected", "observed"):
        table.add_column(heading, no_wrap=True)
    for heading in ("outage", "seen", "swapped", "online"):
        table.add_column(heading, justify="right", no_wrap=True)
    for run in runs:
        figures = (run.outage_seconds, run.detected_after_seconds, run.swapped_after_seconds)
        table.add_row(
            run.scenario,
            run.expected,
            run.observed if run.passed else f"[red]{run.observed}[/red]",
            *("-" if figure is None else f"{figure:.1f}" for figure in figures),
            f"{run.backends_online_after}/{run.backends}",
        )
    console.print(table)
