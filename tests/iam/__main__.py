"""Prints what function, standby, reader and operator may, and what of it they use: `python -m tests.iam`."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

from nat_failover.cli.policies import SOMETIMES
from tests.iam.people import DRILLS, commands, drilled
from tests.iam.recording import PLAYED
from tests.iam.roles import Access, Permission, unused
from tests.iam.standby import DOCUMENTED, granted
from tests.lab.many_runs import quiet
from tests.security.recording import recorded

# An instance's id, or a NAT's in a document's name, is that of the emulated account.
_ID = re.compile(r"\b(i|eni|subnet|rtb|vpc|eipalloc)-[0-9a-f]{8,}")


def access_by_role() -> Mapping[str, Sequence[Access]]:
    """Play all that function, reader and operator do, and return what each needs and may."""
    drills = [drilled(number) for number in range(len(DRILLS))]
    people = commands()
    return {
        "function": [recorded(scenario).access for scenario in PLAYED],
        "reader": [people["reader"]],
        "operator": [people["operator"], *drills],
    }


def main() -> int:
    """Print a table for each."""
    quiet()
    console, wrong = Console(width=160), 0
    for who, found in access_by_role().items():
        missing = sorted(set().union(*(each.missing for each in found)))
        left = unused(found) - {("Look", action) for action in SOMETIMES if who != "function"}
        console.print(_table(who, found))
        for action, resource in missing:
            console.print(f"[red]missing: {action} on {resource}[/red]")
        for sid, action in sorted(left):
            console.print(f"[red]unused: {action} of {sid}[/red]")
        console.print(f"{who}: {len(missing)} missing, {len(left)} unused\n")
        wrong += len(missing) + len(left)
    table = Table("statement", "action", "needed by the SSM agent for", title="standby", title_justify="left")
    for sid, action in sorted(granted()):
        table.add_row(sid, action, DOCUMENTED.get(action, "[red]nothing that is documented[/red]"))
    console.print(table)
    differing = {action for _, action in granted()} ^ DOCUMENTED.keys()
    console.print(f"standby: {len(differing)} missing or unused")
    return int(bool(wrong + len(differing)))


def _table(who: str, found: Sequence[Access]) -> Table:
    rows: dict[Permission, set[str]] = {permission: set() for each in found for permission in each.granted}
    for each in found:
        for permission, resources in each.used.items():
            rows[permission] |= {_ID.sub(r"\1-…", resource.split(":", 5)[-1]) for resource in resources}
    table = Table("statement", "action", "used on", title=who, title_justify="left")
    for (sid, action), resources in sorted(rows.items()):
        rarely = "only in some pairs" if action in SOMETIMES and who != "function" else "[red]nothing[/red]"
        table.add_row(sid, action, ", ".join(sorted(resources)) or rarely)
    return table


if __name__ == "__main__":
    sys.exit(main())
