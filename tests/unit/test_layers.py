"""Imports run one way: a package, or a module that is in none, uses only what stands above it in LAYERS."""

from __future__ import annotations

import ast
from collections import Counter
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import nat_failover

PACKAGE = Path(nat_failover.__file__).parent
LAYERS = """
    runtime environment names settings aws_errors events observability foreign_text
    lock probing
    network
    clients judging
    telling lookout
    acting inspection
    monitor
    application
    handler cli deployment
"""
RANK = {room: rank for rank, layer in enumerate(LAYERS.strip().splitlines()) for room in layer.split()}
FILES = {
    ".".join(file.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__"): file
    for file in PACKAGE.rglob("*.py")
    if file != PACKAGE / "__init__.py"
}


def arrows() -> set[tuple[str, str]]:
    """Return which module imports which, wherever in it the import stands."""
    found = set()
    for module, file in FILES.items():
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and f"{node.module}.".startswith("nat_failover."):
                of = f"{node.module}."[13:]
                found |= {(module, of + a.name if of + a.name in FILES else of.strip(".")) for a in node.names}
            elif isinstance(node, ast.Import):
                found |= {(module, a.name[13:]) for a in node.names if a.name.startswith("nat_failover.")}
    return found


def wrong(found: set[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return imports that run upwards, from one command to another, or in a circle of modules or of packages."""
    tops = {(a, b): (a.partition(".")[0], b.partition(".")[0]) for a, b in found}
    forbidden = [arrow for arrow, (a, b) in tops.items() if RANK[a] < RANK[b]]
    forbidden += [(a, b) for a, b in found if a.startswith("cli.commands.") and b.startswith("cli.commands.")]
    for between in (found, {(a, b) for a, b in tops.values() if a != b}):
        try:
            TopologicalSorter({a: [c for b, c in between if b == a] for a, _ in between}).prepare()
        except CycleError as error:
            forbidden.append(tuple(error.args[1][:2]))
    return forbidden


def test_imports_run_one_way() -> None:
    assert {module.partition(".")[0] for module in FILES} == RANK.keys()
    assert wrong(arrows()) == []


@pytest.mark.parametrize(
    ("module", "imported"),
    [
        ("judging.decision", "telling.message"),
        ("cli.commands.drill", "cli.commands.failover"),
        ("lock.record", "lock.store"),
        ("probing.rounds", "lock.parameter"),
    ],
)
def test_an_import_that_is_turned_round_is_seen(module: str, imported: str) -> None:
    both_ways = {("lock.parameter", "probing.fleet"), (module, imported)}
    assert wrong(arrows() | both_ways)
    assert not wrong(arrows() | both_ways - {(module, imported)})


ROOT = PACKAGE.parents[1]


def test_a_module_has_at_most_250_lines_and_a_folder_at_most_14_modules() -> None:
    modules = [file for folder in ("lambda", "infra", "tests") for file in (ROOT / folder).rglob("*.py")]
    long = {file for file in modules if len(file.read_text(encoding="utf-8").splitlines()) > 250}
    assert not long
    in_folder = Counter(file.parent for file in modules if file.name != "__init__.py")
    assert {folder: count for folder, count in in_folder.items() if count > 14} == {}
