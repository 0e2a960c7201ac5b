"""The checks that `make lint` runs over the templates find what they are for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.tools import checks
from tests.tools.checked import CHECKED, pair


def test_what_is_asked_of_a_platform_is_among_the_configurations() -> None:
    assert {"one pair", "three pairs", "demo", "no endpoints", "mirrorRoutes", "GovCloud", "China"} <= set(CHECKED)


def test_a_pair_is_clean(tmp_path: Path) -> None:
    assert checks.nag({"pairs": [pair()]}, {}, str(tmp_path)) == []
    assert checks.lint(str(tmp_path), "eu-central-1") == []


def test_a_finding_that_nobody_has_given_a_reason_for_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.constructs.standby_nat.acknowledge", lambda *_: None)
    found = checks.nag({"pairs": [pair()]}, {}, str(tmp_path))
    assert any("EC29" in finding and "Standby" in finding for finding in found)
    assert any("IAM5" in finding for finding in found)


def test_a_template_that_cloudformation_would_refuse_is_told(tmp_path: Path) -> None:
    broken: dict[str, Any] = {
        "Resources": {"Table": {"Type": "AWS::EC2::RouteTable", "Properties": {"VpcID": "vpc-1"}}}
    }
    (tmp_path / "broken.template.json").write_text(json.dumps(broken), encoding="utf-8")
    assert any("VpcID" in finding for finding in checks.lint(str(tmp_path), "eu-central-1"))
