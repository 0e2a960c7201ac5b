"""The documents for people, as they are deployed: the command finds them, and they are about this pair's NATs."""

from __future__ import annotations

import json

import pytest

from nat_failover.cli.scripts.documents import PATTERNS, Task, documents
from nat_failover.settings import Settings
from tests.gate.requests.patterns import go_error
from tests.infra.synthesis import Template, synthesize
from tests.tools.checked import by_interface, pair

STANDBY = "i-0123456789abcdef1"


def deployed(template: Template) -> tuple[Settings, dict[str, dict[str, object]]]:
    """Return what the function is told, and the documents by name, once the standby has an id."""
    (standby,) = list(template.of("AWS::EC2::Instance")) or [""]
    text = json.dumps([template.of("AWS::Lambda::Function")[template.function], template.of("AWS::SSM::Document")])
    function, made = json.loads(text.replace(f"<{standby}>", STANDBY))
    known = {"STANDBY_ROUTE_TABLE": "rtb-0123456789abcdef1", "TOPIC": "arn:aws:sns:eu-central-1:123456789012:t"}
    environ = function["Environment"]["Variables"] | {f"NAT_FAILOVER_{name}": value for name, value in known.items()}
    return Settings.from_environment(environ), {d["Name"]: d for d in made.values()}


@pytest.mark.parametrize(
    "configuration",
    [pair(), pair(targets=["192.0.2.1", "example.com"]), by_interface()],
    ids=["plain", "targets", "eni"],
)
def test_the_command_knows_each_by_what_the_function_is_told(configuration: dict[str, object]) -> None:
    s, made = deployed(synthesize({"pairs": [configuration]}))
    for document in documents(s.pair, s.targets, s.nats_by_id).values():
        assert made[document.name]["Content"] == document.content
        assert made[document.name]["UpdateMethod"] == "Replace"
        assert made[document.name]["DocumentType"] == "Command"
    assert made.keys() == {d.name for d in documents(s.pair, s.targets, s.nats_by_id).values()} | {s.probe_document}


def test_only_the_pairs_two_nats_let_themselves_be_broken() -> None:
    s, made = deployed(synthesize({"pairs": [pair()]}))
    forward = documents(s.pair, s.targets, s.nats_by_id)[Task.FORWARD].name
    assert s.nats_by_id == s.nats
    assert f"nats='{' '.join(s.nats)}'" in json.dumps(made[forward]["Content"])


def test_the_agent_can_compile_every_pattern() -> None:
    assert [p for patterns in PATTERNS.values() for p in patterns.values() if go_error(p) is not None] == []
