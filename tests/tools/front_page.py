"""Writes the figures in README.md from RESULTS.md: `make texts`."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.bench.cost.bill import ENDPOINT_ROW, GATEWAY, SUM, SUM_WITH_ENDPOINTS
from tests.bench.outage import EVENTS_LOST
from tests.bench.report import RESULTS, WHO

README = Path(__file__).resolve().parents[2] / "README.md"
MARK, END = "<!-- {}: from RESULTS.md, written by `make texts` -->\n", "<!-- end -->\n"
REAL, SIMULATED = "real packets", "simulated"


@dataclass(frozen=True)
class Row:
    """A row of the table of outages.

    Attributes:
        label: in the README.
        who: by the key of the bench.
        failure: which one.
        network: on which it was measured.
        endpoints: whether there are VPC endpoints for Systems Manager.
    """

    label: str
    who: str
    failure: str
    network: str = REAL
    endpoints: str = "yes"


ROWS = (
    Row("nat-failover, NAT stopped", "ours", "nat-stopped"),
    Row("nat-failover, NAT's rules gone", "ours", "nat-rules-flushed"),
    Row("nat-failover, no VPC endpoints", "ours", "nat-stopped", endpoints="no"),
    Row("nat-failover, every event lost", "ours", EVENTS_LOST),
    Row("a function that fetches two URLs", "b", "nat-stopped", SIMULATED),
    Row("a cron script on a server", "a", "nat-stopped", SIMULATED),
    Row("an Auto Scaling group of one", "c", "nat-stopped", SIMULATED),
)
FALSE = {"nat-failover": "ours", "the function": "b", "the script": "a"}
# The bill's items, as the README adds them up.
GROUPS = {
    "standby: `t4g.nano`, public IPv4 address, volume": ("the standby", "its public IPv4 address", "its volume"),
    "function, log, metrics, alarms, dashboard": ("the function", "its log", "metrics", "alarms", "dashboard"),
    "traffic of the probes": ("pings to the Internet", "pings and answers between two zones"),
}


def rows_of(page: str, heading: str) -> list[dict[str, str]]:
    """Return the rows of the first table below a heading, by the names of the columns."""
    below = page.partition(f" {heading}\n")[2]
    lines = below[below.index("\n| ") + 1 :].split("\n\n")[0].splitlines()
    names, _, *rows = [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines]
    return [dict(zip(names, row, strict=True)) for row in rows]


def outages(results: str) -> str:
    """Return how long backends are offline, as a table."""
    kinds = ("who", "failure", "network", "endpoints", "latencies")
    found = {tuple(row[kind] for kind in kinds): row for row in rows_of(results, "Outage")}
    false = {row["who"]: int(row["failovers that should not have been"]) for row in rows_of(results, "False failovers")}
    (days,) = re.findall(r"^In (\d+) virtual days", results, re.MULTILINE)
    lines = ["| who, and what fails | network | offline, median | 95 % |", "|---|---|---|---|"]
    for row in ROWS:
        measured = found[WHO[row.who], row.failure, row.network, row.endpoints, "x1"]
        lines.append(f"| {row.label} | {row.network} | {measured['median s']} s | {measured['95 % s']} s |")
    counts = ", ".join(f"{label} {false[WHO[who]]:,}" for label, who in FALSE.items())
    lines += [
        "",
        f"Failovers in {int(days):,} simulated days in which the NAT never failed, and much else did: {counts}.",
    ]
    return "\n".join(lines) + "\n"


def costs(results: str) -> str:
    """Return what a pair costs, in all, as a table."""
    columns = ("list price", "with the free tiers")
    bill = {row["what"]: [float(row[c].strip("*")) for c in columns] for row in rows_of(results, "Costs")}
    sums = {name: [sum(bill[item][column] for item in items) for column in (0, 1)] for name, items in GROUPS.items()}
    shown = {
        **sums,
        "**in all**": bill[SUM],
        "VPC endpoints for Systems Manager, if you want them": bill[ENDPOINT_ROW],
        "**in all, with endpoints**": bill[SUM_WITH_ENDPOINTS],
        "for comparison: one NAT gateway, without traffic": bill[GATEWAY],
    }
    lines = [f"| dollars a month | {' | '.join(columns)} |", "|---|---|---|"]
    for name, dollars in shown.items():
        bold = "**" if name.startswith("**") else ""
        lines.append(f"| {name} | {' | '.join(f'{bold}{amount:.2f}{bold}' for amount in dollars)} |")
    return "\n".join(lines) + "\n"


BLOCKS: dict[str, Callable[[str], str]] = {"outages": outages, "costs": costs}


def with_figures(readme: str, results: str) -> str:
    """Return the README with its figures as the results have them.

    Raises:
        ValueError: marks are missing.
    """
    for name, block in BLOCKS.items():
        begin = MARK.format(name)
        before, found, rest = readme.partition(begin)
        _, end, after = rest.partition(END)
        if not found or not end:
            raise ValueError(f"README.md has to have the lines {begin!r} and {END!r}")
        readme = f"{before}{begin}\n{block(results)}\n{END}{after}"
    return readme


def main() -> int:
    """Rewrite the README; the exit status is 0."""
    fresh = with_figures(README.read_text(encoding="utf-8"), RESULTS.read_text(encoding="utf-8"))
    README.write_text(fresh, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
