"""The figures of a soak."""

from __future__ import annotations

from collections import Counter
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.soak.connections import Tally, tally
from tests.soak.soak import Soak
from tests.soak.traffic import CHUNK


def _tally(found: Soak) -> Tally:
    return tally(found.connections, found.windows, CHUNK)


def figures(found: Soak) -> dict[str, Any]:
    """Give everything that was counted, for JSON."""
    counted = _tally(found)
    outages = [struck.outage for struck in found.struck if struck.outage is not None]
    return {
        "seed": found.seed,
        "seconds": found.seconds,
        "faults_injected": len(found.struck),
        "faults_by_kind": dict(sorted(Counter(struck.fault for struck in found.struck).items())),
        "failovers": dict(sorted(Counter(struck.nat for struck in found.struck if struck.deadly).items())),
        "outage_seconds": {"median": sorted(outages)[len(outages) // 2], "longest": max(outages)} if outages else None,
        "connections_opened": counted.opened,
        "downloads": counted.downloads,
        "megabytes": round(counted.bytes / 1e6, 1),
        "done_by_public_address": dict(sorted(counted.by_nat.items())),
        "lost_in_windows": sum(counted.lost_in_windows.values()),
        "lost_in_windows_by_fate": dict(sorted(counted.lost_in_windows.items())),
        "lost_outside": len(counted.lost_outside),
        "leftovers": len(found.leftovers),
        "problems": found.problems,
    }


def passed(found: Soak) -> bool:
    """Tell whether no connection was lost that must not be, nothing is left over, and every failover was right."""
    return bool(found.connections) and not (_tally(found).lost_outside or found.leftovers or found.problems)


def show(console: Console, found: Soak) -> None:
    """Show the figures, and each thing that is wrong."""
    values = figures(found)
    table = Table("figure", "value", title="soak: " + ("passed" if passed(found) else "FAILED"))
    rows = {
        "faults injected": values["faults_injected"],
        "failovers, by the NAT that died": _listed(values["failovers"]),
        "outage, median and longest, s": values["outage_seconds"] and _listed(values["outage_seconds"]),
        "connections opened": f"{values['connections_opened']}, {values['downloads']} of them downloads",
        "data received, MB": values["megabytes"],
        "connections done, by public address": _listed(values["done_by_public_address"]),
        "lost in windows": f"{values['lost_in_windows']} ({_listed(values['lost_in_windows_by_fate'])})",
        "lost outside (must be 0)": values["lost_outside"],
        "left over (must be 0)": values["leftovers"],
    }
    for name, value in rows.items():
        table.add_row(name, str(value))
    console.print(table)
    for lost in _tally(found).lost_outside[:20]:
        console.print(f"lost outside: {lost}", soft_wrap=True, markup=False)
    for problem in (*found.problems, *(f"left over: {name}" for name in found.leftovers)):
        console.print(problem, soft_wrap=True, markup=False)


def _listed(counted: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in counted.items()) or "none"
