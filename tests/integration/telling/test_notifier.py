"""Telling people: once, on both channels, whatever fails or happens at the same time, and never in the way."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from moto.sns.models import sns_backends

from nat_failover.judging.conditions import DAY
from nat_failover.monitor import LOOK_EVERY
from nat_failover.settings import Mode
from tests.examples import TICK
from tests.fakes import before
from tests.integration.account import ACCOUNT_ID, REGION, Account, Context, Invoked, pair_in_moto
from tests.integration.invocation import Acting

TOLD = "/nat-failover/main/told"
LOCKED = "OFFLINE and locked: nothing is done about it"


@pytest.fixture
def account() -> Iterator[Account]:
    """Have a pair with four backends in moto that has been watched for two minutes."""
    with pair_in_moto() as account:
        ticks(account, 2)
        yield account


@pytest.fixture
def events(account: Account) -> list[dict[str, Any]]:
    """Have all that was put on the event bus."""
    put: list[dict[str, Any]] = []
    account.session.events.register(
        "provide-client-params.events.PutEvents", lambda params, **_: put.extend(params["Entries"])
    )
    return put


def ticks(account: Account, count: int, later: float = 60) -> list[Invoked]:
    """Let so many ticks go by."""
    made = []
    for _ in range(count):
        account.clock.sleep(later)
        made.append(account.tick())
    return made


def subjects(account: Account) -> list[str]:
    """Give what people were told, without the pair."""
    return [subject.partition("] ")[2] for subject, _ in account.mails]


def split(account: Account) -> None:
    """Let a person have moved one subnet."""
    account.move(account.subnets[0], account.standby_table)


def dead(account: Account) -> None:
    """Let all backends have lost the Internet."""
    account.cut_off(*account.backends, ago=3)


def refusing(account: Account, service: str, operation: str, code: str = "Throttled", times: float = 99) -> None:
    """Let AWS refuse what is told."""
    method = "".join(f"_{c.lower()}" if c.isupper() else c for c in operation).lstrip("_")
    assert hasattr(account.session.client(service), method)  # type: ignore[call-overload]
    left = [times]

    def refuse(**_: object) -> Any:
        left[0] -= 1
        if left[0] < 0:
            return None
        return _Refusal(), {"Error": {"Code": code, "Message": "by the test"}}

    account.session.events.register_first(f"before-call.{service}.{operation}", refuse)


class _Refusal:
    status_code = 400


# What lasts


def test_what_lasts_is_told_when_it_has_begun_daily_and_when_it_is_over(account: Account) -> None:
    split(account)
    ticks(account, 3)
    assert subjects(account) == []
    ticks(account, 2)
    ticks(account, 1, later=DAY)
    account.move(account.subnets[0], account.primary_table)
    ticks(account, 6)
    words = "subnets split over both NATs: unprotected"
    assert subjects(account) == [words, f"still: {words}", "recovered: the subnets are not split any more"]
    assert json.loads(account.parameter(TOLD) or "")["troubles"] == []


def test_both_channels_are_told_the_same_of_one_incident(account: Account, events: list[dict[str, Any]]) -> None:
    split(account)
    ticks(account, 4)
    account.move(account.subnets[0], account.primary_table)
    ticks(account, 5)
    topic = sns_backends[ACCOUNT_ID][REGION].topics[account.settings.topic]
    by_topic = [json.loads(json.loads(sent[1])["sqs"]) for sent in topic.sent_notifications]
    by_event = [json.loads(entry["Detail"]) for entry in events]
    assert by_topic == by_event
    assert [(told["phase"], told["severity"]) for told in by_event] == [("begin", "warning"), ("end", "info")]
    assert len({told["incident"] for told in by_event}) == 1
    assert {(entry["Source"], entry["DetailType"]) for entry in events} == {("nat-failover", "NAT Failover Message")}
    assert [entry["Resources"] for entry in events] == [[account.settings.topic]] * 2
    assert not any("EventBusName" in entry for entry in events)


def test_a_subscription_may_filter_by_pair_kind_phase_and_severity(account: Account) -> None:
    sent: list[dict[str, Any]] = []
    account.session.events.register("provide-client-params.sns.Publish", lambda params, **_: sent.append(params))
    split(account)
    ticks(account, 4)
    (told,) = sent
    assert {name: value["StringValue"] for name, value in told["MessageAttributes"].items()} == {
        "pair": "main",
        "kind": "subnets-split",
        "phase": "begin",
        "severity": "warning",
    }


def test_a_pair_without_subnets_is_told_after_three_minutes(account: Account) -> None:
    for association in account.associations(account.primary_table).values():
        account.ec2.disassociate_route_table(AssociationId=association)
    ticks(account, 4)
    assert subjects(account) == ["no subnet is protected"]


def test_a_healthy_tick_reads_what_was_told_together_with_the_lock_and_writes_nothing(account: Account) -> None:
    ticks(account, 3)
    # The next one is not among those that look for new backends, whatever time it is.
    while int(account.clock.now() // 60 + 1) % LOOK_EVERY == 0:
        ticks(account, 1)
    calls: list[str] = []
    for service, client in (("ssm", account.ssm), ("ec2", account.ec2)):
        client.meta.events.register(f"provide-client-params.{service}", lambda model, **_: calls.append(model.name))
    ticks(account, 1)
    assert sorted(calls) == [
        *("DescribeInstances", "DescribeRouteTables", "GetParameters", "ListCommandInvocations", "ListCommands"),
    ]
    assert account.parameter(TOLD) is None


def test_a_value_that_a_person_has_put_there_is_replaced_and_what_lasts_is_told_anew(account: Account) -> None:
    split(account)
    ticks(account, 4)
    account.ssm.put_parameter(Name=TOLD, Value="scribble", Type="String", Overwrite=True)
    ticks(account, 4)
    assert len(subjects(account)) == 2
    assert json.loads(account.parameter(TOLD) or "")["troubles"][0]["kind"] == "subnets-split"


# Observe mode


@pytest.fixture
def observing(account: Account) -> Account:
    """Only observe."""
    account.configure(mode=Mode.OBSERVE)
    account.clock.sleep(40)
    dead(account)
    return account


def test_in_observe_mode_people_are_told_at_once_and_daily_and_when_it_is_over(observing: Account) -> None:
    assert observing.failed(observing.backends[0]).outcome == "observed"
    ticks(observing, 3)
    words = "would have failed over to the standby NAT (observe mode)"
    assert subjects(observing) == [words]
    observing.clock.sleep(DAY)
    ticks(observing, 3)
    assert subjects(observing)[1:] == [f"still: {words}"]
    observing.offline.clear()
    ticks(observing, 30)
    assert subjects(observing)[2:] == ["recovered: backends are online again"]


def test_in_observe_mode_neither_ec2_nor_lock_nor_claim_is_written(observing: Account) -> None:
    written: list[str] = []
    observing.ssm.meta.events.register(
        "provide-client-params.ssm.PutParameter", lambda params, **_: written.append(params["Name"])
    )
    for operation in ("ReplaceRouteTableAssociation", "CreateRoute", "ReplaceRoute", "AssociateAddress"):
        before(observing.ec2, operation, lambda: written.append("EC2"))
    observing.failed(observing.backends[0])
    assert set(written) == {TOLD}
    assert (observing.lock, observing.parameter("/nat-failover/main/claim")) == (None, None)


def test_of_invocations_at_the_same_time_one_tells(observing: Account) -> None:
    ticking: list[Invoked] = []
    before(observing.ssm, "PutParameter", lambda: ticking.append(observing.failed(observing.backends[1])), about=TOLD)
    observing.failed(observing.backends[0])
    assert len(ticking) == 1
    assert len(subjects(observing)) == 1


def test_where_one_that_was_about_to_tell_has_died_another_tells_after_a_minute(observing: Account) -> None:
    class DiedError(Exception):
        pass

    def die(**_: object) -> None:
        raise DiedError

    observing.session.events.register("before-parameter-build.sns.Publish", die, "die")
    with pytest.raises(DiedError):
        observing.failed(observing.backends[0])
    observing.session.events.unregister("before-parameter-build.sns.Publish", die, "die")
    for client in (observing.failed, observing.failed):
        client(observing.backends[1])
    assert subjects(observing) == []
    ticks(observing, 2)
    assert len(subjects(observing)) == 1


# A failover


def test_a_failover_is_told_once_and_its_lock_daily(account: Account, events: list[dict[str, Any]]) -> None:
    account.clock.sleep(40)
    dead(account)
    assert account.failed(account.backends[0]).outcome == "failed-over"
    account.offline.clear()
    ticks(account, 5)
    assert len(subjects(account)) == len(events) == 1
    ticks(account, 1, later=DAY)
    assert subjects(account)[1:] == ["still: failed over, and not re-armed since"]
    account.lock = "armed"
    ticks(account, 5)
    assert subjects(account)[2:] == ["recovered: the lock is reset after the failover"]
    assert len({json.loads(entry["Detail"])["incident"] for entry in events}) == 1


def test_a_failover_whose_invocation_died_before_it_told_is_told_by_a_later_one_when_its_claim_is_over() -> None:
    # As it is before anything else has happened, for moto tells by the machine's clock when the claim was written.
    with pair_in_moto() as account:
        Acting(account).carry_out()
        topic = sns_backends[ACCOUNT_ID][REGION].topics[account.settings.topic]
        topic.sent_notifications.clear()
        account.ssm.delete_parameter(Name=TOLD)
        ticks(account, 1, later=30)
        assert subjects(account) == []
        ticks(account, 3)
        assert subjects(account) == ["failed over, says the lock"]


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
        ticks(account, 3)
        told = [subject for subject in subjects(account) if subject.startswith("failed over")]
    # Those that can still tell do so themselves, though they could not ask.
    assert len(told) == 1


def test_backends_that_a_failover_has_not_helped_are_told_of_though_the_pair_is_locked(account: Account) -> None:
    account.clock.sleep(40)
    dead(account)
    account.failed(account.backends[0])
    ticks(account, 4)
    assert subjects(account)[1:] == [LOCKED]


# What is refused


@pytest.mark.parametrize(("service", "operation"), [("sns", "Publish"), ("events", "PutEvents")])
def test_a_channel_that_refuses_stops_no_failover_and_is_told_later(
    account: Account, service: str, operation: str, events: list[dict[str, Any]]
) -> None:
    refusing(account, service, operation, times=1)
    acting = Acting(account)
    assert acting.carry_out().outcome == "failed-over"
    assert (account.on_standby, acting.record["state"]) == (account.subnets, "failed-over")
    assert acting.measured["NotTold"] == [1.0]
    ticks(account, 4)
    assert len(subjects(account)) == 1
    assert len(events) == (2 if service == "events" else 1)


def test_an_event_that_the_bus_does_not_take_is_owed(account: Account) -> None:
    put: list[str] = []

    def fail(parsed: dict[str, Any], **_: object) -> None:
        put.append("event")
        if len(put) == 1:
            entry = {"ErrorCode": "InternalFailure", "ErrorMessage": "by the test"}
            parsed |= {"FailedEntryCount": 1, "Entries": [entry]}

    account.session.events.register("after-call.events.PutEvents", fail)
    split(account)
    assert [made.metrics.get("NotTold") for made in ticks(account, 6)] == [None, None, None, 1.0, None, None]
    assert (len(put), len(subjects(account))) == (2, 1)


def test_an_unreachable_topic_is_logged_and_measured_and_no_error(
    account: Account, caplog: pytest.LogCaptureFixture
) -> None:
    def unreachable(**_: object) -> None:
        raise EndpointConnectionError(endpoint_url="https://sns.eu-west-1.amazonaws.com")

    account.session.events.register("before-parameter-build.sns.Publish", unreachable)
    split(account)
    assert ticks(account, 5)[-1].metrics["NotTold"] == 1
    assert "the topic has not taken a message" in caplog.messages


@pytest.mark.parametrize("operation", ["GetParameters", "PutParameter"])
def test_a_memory_that_is_refused_stops_no_failover(account: Account, operation: str) -> None:
    # The first reading is that of lock and claim, in the same call.
    after = 1 if operation == "GetParameters" else 0
    before(account.ssm, operation, lambda: "AccessDeniedException", about=f'"{TOLD}"', times=99, after=after)
    acting = Acting(account)
    assert acting.carry_out().outcome == "failed-over"
    assert (len(subjects(account)), acting.measured["NotTold"]) == (1, [1.0])


def test_what_can_not_be_remembered_in_the_parameter_is_remembered_by_the_process(account: Account) -> None:
    before(account.ssm, "PutParameter", lambda: "AccessDeniedException", about=f'"{TOLD}"', times=999)
    split(account)
    application = account.application(io.StringIO())
    for _ in range(10):
        account.clock.sleep(60)
        application.handle(TICK, Context())
    assert len(subjects(account)) == 1


def test_all_that_was_measured_is_written_before_people_are_told(account: Account) -> None:
    split(account)
    ticks(account, 3)
    stream = io.StringIO()
    seen: list[str] = []
    account.session.events.register("before-parameter-build.sns.Publish", lambda **_: seen.append(stream.getvalue()))
    account.clock.sleep(60)
    account.application(stream).handle(TICK, Context())
    assert json.loads(seen[0])["Split"] == [1.0]
