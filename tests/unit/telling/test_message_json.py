"""The JSON of what people are told, and what it has in common with the mail."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nat_failover
from nat_failover.judging.conditions import Severity, Trouble
from nat_failover.probing.invocation import State
from nat_failover.telling.compose import compose
from nat_failover.telling.formats import duration
from nat_failover.telling.memory import Channel, Due, Phase, begun
from nat_failover.telling.message import MOST_LINES, Letter, Message
from tests.examples import NOW
from tests.unit.telling.conditions import CONDITIONS
from tests.unit.telling.messages import OBSERVING, PAIR, examples, lasting

SCHEMA: dict[str, Any] = json.loads(
    (Path(nat_failover.__file__).parent / "telling/message_schema.json").read_text(encoding="utf-8")
)
EXAMPLES = examples()
EVERY = [lasting(kind, phase) for kind in CONDITIONS for phase in Phase] + list(EXAMPLES.values())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())


# The JSON


@pytest.mark.parametrize("message", EVERY, ids=lambda m: f"{m.kind.value}-{m.phase.value}")
def test_the_json_is_as_the_schema_has_it(message: Message) -> None:
    VALIDATOR.validate(json.loads(json.dumps(message.detail)))


@pytest.mark.parametrize(
    ("kind", "phase", "changes"),
    [
        (Trouble.CANNOT_JUDGE, Phase.BEGIN, {"until": "2027-01-15T08:00:00Z"}),
        (Trouble.CANNOT_JUDGE, Phase.END, {"severity": "critical"}),
        (Trouble.CANNOT_JUDGE, Phase.BEGIN, {"kind": "another"}),
        (Trouble.CANNOT_JUDGE, Phase.BEGIN, {"incident": ""}),
        (Trouble.CANNOT_JUDGE, Phase.BEGIN, {"failover": {"from": "a", "to": "b", "subnets": []}}),
        (Trouble.FAILED_OVER, Phase.BEGIN, {"failover": {"from": "a"}}),
        (Trouble.CANNOT_JUDGE, Phase.BEGIN, {"more": 1}),
    ],
)
def test_the_schema_refuses_what_is_none_of_these(kind: Trouble, phase: Phase, changes: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(lasting(kind, phase).detail | changes)


def test_the_schema_is_one_of_draft_2020_12_and_says_what_everything_means() -> None:
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    plain = {"schema", "mode"}
    assert {name for name, schema in SCHEMA["properties"].items() if "description" not in schema} == plain


def test_the_schema_knows_every_kind_phase_severity_and_state_and_no_other() -> None:
    known = SCHEMA["properties"]
    assert set(known["kind"]["enum"]) == set(Trouble)
    assert set(known["phase"]["enum"]) == set(Phase)
    assert set(known["severity"]["enum"]) == set(Severity)
    assert set(known["hosts"]["items"]["properties"]["state"]["enum"]) == set(State)


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("failed-back-by-hand", "failback"),
        ("drill-by-hand", "drill"),
        ("drill-failed-over", "drill"),
        ("failed-over", None),
    ],
)
def test_the_json_says_by_which_command_a_person_has_moved_the_subnets(name: str, command: str | None) -> None:
    assert EXAMPLES[name].detail["failover"].get("command") == command


def test_mail_gets_the_text_what_programs_read_the_json_and_a_telephone_the_subject() -> None:
    message = EXAMPLES["failed-over"]
    bodies = json.loads(message.by_protocol)
    assert bodies.pop("default") == message.text
    assert bodies.pop("sms") == message.subject
    assert bodies.keys() == {"http", "https", "sqs", "lambda", "firehose"}
    assert all(json.loads(text) == message.detail for text in bodies.values())


def test_the_largest_message_is_one_that_sns_and_eventbridge_take() -> None:
    lacking = CONDITIONS[Trouble.ROUTES_DIFFER].routes[0]
    networks = ["10.{}.{}.0/24".format(*divmod(n, 256)) for n in range(1000)]
    many = tuple(replace(lacking, destination=replace(lacking.destination, network=each)) for each in networks)
    condition = replace(CONDITIONS[Trouble.ROUTES_DIFFER], routes=many)
    message = compose(Due(begun(condition, PAIR.pair, NOW), Phase.BEGIN, (Channel.TOPIC,), condition), "", PAIR, NOW)
    assert len(message.by_protocol.encode()) < 262_144
    for more in (f"and {len(many) + 1 - MOST_LINES} more", f"and {len(many) - MOST_LINES} more"):
        assert more in message.text


def test_in_observe_mode_the_message_says_that_nothing_was_done() -> None:
    message = lasting(Trouble.WOULD_FAIL_OVER, Phase.BEGIN)
    assert message.detail["mode"] == OBSERVING.mode.value
    assert "Done: nothing: " in message.text


@given(st.text(max_size=200), st.sampled_from(["main", "p" * 31]))
def test_no_words_make_a_subject_that_sns_refuses(text: str, pair: str) -> None:
    message = replace(EXAMPLES["failed-over"], pair=pair, letter=Letter(text, text))
    assert 0 < len(message.subject) < 100
    assert message.subject.isascii()
    assert message.subject.isprintable()


@pytest.mark.parametrize(
    ("seconds", "in_words"),
    [
        *((0.0, "0.0 s"), (0.42, "0.4 s"), (4.62, "4.6 s"), (9.96, "10.0 s"), (10, "10 s"), (12.34, "12.3 s")),
        *((59.94, "59.9 s"), (59.96, "1 min"), (65.2, "1 min 5 s"), (119, "1 min 59 s"), (7199.6, "2 h")),
        *((7380, "2 h 3 min"), (86_400, "1 d"), (97_200, "1 d 3 h"), (-5, "-5.0 s")),
    ],
)
def test_a_duration_is_told_in_one_way_everywhere(seconds: float, in_words: str) -> None:
    assert duration(seconds) == in_words
