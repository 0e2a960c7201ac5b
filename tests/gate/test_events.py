"""Every event that a test makes is one that EventBridge could deliver."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from tests.examples import BUS, NOW, TICK, status_change
from tests.gate.events import Bus, Change, faults_of

CHANGE = Change("e8d3c0e4-71f7-4491-898f-c9b35bee5f3b", "i-02573cafcfe0a1b2c", "main-probe", "TimedOut", NOW - 0.5)
FAILED: dict[str, Any] = BUS.status_change(NOW, CHANGE)


def test_a_status_change_has_what_the_systems_manager_guide_shows() -> None:
    event = Bus("123456789012", "us-east-1", Random(0)).status_change(NOW, CHANGE)
    assert event == {
        "version": "0",
        "id": event["id"],
        "detail-type": "EC2 Command Invocation Status-change Notification",
        "source": "aws.ssm",
        "account": "123456789012",
        "time": "2027-01-15T08:00:00Z",
        "region": "us-east-1",
        "resources": ["arn:aws:ec2:us-east-1:123456789012:instance/i-02573cafcfe0a1b2c"],
        "detail": {
            "command-id": "e8d3c0e4-71f7-4491-898f-c9b35bee5f3b",
            "document-name": "main-probe",
            "instance-id": "i-02573cafcfe0a1b2c",
            "requested-date-time": "2027-01-15T07:59:59.500Z",
            "status": "TimedOut",
        },
    }


def test_a_tick_names_its_rule_and_has_an_empty_detail() -> None:
    event = Bus("123456789012", "us-east-1", Random(0)).tick(NOW, "nat-failover-main")
    assert event["resources"] == ["arn:aws:events:us-east-1:123456789012:rule/nat-failover-main"]
    assert (event["source"], event["detail-type"], event["detail"]) == ("aws.events", "Scheduled Event", {})


def test_no_two_events_have_the_same_id() -> None:
    assert len({BUS.tick(NOW, "rule")["id"] for _ in range(100)}) == 100


@pytest.mark.parametrize("event", [TICK, FAILED, status_change(CHANGE.command_id, CHANGE.instance_id)])
def test_what_the_tests_invoke_the_function_with_is_an_event(event: dict[str, Any]) -> None:
    assert faults_of(event) == []


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"source": "aws.ec2"}, "no event has source 'aws.ec2'"),
        ({"time": "2027-01-15T08:00:00.000Z"}, "time is"),
        ({"version": 0}, "version is 0"),
        ({"id": "1"}, "id is '1'"),
        ({"account": "42"}, "account is '42'"),
        ({"resources": []}, "no resources"),
        ({"resources": ["i-02573cafcfe0a1b2c"]}, "resource 'i-02573cafcfe0a1b2c'"),
        ({"extra": ""}, "event: extra is none of its keys"),
        ({"detail": {**FAILED["detail"], "status": "Broken"}}, "status is 'Broken'"),
        ({"detail": {**FAILED["detail"], "expire-after": ""}}, "detail: expire-after is none of its keys"),
        ({"detail": {}}, "detail: command-id is missing"),
    ],
)
def test_what_eventbridge_does_not_deliver_is_told(changed: dict[str, Any], fault: str) -> None:
    assert any(fault in each for each in faults_of(FAILED | changed))


def test_an_envelope_that_lacks_a_key_is_none() -> None:
    assert "event: region is missing" in faults_of({k: v for k, v in FAILED.items() if k != "region"})
