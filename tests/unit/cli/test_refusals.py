"""Every refusal of a command that acts names a section of the runbook, and what to run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

import nat_failover.cli
from nat_failover.cli.errors import CommandError, Exit, explained
from nat_failover.cli.operator.outcome import Act
from nat_failover.lock.held import ClaimLostError
from nat_failover.network.route_tables import RouteTablesError
from tests.examples import settings
from tests.lab.cloud.gateway import refused

PACKAGE = Path(nat_failover.cli.__file__).parent
RUNBOOK = (PACKAGE.parents[2] / "infra/RUNBOOK.md").read_text(encoding="utf-8")
SECTIONS = {title.lower().replace(" ", "-") for title in re.findall(r"^## (.+)$", RUNBOOK, re.MULTILINE)}
# What is refused before anything is asked of AWS is about the command line, or the file for the report.
OF_THE_COMMAND_LINE = {"require_answer", "confirm", "confirm_by_name", "_can_be_written", "status"}
FINDING_PAIRS = "account/pairs.py"


def raised() -> Iterator[tuple[str, str, ast.Call]]:
    """Yield where each error of the command is made: file, function, the call."""
    for file in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and ast.unparse(node.func) == "CommandError":
                    yield str(file.relative_to(PACKAGE)), function.name, node


def sections_of(call: ast.Call) -> set[str]:
    """Give the sections that a call may name: all texts in what it passes for it."""
    given = [keyword.value for keyword in call.keywords if keyword.arg == "section"] or call.args[3:4]
    names = [node for value in given for node in ast.walk(value) if isinstance(node, ast.Constant | ast.Name)]
    return {str(node.value) if isinstance(node, ast.Constant) else f"a {node.id}" for node in names}


def test_every_refusal_names_a_section_that_the_runbook_has() -> None:
    without = []
    for file, function, call in raised():
        if file == FINDING_PAIRS or function in OF_THE_COMMAND_LINE:
            continue
        named = sections_of(call)
        if not named:
            without.append((file, function, ast.unparse(call)))
        assert {name for name in named if name not in SECTIONS and not name.startswith("a ")} <= {""}, named
    # What AWS itself says of credentials and of the way to it: nothing of the pair's.
    assert {(file, function) for file, function, _ in without} <= {
        ("errors.py", "explained"),
        ("errors.py", "_refused"),
    }


def steps(error: Exception) -> list[str]:
    """Return the steps for a person after an error of a command that acts."""
    explanation = explained(error, lambda _: "ssm", "eu-west-1")
    assert explanation is not None
    account: Any = SimpleNamespace(options=" --region eu-west-1")
    hand: Any = SimpleNamespace(settings=settings())
    return Act("failover", account=account, hand=hand).steps_after(explanation)


@pytest.mark.parametrize(
    "error",
    [
        CommandError("nothing was changed", section="the-lock"),
        CommandError("the subnets are split", Exit.USAGE, section="subnets-split"),
        RouteTablesError("there is no rtb-1"),
        ClaimLostError("the lease is over"),
    ],
    ids=str,
)
def test_whoever_is_refused_by_the_pairs_state_is_led_to_the_doctor_and_the_runbook(error: Exception) -> None:
    first, command, runbook = steps(error)
    assert first.endswith(":")
    assert command == "  nat-failover doctor main --region eu-west-1"
    assert runbook.partition("#")[2] in SECTIONS


def test_whoever_lacks_a_permission_is_led_to_the_policy_that_has_it() -> None:
    error = refused("PutParameter", "AccessDeniedException", "not authorized to perform: ssm:PutParameter")
    assert steps(error) == [
        "A policy with all the permissions that it takes:",
        "  nat-failover policy operator main --region eu-west-1",
        "Runbook: infra/RUNBOOK.md#by-hand",
    ]


def test_what_is_not_the_pairs_has_its_remedy_in_the_sentence() -> None:
    assert steps(EndpointConnectionError(endpoint_url="https://ssm")) == []
    assert steps(CommandError("nobody is there to confirm: add --yes", Exit.USAGE)) == []
