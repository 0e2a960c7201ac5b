"""What `make rules` prints: a line a rule, and every operation and field that the product relies on."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.gate.__main__ import concerns, of_rules, of_uses
from tests.gate.rules import counting
from tests.gate.rules.rule import Rule, changed
from tests.gate.rules.table import RULES
from tests.gate.rules.uses import ROOT, Part, Use, uses

WHERE = "1 scenarios on the simulated network, seed 1"
LINES = list(of_rules(RULES, {"R2a": 7}))


def _use(tmp_path: Path, code: str) -> list[Use]:
    file = tmp_path / "asks.py"
    file.write_text(code, encoding="utf-8")
    return uses((Part("function", (file,)),))


def test_every_rule_has_a_line_that_begins_with_its_id() -> None:
    assert [line.split()[0] for line in LINES] == [rule.id for rule in RULES]
    assert all("\n" not in line for line in LINES)


def test_there_are_at_least_forty_rules() -> None:
    assert sum(bool(re.match(r"[RTAN]\d", line)) for line in LINES) >= 40


def test_a_line_says_how_often_the_rule_changed_an_answer_and_where_it_comes_from() -> None:
    (line,) = [line for line in LINES if line.startswith("R2a ")]
    assert re.match(r"R2a +ssm:DescribeInstanceInformation +7  A tag filter .* \[model; seen: danmx/sigil #61\]$", line)


@pytest.mark.parametrize(
    "code",
    [
        "told = self._ssm.get_parameters(Names=names)['Parameters']",
        "told = self._once.get_parameters(Names=names)['Parameters']",
        "pages = ssm.get_paginator('get_parameters').paginate()\nread = [p.get('Parameters') for p in pages]",
        "told = self.all('ssm', 'get_parameters', 'Parameters')",
        "match client['ssm'].get_parameters():\n    case {'Parameters': told}: pass",
    ],
)
def test_a_new_call_appears_with_the_fields_that_are_read(tmp_path: Path, code: str) -> None:
    (use,) = _use(tmp_path, code)
    assert (use.call, use.fields) == ("ssm:GetParameters", {"Parameters"})
    lines = list(of_uses([use], RULES))
    assert lines[1].startswith("ssm:GetParameters (function): R3b R3e R3f R3g")
    assert lines[2] == "    Parameters: none found"


def test_a_field_that_the_answer_does_not_have_is_none() -> None:
    (use,) = [use for use in uses() if use.call == "ec2:DescribeTags"]
    assert "Parameters" not in use.fields


@pytest.mark.parametrize("code", ["policy = role.get_policy()", "x = {'a_b': 1}['a_b']", "log.info('get_nothing')"])
def test_what_is_no_call_is_left_out(tmp_path: Path, code: str) -> None:
    assert _use(tmp_path, code) == []


def test_a_name_that_two_services_have_is_that_of_the_receiver(tmp_path: Path) -> None:
    assert [use.call for use in _use(tmp_path, "iam.get_policy()\nclient['lambda'].get_policy()")] == [
        "iam:GetPolicy",
        "lambda:GetPolicy",
    ]


def test_what_only_the_test_of_the_acceptance_makes_in_the_emulated_account_is_left_out() -> None:
    assert {"iam:CreateRole", "lambda:CreateFunction", "ssm:CreateDocument"}.isdisjoint(use.call for use in uses())


def test_what_the_role_of_the_function_allows_is_what_its_code_is_found_to_call() -> None:
    """What the role allows is proven in quite another way: by the calls that scenarios make."""
    text = (ROOT / "infra/function/permissions.py").read_text(encoding="utf-8")
    granted = set(re.findall(r'"((?:ec2|ssm|sns|events|autoscaling):[A-Z]\w+)"', text)) - {"ec2:Vpc"}
    assert {use.call for use in uses() if "function" in use.parts} == granted


def test_make_rules_plays_scenarios_in_processes_and_prints_all() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.gate", "--scenario", "paused", "--jobs", "1"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": f"{ROOT / 'lambda'}:{ROOT}"},
        capture_output=True,
        text=True,
        check=True,
    )
    lines = done.stdout.splitlines()
    assert lines[:2] == [f"{len(RULES)} rules, and how often each changed an answer:", WHERE]
    assert [line.split()[0] for line in lines[2 : 2 + len(RULES)]] == [rule.id for rule in RULES]
    assert "ssm:SendCommand" in done.stdout


def test_what_a_scenario_changed_is_counted_also_where_it_breaks_off(monkeypatch: pytest.MonkeyPatch) -> None:
    def play(*_: object) -> None:
        changed("R9c")
        raise RuntimeError("the stack is ROLLBACK_COMPLETE")

    monkeypatch.setattr(counting, "play", play)
    changed("R9c")
    assert counting.counted("nat-rules-flushed") == {"R9c": 1}


def test_rules_of_a_service_concern_its_operations_and_no_others() -> None:
    (rule,) = [rule for rule in RULES if rule.id == "R9c"]
    assert concerns(rule, "ec2", "DescribeTags")
    assert not concerns(rule, "ssm", "ListCommands")


@pytest.mark.parametrize(
    ("about", "text", "call", "wanted"),
    [
        ("ec2:Describe*", "a", "ec2:DescribeTags", True),
        ("ec2:Describe*", "a", "ec2:CreateRoute", False),
        ("ssm:GetParameter(s)", "a", "ssm:GetParameter", True),
        ("ssm:GetParameter(s)", "a", "ssm:GetParameters", True),
        ("ssm:GetParameter(s)", "a", "ssm:GetParameterHistory", False),
        ("ec2:ModifyVpcEndpoint and others", "a", "ec2:ModifyVpcEndpoint", True),
        ("*", "A write may be lost.", "ssm:PutParameter", True),
        ("*", "A write may be lost.", "ssm:GetParameter", False),
        ("*", "Any page may be empty.", "ssm:ListCommands", True),
        ("*", "Any page may be empty.", "ec2:DescribeAddresses", False),
        ("agent", "Five run at once.", "ssm:SendCommand", False),
    ],
)
def test_rules_of_other_kinds_say_in_few_words_what_they_are_about(
    about: str, text: str, call: str, wanted: bool
) -> None:
    service, operation = call.split(":")
    assert concerns(Rule("T1", about, text, "", ""), service, operation) is wanted
