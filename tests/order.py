"""In which order tests begin, and what goes to one worker as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest
from xdist.scheduler import LoadScopeScheduling

# What the paths of modules begin with whose tests share a deployment.
SHARING = ("tests/cli/checks/", "tests/cli/commands/test_changing", "tests/cli/commands/")
# Modules whose tests share nothing in a process, and take long: each test may go to another worker.
APART = (
    *("tests/iam/test_permissions_used.py", "tests/lab/scenarios/test_scenarios.py"),
    *("tests/security/test_log_hygiene.py", "tests/simulation/account/test_model.py"),
    *("tests/simulation/histories/test_histories.py", "tests/simulation/test_mutants.py"),
)
# What takes minutes by itself, the longest first: whatever else there is runs meanwhile.
LONG = (
    *("tests/cli/commands/", "tests/cli/checks/", "tests/cli/commands/test_changing", "tests/e2e/test_deployment.py"),
    *("tests/cli/test_day.py", "tests/lab/network/watches/test_faults.py", "tests/iam/test_people.py"),
    *("tests/lab/network/watches/test_signals.py", "tests/integration/probe/test_health.py"),
)
# By this share of what has no real packets everything that has them has begun: it takes long, and not the processor.
BEGUN = 0.7


def unit(nodeid: str) -> str:
    """Return the name of what goes to one worker: a module, unless its tests share less or more."""
    module, _, _ = nodeid.partition("::")
    if module in APART:
        return nodeid
    return next((beginning for beginning in SHARING if module.startswith(beginning)), module)


class Scheduling(LoadScopeScheduling):  # type: ignore[misc] # xdist tells no types
    """Gives a worker that has nothing to do the next unit; no other worker prepares again what its tests share."""

    def _split_scope(self, nodeid: str) -> str:
        return unit(nodeid)


def ordered(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """Return tests in units, what takes long first; the others by turns with and without real packets."""
    units: dict[str, list[pytest.Item]] = {}
    for item in items:
        units.setdefault(unit(item.nodeid), []).append(item)
    begin = [units.pop(name) for name in LONG if name in units]
    real = [each for each in units.values() if any(item.get_closest_marker("namespaces") for item in each)]
    rest = [each for each in units.values() if each not in real]
    mixed = sorted([*_spread(real, BEGUN), *_spread(rest, 1.0)], key=lambda each: each[0])
    return [item for each in (*begin, *(of_unit for _, of_unit in mixed)) for item in each]


def _spread(units: list[list[pytest.Item]], until: float) -> Iterator[tuple[float, list[pytest.Item]]]:
    """Give units with the share of all after which each begins."""
    return ((until * number / len(units), each) for number, each in enumerate(units))
