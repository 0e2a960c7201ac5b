"""What the function lets itself be invoked with."""

from __future__ import annotations

from typing import Any

import pytest

from nat_failover.events import NatEnding, StatusChange, Tick, UnknownEventError, parse
from tests.examples import BUS, NOW, TICK
from tests.gate.events import Change

DOCUMENT = "nat-failover-main-probe"
CHANGE = Change("e8d3c0e4-71f7-4491-898f-c9b35bee5f3b", "i-0bacbacbacbac0001", DOCUMENT, "Failed", NOW)
STATUS_CHANGE = BUS.status_change(NOW + 2, CHANGE)
DETAIL = STATUS_CHANGE["detail"]


def refusal(event: object) -> str:
    """Return the sentence about an event that is refused."""
    with pytest.raises(UnknownEventError) as refused:
        parse(event, DOCUMENT)
    return str(refused.value)


def test_the_schedules_event_is_a_tick() -> None:
    assert parse(TICK, DOCUMENT) == Tick()


def test_a_tick_can_be_sent_by_hand_as_the_error_message_shows_it() -> None:
    assert '{"source": "aws.events", "detail-type": "Scheduled Event"}' in refusal({})
    assert parse({"source": "aws.events", "detail-type": "Scheduled Event"}, DOCUMENT) == Tick()


def test_a_status_change_tells_command_host_and_status() -> None:
    assert parse(STATUS_CHANGE, DOCUMENT) == StatusChange(
        "e8d3c0e4-71f7-4491-898f-c9b35bee5f3b", "i-0bacbacbacbac0001", "Failed"
    )


def test_a_nat_of_the_pair_that_goes_is_one_to_ask_ec2_about() -> None:
    event = BUS.instance_state(NOW, "i-0bacbacbacbac0001", "stopping")
    assert parse(event, DOCUMENT, ["i-0bacbacbacbac0001"]) == NatEnding("i-0bacbacbacbac0001")


@pytest.mark.parametrize("detail", [{"instance-id": "i-0bacbacbacbac0002"}, {"instance-id": ["i-1"]}, {}, None, "i-1"])
def test_another_instance_is_refused_and_named(detail: object) -> None:
    event = {**BUS.instance_state(NOW, "i-0bacbacbacbac0002", "stopping"), "detail": detail}
    with pytest.raises(UnknownEventError, match="correct the rule's event pattern"):
        parse(event, DOCUMENT, ["i-0bacbacbacbac0001"])


@pytest.mark.parametrize("event", [None, [], "tick", 7, True, [TICK]])
def test_what_is_no_object_is_refused_and_shown(event: object) -> None:
    assert "it must be an EventBridge event, a JSON object" in refusal(event)


@pytest.mark.parametrize(
    "changes",
    [
        {"source": "aws.ec2"},
        {"source": None},
        {"detail-type": "EC2 Instance State-change Notification"},
        {"detail-type": ["Scheduled Event"]},
        {"detail-type": "EC2 Command Invocation Status-change Notification"},
        {"source": "aws.ssm"},
    ],
)
def test_another_source_or_kind_is_refused_with_both_named(changes: dict[str, Any]) -> None:
    sentence = refusal(TICK | changes)
    assert "source" in sentence
    assert "detail-type" in sentence
    assert "Scheduled Event" in sentence


def test_a_status_change_of_another_document_is_refused_with_both_documents_named() -> None:
    sentence = refusal(STATUS_CHANGE | {"detail": DETAIL | {"document-name": "AWS-RunShellScript"}})
    assert "AWS-RunShellScript" in sentence
    assert DOCUMENT in sentence


@pytest.mark.parametrize("detail", [None, "Failed", [], 3])
def test_a_status_change_without_a_detail_object_is_refused(detail: object) -> None:
    assert "detail" in refusal(STATUS_CHANGE | {"detail": detail})


@pytest.mark.parametrize("key", ["command-id", "instance-id", "document-name", "status"])
@pytest.mark.parametrize("value", [None, "", 5, ["x"], "x" * 257])
def test_a_status_change_that_lacks_a_word_is_refused_with_the_word_named(key: str, value: object) -> None:
    assert f"the status change's {key} is " in refusal(STATUS_CHANGE | {"detail": DETAIL | {key: value}})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("command-id", value) for value in ("c", "e8d3c0e471f74491898fc9b35bee5f3b", DETAIL["command-id"] + "\n")),
        *(("command-id", value) for value in ("g" * 36, f"{DETAIL['command-id']},x", "../lock", "*")),
        *(("instance-id", value) for value in ("i-1", "i-0bacbacbacbac000g", "i-0bacbacbacbac0001\n", "mi-0bacbac0")),
        *(("instance-id", value) for value in ("i-0bacbacbacbac00011", "eni-0bacbacbacbac0001", "backend.example")),
    ],
)
def test_a_status_change_whose_id_is_none_is_refused_with_the_id_named(key: str, value: str) -> None:
    sentence = refusal(STATUS_CHANGE | {"detail": DETAIL | {key: value}})
    assert sentence.startswith(f"the status change's {key} is ")
    assert ": it must be a" in sentence


@pytest.mark.parametrize("host", ["i-0bacbac0", "mi-0bacbacbacbac0001"])
def test_an_instance_may_have_an_old_id_or_be_outside_ec2(host: str) -> None:
    assert parse(STATUS_CHANGE | {"detail": DETAIL | {"instance-id": host}}, DOCUMENT) == StatusChange(
        DETAIL["command-id"], host, "Failed"
    )


def test_a_huge_event_is_refused_with_a_short_message() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    assert len(refusal(deep)) < 300
    assert len(refusal({"source": "x" * 1_000_000, "detail-type": deep})) < 500
