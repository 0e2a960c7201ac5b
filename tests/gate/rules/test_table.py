"""The whole table of rules: ids, order, and that each rule is tested both ways."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from tests.gate.rules.proof import BREAKS, KEEPS
from tests.gate.rules.table import RULES

ROOT = Path(__file__).resolve().parents[3]
IDS = [rule.id for rule in RULES]


def _proven(kind: str) -> set[str]:
    """Return the ids of the rules that any test of the gate breaks, or keeps."""
    files = sorted((ROOT / "tests/gate").rglob("test_*.py"))
    modules = [importlib.import_module(".".join(file.relative_to(ROOT).with_suffix("").parts)) for file in files]
    return {
        rule
        for module in modules
        for name, test in vars(module).items()
        if name.startswith("test_")
        for rule in getattr(test, kind, ())
    }


@pytest.mark.parametrize("kind", [BREAKS, KEEPS])
def test_every_rule_is_proven_both_ways_and_no_other_is(kind: str) -> None:
    proven = _proven(kind)
    assert sorted(set(IDS) - proven) == [], f"rules without a test that {kind.replace('_', ' ')}"
    assert sorted(proven - set(IDS)) == [], "ids that are in no table"


def test_ids_are_unique_and_say_of_which_kind_a_rule_is() -> None:
    assert len(IDS) == len(set(IDS))
    assert [rule for rule in IDS if not re.fullmatch(r"[RTAN]\d+[a-z]?", rule)] == []


def test_every_rule_says_what_it_is_and_where_it_comes_from() -> None:
    assert [rule.id for rule in RULES if not (rule.operation and rule.text and rule.source)] == []
