"""Prints what the function asks of AWS, and which statement of its role allows it: `python -m tests.iam`."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from tests.iam.evaluator import allowing
from tests.iam.recording import PLAYED, recorded
from tests.lab.many_runs import quiet


def main() -> None:
    """Print the table."""
    quiet()
    rows: dict[tuple[str, str], set[str]] = {}
    granted, used, missing = set(), set(), 0
    for found in map(recorded, PLAYED):
        granted |= {(s["Sid"], action) for s in found.statements for action in s["Action"]}
        for request in found.requests:
            statements = allowing(found.statements, request)
            missing += not statements
            used |= {(s["Sid"], request.action) for s in statements}
            kind = request.resource.split(":", 5)[-1]
            rows.setdefault(
                (request.action, kind.rpartition("/i-")[0] + "/i-…" if "/i-" in kind else kind), set()
            ).update(str(s["Sid"]) for s in statements)
    table = Table("action", "resource", "allowed by")
    for (action, resource), sids in sorted(rows.items()):
        table.add_row(action, resource, ", ".join(sorted(sids)) or "[red]nothing[/red]")
    console = Console(width=140)
    console.print(table)
    console.print(f"{missing} requests not allowed; {len(granted - used)} of {len(granted)} permissions unused")


if __name__ == "__main__":
    main()
