"""The threat model names tests that there are, for everything that it says stops somebody."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast

import pytest

from nat_failover.cli.account.pairs import Deployed
from nat_failover.cli.policies import Policy, operator, reader
from nat_failover.settings import Settings
from tests.examples import ENVIRONMENT
from tests.infra.synthesis import synthesize
from tests.tools.checked import pair

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / ".github/SECURITY.md").read_text(encoding="utf-8")
TEST = re.compile(r"`(test_\w+)`")
THREATS = dict(re.findall(r"^### (.+?)\n(.*?)(?=^##)", PAGE, re.MULTILINE | re.DOTALL))
HERE = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))


@pytest.mark.parametrize("name", sorted(set(TEST.findall(PAGE))))
def test_a_test_that_the_page_names_is_there(name: str) -> None:
    assert f"\ndef {name}(" in HERE


def test_every_one_who_could_cause_a_failover_is_on_the_page() -> None:
    for means in ("backend", "tag", "parameters", "events"):
        assert [threat for threat in THREATS if means in threat], means


@pytest.mark.parametrize("threat", sorted(THREATS))
def test_everything_that_stops_somebody_has_its_test_and_it_is_said_what_remains(threat: str) -> None:
    rows = [row for row in THREATS[threat].splitlines() if row.startswith("| ") and "the test |" not in row]
    assert rows
    assert [row for row in rows if not TEST.search(row)] == []
    assert "**What remains**" in THREATS[threat]


def test_every_test_of_a_false_failover_is_on_the_page_or_shows_that_another_can_fail() -> None:
    own = re.findall(
        r"^def (test_\w+)", (Path(__file__).parent / "test_false_failover.py").read_text("utf-8"), re.MULTILINE
    )
    beside = {
        "test_nor_are_they_in_a_process_that_has_met_them_before",
        "test_hosts_in_the_pairs_subnets_are",
        "test_the_passive_nat_gives_its_own",
    }
    assert set(own) - beside <= set(TEST.findall(PAGE))


def test_of_every_statement_of_every_role_it_is_said_what_its_thief_could_do() -> None:
    (section,) = re.findall(r"^## What a thief of each role could do\n(.*?)(?=^##)", PAGE, re.MULTILINE | re.DOTALL)
    statements: dict[str, set[str]] = {}
    for role, sids in re.findall(r"^\| (function|standby|reader|operator) \| (`.+?`) \|", section, re.MULTILINE):
        statements.setdefault(role, set()).update(re.findall(r"`([A-Z]\w+)`", sids))
    everything: dict[str, Any] = {
        "primaryAutoScalingGroup": "nat-primary",
        "egressAddress": "eipalloc-0123456789abcdef0",
        "mirrorRoutes": True,
        "mirrorEndpoints": ["vpce-0123456789abcdef0"],
        "kmsKeyArn": "arn:aws:kms:eu-central-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef",
    }
    template = synthesize({"pairs": [pair(**everything)]})
    settings = Settings.from_environment(ENVIRONMENT | {"NAT_FAILOVER_EGRESS_ALLOCATION": "eipalloc-0123456789abcdef0"})
    deployed = Deployed(settings, "", "arn:aws:lambda:eu-west-1:123456789012:function:f", "", 45.0, "")
    readers = {statement["Sid"] for statement in statements_of(reader(deployed))}
    assert statements == {
        "function": {statement["Sid"] for statement in template.statements("nat-failover, pair main")},
        "standby": {statement["Sid"] for statement in template.statements("Standby NAT")},
        "reader": readers,
        "operator": {statement["Sid"] for statement in statements_of(operator(deployed))} - readers,
    }


def statements_of(policy: Policy) -> list[dict[str, str]]:
    return cast("list[dict[str, str]]", policy["Statement"])
