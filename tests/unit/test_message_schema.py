"""Every message as JSON is as the schema that is shipped with the function has it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]

import nat_failover
from nat_failover.conditions import Kind, Severity
from nat_failover.observation import State
from nat_failover.told import Phase

SCHEMA: dict[str, Any] = json.loads(
    (Path(nat_failover.__file__).parent / "message_schema.json").read_text(encoding="utf-8")
)


def test_the_schema_is_one_of_draft_2020_12() -> None:
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_the_schema_knows_every_kind_phase_severity_and_state_and_no_other() -> None:
    known = SCHEMA["properties"]
    assert set(known["kind"]["enum"]) == set(Kind)
    assert set(known["phase"]["enum"]) == set(Phase)
    assert set(known["severity"]["enum"]) == set(Severity)
    assert set(known["hosts"]["items"]["properties"]["state"]["enum"]) == set(State)
