"""What the function has told, read from the very lines that it logs."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from nat_failover.cli.gameday.notification_log import Mailed, Sent, mailed_of, mailed_since
from tests.examples import TICK
from tests.fakes import stubbed
from tests.fuzz.function import Function

GROUP = "/aws/lambda/nat-failover-main"


def events(function: Function, at: float = 100.0) -> list[dict[str, Any]]:
    """Give the function's lines as CloudWatch Logs has them, a second apart."""
    return [{"timestamp": int(1000 * (at + n)), "message": line} for n, line in enumerate(function.log.splitlines())]


def subject(function: Function) -> str:
    """Give the subject of the only mail."""
    (published,) = [call.arguments["Subject"] for call in function.calls if call.operation == "Publish"]
    return str(published)


def refused(_: object) -> dict[str, Any]:
    return {"Error": {"Code": "AuthorizationError", "Message": "not authorized to perform: SNS:Publish"}}


def test_a_message_is_found_once_with_every_channel_that_took_it() -> None:
    function = Function()
    assert function.invoke(TICK)["outcome"] == "failed-over"
    found = mailed_of(events(function))
    (sent,) = found.sent
    assert sent.subject == subject(function)
    assert "failed over" in sent.subject
    assert sent.by == "to the topic and as an event"
    assert 100 <= sent.at < 200
    assert (found.not_taken, found.unread) == ((), "")


def test_what_a_channel_does_not_take_is_found_until_it_takes_it() -> None:
    function = Function()
    function.answers["Publish"] = refused
    function.invoke(TICK)
    lines = events(function)
    found = mailed_of(lines)
    assert [sent.by for sent in found.sent] == ["as an event"]
    ((_, why),) = found.not_taken
    assert "the topic has not taken a message" in why
    assert repr(subject(function)) in why
    assert "not authorized" in why

    later = Function()
    later.invoke(TICK)
    assert subject(later) == subject(function)
    assert mailed_of([*lines, *events(later, 500.0)]).not_taken == ()


def test_the_log_of_a_function_from_before_there_were_fields_is_read_too() -> None:
    lines = [
        '{"message": "told", "subject": "one", "channel": "topic", "incident": "main-failover-1"}',
        '{"message": "told", "subject": "one", "channel": "event", "incident": "main-failover-1"}',
        '{"message": "the topic has not taken a message", "about": "two", "error": "AuthorizationError"}',
    ]
    found = mailed_of([{"timestamp": 1000 * n, "message": line} for n, line in enumerate(lines)])
    assert found.sent == (Sent(0.0, "one", ("topic", "event")),)
    assert found.not_taken == ((2.0, "the topic has not taken a message, 'two': AuthorizationError"),)


def test_lines_of_others_are_no_messages() -> None:
    lines = ["START RequestId: 1", "[1, 2]", '{"message": {"told": 1}}', '{"level": "INFO"}', "{"]
    assert mailed_of([{"timestamp": 1, "message": line} for line in lines]) == Mailed()


def test_a_part_of_the_day_has_the_messages_of_its_time() -> None:
    one, two = Sent(10.0, "one", ("topic",)), Sent(20.0, "two", ("topic",))
    day = Mailed((one, two), ((15.0, "not taken"),))
    assert day.between(10.0, 20.0) == Mailed((one,), ((15.0, "not taken"),))
    assert day.between(20.0, float("inf")) == Mailed((two,))


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("AccessDeniedException", f"you have no permission for logs:FilterLogEvents on {GROUP}"),
        ("ResourceNotFoundException", f"{GROUP} can't be read: ResourceNotFoundException"),
    ],
)
def test_where_the_log_can_t_be_read_it_is_said_why(code: str, why: str) -> None:
    logs = boto3.client("logs", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")  # noqa: S106
    with stubbed(logs) as stubber:
        stubber.add_client_error("filter_log_events", code, "there is no such thing")
        found = mailed_since(logs, GROUP, 0.0)
    assert why in found.unread
    assert found.sent == ()
