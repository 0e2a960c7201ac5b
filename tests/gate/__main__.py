"""Prints the rules of AWS that the tests keep, and what the product asks of AWS: `make rules` runs it.

One line a rule: id, what it is about, how often it changed an answer while every scenario was played once, the rule,
and its source. Below them every operation that the product calls, and every field of an answer that it reads.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from fnmatch import fnmatchcase
from multiprocessing import get_context
from typing import Annotated

import typer

from tests.gate.requests.constraints import constrained, has_pages
from tests.gate.requests.errors import MECHANICAL
from tests.gate.rules.counting import NETWORK, SEED, counted
from tests.gate.rules.rule import Rule
from tests.gate.rules.table import RULES
from tests.gate.rules.uses import Use, uses
from tests.lab.many_runs import quiet
from tests.lab.scenarios import SCENARIOS

READS = ("Describe", "Get", "List", "Filter", "Simulate", "Receive")


def main(
    jobs: Annotated[int, typer.Option(min=1, help="how many scenarios at the same time, each in a process")] = 2,
    scenario: Annotated[list[str] | None, typer.Option(help="only these")] = None,
) -> None:
    """Play the scenarios, and print rules, operations and fields."""
    names = scenario or list(SCENARIOS)
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=quiet) as pool:
        changed = sum(pool.map(counted, names), Counter[str]())
    print(f"{len(RULES)} rules, and how often each changed an answer:")
    print(f"{len(names)} scenarios on the {NETWORK} network, seed {SEED}")
    for line in (*of_rules(RULES, changed), "", *of_uses(uses(), RULES)):
        print(line)
    sys.stdout.flush()


def of_rules(rules: Sequence[Rule], changed: Mapping[str, int]) -> Iterator[str]:
    """Yield a line for every rule."""
    wide = max(len(rule.operation.split(", ")[0]) for rule in rules) + 4
    for rule in rules:
        first, *others = rule.operation.split(", ")
        about = f"{first} +{len(others)}" if others else first
        yield f"{rule.id:<5} {about:<{wide}} {changed.get(rule.id, 0):>6}  {rule.text} [{rule.source}]"


def of_uses(found: Sequence[Use], rules: Sequence[Rule]) -> Iterator[str]:
    """Yield a line for every operation with its rules, and one for every field of its answer that is read."""
    yield f"{len(found)} operations that the product calls, with their rules; below each what it reads of the answer"
    for use in found:
        ids = [rule.id for rule in rules if concerns(rule, use.service, use.operation)]
        yield f"{use.call} ({', '.join(sorted(use.parts))}): {' '.join(ids) or 'none found'}"
        for name in sorted(use.fields):
            about = [r.id for r in rules if concerns(r, use.service, use.operation) and name in _vocabulary(r)]
            yield f"    {name}: {' '.join(about) or 'none found'}"


def concerns(rule: Rule, service: str, operation: str) -> bool:
    """Return whether a rule is about an operation: by its name, for its service, or by what the model has of it."""
    call = f"{service}:{operation}"
    if rule in MECHANICAL.values():
        return any(constrained(service, operation, kind) for kind, known in MECHANICAL.items() if known == rule)
    if rule.operation == "*":
        return ("page" in rule.text and has_pages(service, operation)) or (
            "write" in rule.text and not operation.startswith(READS)
        )
    return any(
        fnmatchcase(call, pattern)
        for named in rule.operation.removesuffix(" and others").split(", ")
        for pattern in {named.replace("(s)", ""), named.replace("(s)", "s")}
    )


def _vocabulary(rule: Rule) -> set[str]:
    return set("".join(c if c.isalnum() else " " for c in rule.text).split())


if __name__ == "__main__":
    typer.run(main)
