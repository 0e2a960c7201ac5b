"""The explanations of surviving mutants: they are about the code as it is, and mutmut's words are understood."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.mutation import workspace
from tests.mutation.results import Survivor, explained, score, survivor
from tests.mutation.workspace import GROUPS, MODULES, ROOT, path_of

PACKAGE = ROOT / "lambda/nat_failover"
DIFF = """# nat_failover.lock.store.xǁLockStoreǁtake__mutmut_3: survived
--- src/nat_failover/lock/store.py
+++ src/nat_failover/lock/store.py
@@ -1,4 +1,4 @@
 def take(self):
-    until = self._runtime.now() + lease
+    until = self._runtime.now() - lease
     return until
"""


@cache
def functions(module: str) -> dict[str, str]:
    """Give the source of every function of a module, its white space as one space, by its name with its class's."""
    source = (PACKAGE / path_of(module)).read_text(encoding="utf-8")
    found: dict[str, str] = {}
    for node in ast.parse(source).body:
        members = node.body if isinstance(node, ast.ClassDef) else [node]
        of = f"{node.name}." if isinstance(node, ast.ClassDef) else ""
        for each in members:
            if isinstance(each, ast.FunctionDef):
                found[of + each.name] = " ".join((ast.get_source_segment(source, each) or "").split())
    return found


@pytest.mark.parametrize("one", sorted(explained()), ids=lambda one: f"{one.module}-{one.function}")
def test_an_explained_mutant_is_of_a_line_that_is_there(one: Survivor) -> None:
    assert one.module in MODULES
    assert " ".join(one.line.split()) in functions(one.module).get(one.function, ""), "explain it anew: make mutation"


def test_every_explanation_says_something() -> None:
    assert all(len(why) > 20 for why in explained().values())


def test_mutmuts_diff_of_a_method_is_understood() -> None:
    read = survivor("nat_failover.lock.store.xǁLockStoreǁtake__mutmut_3", DIFF)
    line, mutant = "until = self._runtime.now() + lease", "until = self._runtime.now() - lease"
    assert read == Survivor("lock.store", "LockStore.take", line, mutant)


def test_mutmuts_name_of_a_function_is_understood() -> None:
    assert survivor("nat_failover.network.route_tables.x_said_of__mutmut_12", DIFF).function == "said_of"
    assert survivor("nat_failover.network.route_tables.x__chosen__mutmut_1", DIFF).function == "_chosen"
    with pytest.raises(ValueError, match="no name of a mutant"):
        survivor("nat_failover.network.route_tables", DIFF)


def test_what_no_test_reaches_survives_and_what_is_unknown_is_not_counted() -> None:
    of = score([1, 1, 3, 24, 37, 0, 33, None, 35])
    assert (of.killed, of.types, of.survived, of.untested, of.unknown, of.total) == (4, 1, 1, 1, 2, 6)
    assert of.surviving == pytest.approx(2 / 6)
    assert score([]).surviving == 0.0


def test_an_explanation_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    entry = "- {function: a, line: b, mutant: c}"
    path = tmp_path / "survivors.yaml"
    path.write_text(f"- module: lock\n  why: it is so\n  mutants:\n  {entry}\n  {entry}\n", encoding="utf-8")
    with pytest.raises(ValueError, match="twice"):
        explained(path)


def test_the_modules_and_the_tests_that_mutants_are_judged_by_are_there() -> None:
    assert [module for module in MODULES if not (PACKAGE / path_of(module)).is_file()] == []
    assert [path for group in GROUPS.values() for path in group.tests if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("of", [GROUPS["acting"].modules, GROUPS["acting"].modules[:2]])
def test_what_mutmut_found_is_kept_only_where_it_was_about_all_modules(
    of: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workspace, "WORKSPACES", tmp_path)
    found = tmp_path / "acting/mutants/src/nat_failover"
    for module in of:
        (found / path_of(module)).parent.mkdir(parents=True, exist_ok=True)
        (found / f"{path_of(module)}.meta").touch()
    workspace.make("acting")
    assert found.is_dir() == (of == GROUPS["acting"].modules)
    assert (tmp_path / "acting/src/nat_failover/lock/store.py").is_file()
