"""What an acceptance run has seen: shown, and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tests.aws.assumptions import Judged
from tests.aws.failures import Came
from tests.aws.latencies import Measured


@dataclass
class Report:
    """All of it.

    Attributes:
        trouble: what has kept the run from its end; empty where nothing has.
        left: what was there before it and after it, and should not be.
    """

    ground: str
    region: str
    measured: list[Measured] = field(default_factory=list)
    came: list[Came] = field(default_factory=list)
    judged: list[Judged] = field(default_factory=list)
    trouble: str = ""

    @property
    def passed(self) -> bool:
        """Tell whether nothing has failed that was tried; a latency is a figure, not a failure."""
        return not (self.trouble or any(c.problem for c in self.came) or any(j.wrong for j in self.judged))

    def fields(self) -> dict[str, Any]:
        """Give it for JSON."""
        return {
            "ground": self.ground,
            "region": self.region,
            "passed": self.passed,
            "trouble": self.trouble,
            "latencies": {
                m.measure.what: {
                    "lab": list(m.measure.lab),
                    "seconds": [round(seconds, 3) for seconds in m.seconds],
                    "verdict": m.verdict,
                }
                for m in self.measured
            },
            "failures": {
                c.failure.name: {
                    "failed_over_after": c.failed_over_after and round(c.failed_over_after, 1),
                    "outages": [None if outage is None else round(outage, 2) for outage in c.outages],
                    "moved": list(c.moved),
                    "problem": c.problem,
                    "why_not": c.why_not,
                }
                for c in self.came
            },
            "assumptions": [{"assumption": j.assumption, "verdict": j.verdict, "said": j.detail} for j in self.judged],
        }


def show(console: Console, report: Report) -> None:
    """Show all of it."""
    for table in (_latencies(report), _failures(report), _assumptions(report)):
        console.print(table)
    if report.trouble:
        console.print(f"[red]{escape(report.trouble)}[/red]", soft_wrap=True)
    console.print("[green]passed[/green]" if report.passed else "[red]FAILED[/red]")


def show_self_test(console: Console, answer: Mapping[str, Any], *, proves: bool) -> None:
    """Show what a function's self-test has come to.

    Args:
        answer: of the function.
        proves: whether it was on AWS: an emulated account shows that it runs, and nothing else.
    """
    table = Table("call", "verdict", "seen", title=f"pair {answer['pair']}: each call, by the function's own role")
    for call in answer["calls"]:
        colour = {"works": "green", "refused": "red"}.get(call["verdict"], "yellow")
        table.add_row(escape(call["call"]), f"[{colour}]{call['verdict']}[/{colour}]", escape(call["seen"]))
    console.print(table)
    for host, sentence in sorted(answer["hosts"].items()):
        console.print(f"{host}: {escape(sentence)}", highlight=False, soft_wrap=True)
    for problem in answer["problems"]:
        console.print(f"[red]{escape(problem)}[/red]", soft_wrap=True)
    if not answer["works"]:
        console.print("[red]This product does not work in this account as it is: see above.[/red]")
    elif proves:
        console.print("[green]This product works in this account: every call is allowed, and hosts answer.[/green]")
    else:
        console.print("[green]The self-test runs.[/green] An emulated account shows nothing of AWS.")


def _latencies(report: Report) -> Table:
    table = Table(title=f"latencies on {report.ground}, {report.region}, in seconds")
    for heading in ("what", "lab", "least", "median", "most", "verdict"):
        table.add_column(heading)
    for each in report.measured:
        low, high = each.measure.lab
        figures = [f"{pick(each.seconds):.2f}" if each.seconds else "-" for pick in (min, median, max)]
        table.add_row(
            f"{each.measure.what}: {each.measure.in_words}", f"{low:g}-{high:g}", *figures, escape(each.verdict)
        )
    return table


def _failures(report: Report) -> Table:
    table = Table("failure", "failed over after", "outages", "moved", "verdict", title="failures caused from outside")
    for each in report.came:
        after = "-" if each.failed_over_after is None else f"{each.failed_over_after:.1f} s"
        outages = ", ".join("lasting" if o is None else f"{o:.1f}" for o in each.outages) or "not measured here"
        verdict = each.problem or (f"not tried: {each.why_not}" if each.why_not else "as it must be")
        table.add_row(each.failure.in_words, after, outages, "{} of {}".format(*each.moved), escape(verdict))
    return table


def _assumptions(report: Report) -> Table:
    table = Table("assumption", "verdict", "seen", title="what is assumed of AWS")
    for each in report.judged:
        colour = {"holds": "green", "runs": "green", "does not hold": "red"}.get(each.verdict, "yellow")
        table.add_row(escape(each.assumption), f"[{colour}]{each.verdict}[/{colour}]", escape(each.detail))
    return table
