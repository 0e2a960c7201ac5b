"""A copy of the project in which mutmut may do as it likes: the modules to mutate, and the tests that are quick."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
WORKSPACES = ROOT / "build/mutation"


@dataclass(frozen=True)
class Group:
    """Modules whose mutants are judged by the same tests: those that are about them, and quick."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]


NETWORK = "tests/integration/network/test"
# What decides, reads what hosts say, locks and swaps.
GROUPS = {
    "judging": Group(
        ("judging.decision", "judging.evidence", "probing.survey", "probing.observation", "probing.signals"),
        (
            *(f"tests/unit/judging/test_{name}.py" for name in ("decision", "evidence", "decision_words")),
            *(f"tests/unit/probing/test_{name}.py" for name in ("survey", "observation", "observation_edges")),
        ),
    ),
    "moving": Group(
        ("network.route_tables",),
        tuple(f"{NETWORK}_{name}.py" for name in ("route_tables", "route_tables_edges", "swap", "swap_refused")),
    ),
    "acting": Group(
        ("lock.parameter", "lock.store", "lock.held", "acting.failover", "acting.execution"),
        (
            *("tests/integration/lock", "tests/integration/acting"),
            *(f"{NETWORK}_{name}.py" for name in ("elastic_ip", "elastic_ip_in_failovers")),
        ),
    ),
    "errors": Group(("aws_errors",), ("tests/integration/lock", f"{NETWORK}_route_tables_edges.py")),
}
MODULES = tuple(module for group in GROUPS.values() for module in group.modules)
# Properties find more, but each time anew, and take long to say so: a few examples, always the same, none made smaller.
PROFILE = """
from hypothesis import Phase
phases = [Phase.explicit, Phase.generate]
settings.register_profile("few", deadline=None, max_examples=5, derandomize=True, phases=phases)
settings.load_profile("few")
"""
# A log line is for people, and says nothing that is not in a message, the lock or a metric as well.
UNMUTATED = (r"^\s*log\.(debug|info|warning|error|log)\(",)
# mutmut ends a mutant after fifteen times as long as its tests took, and so many seconds; but it does not know how long
# their fixtures take, and a survivor that is ended so would count as one that hangs.
TIMEOUT = 20.0
PYPROJECT = """[tool.pytest.ini_options]
testpaths = ["tests"]
pythonpath = ["src", "."]
addopts = "--strict-markers -p no:cacheprovider"
markers = ["namespaces: needs network namespaces", "pair: the size of the pair in moto"]

[tool.mypy]
python_version = "3.11"
mypy_path = ["src", "."]
explicit_package_bases = true
namespace_packages = true

[tool.mutmut]
source_paths = ["src"]
only_mutate = {only}
do_not_mutate_patterns = {unmutated}
also_copy = ["infra"]
pytest_add_cli_args_test_selection = {tests}
track_dependencies = false
use_git_change_detection = false
use_setproctitle = false
timeout_constant = {timeout}
type_check_command = {types}
"""


def path_of(module: str) -> str:
    """Return the path of a module's file within the package."""
    return f"{module.replace('.', '/')}.py"


def group_of(module: str) -> str:
    """Give the name of a module's group."""
    return next(name for name, group in GROUPS.items() if module in group.modules)


def make(name: str) -> Path:
    """Make a group's copy anew, keeping what mutmut found out about modules that are as they were.

    Returns:
        Its folder, in which mutmut has to be run.
    """
    workspace, group = WORKSPACES / name, GROUPS[name]
    for source, target in (("lambda/nat_failover", "src/nat_failover"), ("tests", "tests"), ("infra", "infra")):
        shutil.rmtree(workspace / target, ignore_errors=True)
        shutil.copytree(ROOT / source, workspace / target, ignore=shutil.ignore_patterns("__pycache__"))
    with (workspace / "tests/unit/conftest.py").open("a", encoding="utf-8") as conftest:
        conftest.write(PROFILE)
    only = [f"src/nat_failover/{path_of(module)}" for module in group.modules]
    # A module that was not mutated when the others were would be left out, and no test known to be about it.
    if not all((workspace / f"mutants/{path}.meta").is_file() for path in only):
        shutil.rmtree(workspace / "mutants", ignore_errors=True)
    # A mutant whose types don't fit is found by `make lint`, and need not be run.
    types = ["mypy", "--output", "json", "--follow-imports", "silent", *only]
    text = PYPROJECT.format(
        only=json.dumps(only),
        unmutated=json.dumps(UNMUTATED),
        tests=json.dumps(group.tests),
        types=json.dumps(types),
        timeout=TIMEOUT,
    )
    (workspace / "pyproject.toml").write_text(text, encoding="utf-8")
    return workspace
