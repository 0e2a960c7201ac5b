"""A copy of the project in which mutmut may do as it likes: the modules to mutate, and the tests that are quick."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
WORKSPACE = ROOT / "build/mutation"
# What decides, locks, swaps, and reads what hosts say.
MODULES = ("decision", "survey", "observation", "lock", "routes", "failover")
# What is quick enough to be run for every mutant.
TESTS = (
    *(f"tests/unit/test_{name}.py" for name in ("decision", "decision_control", "observation", "record", "rounds")),
    *("tests/security/test_false_failover.py", "tests/fuzz/test_function.py"),
    *(
        f"tests/integration/test_{name}.py"
        for name in ("lock_store", "claim", "routes", "swap", "failover", "recovery")
    ),
    *(f"tests/integration/test_{name}.py" for name in ("notifications", "probe_client", "detection", "holding")),
    "tests/integration/test_egress.py",
)
# Properties find more, but each time anew: a few examples, always the same, so that a score can be told again.
PROFILE = """
settings.register_profile("few", deadline=None, max_examples=5, derandomize=True)
settings.load_profile("few")
"""
# A log line is for people, and says nothing that is not in a message, the lock or a metric as well.
UNMUTATED = (r"^\s*log\.(debug|info|warning|error|log)\(",)
PYPROJECT = """[tool.pytest.ini_options]
testpaths = ["tests"]
pythonpath = ["src", "."]
addopts = "--strict-markers -p no:cacheprovider"
markers = ["namespaces: needs network namespaces"]

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
timeout_constant = 5.0
type_check_command = {types}
"""


def make(modules: Sequence[str]) -> Path:
    """Make it anew, keeping what mutmut found out about modules that are as they were.

    Args:
        modules: names of the package's modules.

    Returns:
        Its folder, in which mutmut has to be run.
    """
    for source, target in (("lambda/nat_failover", "src/nat_failover"), ("tests", "tests"), ("infra", "infra")):
        shutil.rmtree(WORKSPACE / target, ignore_errors=True)
        shutil.copytree(ROOT / source, WORKSPACE / target, ignore=shutil.ignore_patterns("__pycache__"))
    with (WORKSPACE / "tests/unit/conftest.py").open("a", encoding="utf-8") as conftest:
        conftest.write(PROFILE)
    only = [f"src/nat_failover/{module}.py" for module in modules]
    # A mutant whose types don't fit is found by `make lint`, and need not be run.
    types = ["mypy", "--output", "json", "--follow-imports", "silent", *only]
    text = PYPROJECT.format(
        only=json.dumps(only), unmutated=json.dumps(UNMUTATED), tests=json.dumps(TESTS), types=json.dumps(types)
    )
    (WORKSPACE / "pyproject.toml").write_text(text, encoding="utf-8")
    return WORKSPACE
