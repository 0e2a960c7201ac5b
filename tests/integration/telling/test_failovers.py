"""Telling people of failovers: whoever dies or refuses on the way, and never in the way of one."""

from __future__ import annotations

import io
import json
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from moto.sns.models import sns_backends

from nat_failover.judging.conditions import DAY
from tests.examples import TICK
from tests.fakes import Context, before
from tests.integration.account import ACCOUNT_ID, REGION, Account, pair_in_moto
from tests.integration.invocation import Acting

MEMORY = "/nat-failover/main/told"


def test_a_failover_is_told_once_and_its_lock_daily(account: Account, events: list[dict[str, Any]]) -> None:
    account.clock.sleep(40)
    account.cut_off(*account.backends)
    assert account.failed(account.backends[0]).outcome == "failed-over"
    account.offline.clear()
    account.ticks(5)
    assert len(account.subjects) == len(events) == 1
    account.ticks(1, later=DAY)
    assert account.subjects[1:] == ["STILL NOT PROTECTED: failed over, not re-armed for a day"]
    account.lock = "armed"
    account.ticks(5)
    assert account.subjects[2:] == ["RECOVERED: re-armed after the failover"]
    assert len({entry["Detail"]["incident"] for entry in events}) == 1


def test_a_failover_whose_invocation_died_before_it_told_is_told_by_a_later_one_when_its_claim_is_over() -> None:
    # As it is before anything else has happened, for moto tells by the machine's clock when the claim was written.
    with pair_in_moto() as account:
        Acting(account).carry_out()
        topic = sns_backends[ACCOUNT_ID][REGION].topics[account.settings.topic]
        topic.sent_notifications.clear()
        account.ssm.delete_parameter(Name=MEMORY)
        account.ticks(1, later=30)
        assert account.subjects == []
        account.ticks(3)
        assert account.subjects == ["NOT PROTECTED: failed over, the standby NAT is active"]


@pytest.mark.parametrize("operation", ["ssm.SendCommand", "ssm.ListCommandInvocations", "sns.Publish"])
def test_wherever_it_dies_after_the_swap_people_are_told_by_a_later_tick(operation: str) -> None:
    class DiedError(Exception):
        pass

    def die(**_: object) -> None:
        raise DiedError

    with pair_in_moto() as account:
        hooks = account.ssm.meta.events if operation.startswith("ssm") else account.session.events
        hooks.register(f"before-parameter-build.{operation}", die, "die")
        with pytest.raises(DiedError):
            Acting(account).carry_out()
        hooks.unregister(f"before-parameter-build.{operation}", die, "die")
        account.ticks(3)
        mails = [subject for subject in account.subjects if "failed over" in subject]
    # Those that can still tell do so themselves, though they could not ask.
    assert len(mails) == 1


def test_backends_that_a_failover_has_not_helped_are_told_of_though_the_pair_is_locked(account: Account) -> None:
    account.clock.sleep(40)
    account.cut_off(*account.backends)
    account.failed(account.backends[0])
    account.ticks(4)
    assert account.subjects[1:] == ["OFFLINE, and locked: nothing fails over"]


# What is refused


@pytest.mark.parametrize(("service", "operation"), [("sns", "Publish"), ("events", "PutEvents")])
def test_a_channel_that_refuses_stops_no_failover_and_is_told_later(
    account: Account, service: str, operation: str, events: list[dict[str, Any]]
) -> None:
    answers: list[Any] = [
        (SimpleNamespace(status_code=400), {"Error": {"Code": "Throttled", "Message": "by the test"}})
    ]
    account.session.events.register_first(
        f"before-call.{service}.{operation}", lambda **_: answers.pop() if answers else None
    )
    acting = Acting(account)
    assert acting.carry_out().outcome == "failed-over"
    assert (account.on_standby, acting.record["state"]) == (account.subnets, "failed-over")
    assert acting.measured["NotTold"] == [1.0]
    account.ticks(4)
    assert len(account.subjects) == 1
    assert len(events) == (2 if service == "events" else 1)


def test_an_event_that_the_bus_does_not_take_is_owed(account: Account) -> None:
    put: list[str] = []

    def fail(parsed: dict[str, Any], **_: object) -> None:
        put.append("event")
        if len(put) == 1:
            entry = {"ErrorCode": "InternalFailure", "ErrorMessage": "by the test"}
            parsed |= {"FailedEntryCount": 1, "Entries": [entry]}

    account.session.events.register("after-call.events.PutEvents", fail)
    account.move(account.subnets[0], account.standby_table)
    assert [made.metrics.get("NotTold") for made in account.ticks(6)] == [None, None, None, 1.0, None, None]
    assert (len(put), len(account.subjects)) == (2, 1)


def test_an_unreachable_topic_is_logged_and_measured_and_no_error(
    account: Account, caplog: pytest.LogCaptureFixture
) -> None:
    def unreachable(**_: object) -> None:
        raise EndpointConnectionError(endpoint_url="https://sns.eu-west-1.amazonaws.com")

    account.session.events.register("before-parameter-build.sns.Publish", unreachable)
    account.move(account.subnets[0], account.standby_table)
    assert account.ticks(5)[-1].metrics["NotTold"] == 1
    assert "the topic has not taken a message" in caplog.messages


@pytest.mark.parametrize("operation", ["GetParameters", "PutParameter"])
def test_a_memory_that_is_refused_stops_no_failover(account: Account, operation: str) -> None:
    # The first reading is that of lock and claim, in the same call.
    after = 1 if operation == "GetParameters" else 0
    before(account.ssm, operation, lambda: "AccessDeniedException", about=f'"{MEMORY}"', times=99, after=after)
    acting = Acting(account)
    assert acting.carry_out().outcome == "failed-over"
    assert (len(account.subjects), acting.measured["NotTold"]) == (1, [1.0])


def test_what_can_not_be_remembered_in_the_parameter_is_remembered_by_the_process(account: Account) -> None:
    before(account.ssm, "PutParameter", lambda: "AccessDeniedException", about=f'"{MEMORY}"', times=999)
    account.move(account.subnets[0], account.standby_table)
    application = account.application(io.StringIO())
    for _ in range(10):
        account.clock.sleep(60)
        application.handle(TICK, Context())
    assert len(account.subjects) == 1


def test_all_that_was_measured_is_written_before_people_are_told(account: Account) -> None:
    account.move(account.subnets[0], account.standby_table)
    account.ticks(3)
    stream = io.StringIO()
    seen: list[str] = []
    account.session.events.register("before-parameter-build.sns.Publish", lambda **_: seen.append(stream.getvalue()))
    account.clock.sleep(60)
    account.application(stream).handle(TICK, Context())
    assert json.loads(seen[0])["Split"] == [1.0]
