"""Telling people: once, on both channels, whatever lasts or happens at the same time."""

from __future__ import annotations

import json
from typing import Any

import pytest
from moto.sns.models import sns_backends

from nat_failover.acting.asking import LOOK_EVERY
from nat_failover.judging.conditions import DAY
from nat_failover.settings import Mode
from tests.examples import TICK
from tests.fakes import Context, before
from tests.integration.account import ACCOUNT_ID, REGION, Account, Invoked

MEMORY = "/nat-failover/main/told"


def test_what_lasts_is_told_when_it_has_begun_daily_and_when_it_is_over(account: Account) -> None:
    account.move(account.subnets[0], account.standby_table)
    account.ticks(3)
    assert account.subjects == []
    account.ticks(2)
    account.ticks(1, later=DAY)
    account.move(account.subnets[0], account.primary_table)
    account.ticks(6)
    subject = "NOT PROTECTED: subnets are split over both NATs"
    assert account.subjects == [subject, f"STILL {subject}", "RECOVERED: the subnets all use one NAT again"]
    assert json.loads(account.parameter(MEMORY) or "")["troubles"] == []


def test_both_channels_are_told_the_same_of_one_incident(account: Account, events: list[dict[str, Any]]) -> None:
    account.move(account.subnets[0], account.standby_table)
    account.ticks(4)
    account.move(account.subnets[0], account.primary_table)
    account.ticks(5)
    topic = sns_backends[ACCOUNT_ID][REGION].topics[account.settings.topic]
    by_topic = [json.loads(json.loads(sent[1])["sqs"]) for sent in topic.sent_notifications]
    by_event = [entry["Detail"] for entry in events]
    assert by_topic == by_event
    assert [(message["phase"], message["severity"]) for message in by_event] == [("begin", "warning"), ("end", "info")]
    assert len({message["incident"] for message in by_event}) == 1
    assert {(entry["Source"], entry["DetailType"]) for entry in events} == {("nat-failover", "NAT Failover Message")}
    assert [entry["Resources"] for entry in events] == [[account.settings.topic]] * 2
    assert not any("EventBusName" in entry for entry in events)


def test_a_subscription_may_filter_by_pair_kind_phase_and_severity(account: Account) -> None:
    sent: list[dict[str, Any]] = []
    account.session.events.register("provide-client-params.sns.Publish", lambda params, **_: sent.append(params))
    account.move(account.subnets[0], account.standby_table)
    account.ticks(4)
    (message,) = sent
    assert {name: value["StringValue"] for name, value in message["MessageAttributes"].items()} == {
        "pair": "main",
        "kind": "subnets-split",
        "phase": "begin",
        "severity": "warning",
    }


def test_a_pair_without_subnets_is_told_after_three_minutes(account: Account) -> None:
    for association in account.associations(account.primary_table).values():
        account.ec2.disassociate_route_table(AssociationId=association)
    account.ticks(4)
    assert account.subjects == ["NOT PROTECTED: no subnet uses the pair's route tables"]


def test_a_healthy_tick_reads_what_was_told_together_with_the_lock_and_writes_nothing(account: Account) -> None:
    account.ticks(3)
    function = account.application()
    function.handle(TICK, Context())
    memory = account.parameter(MEMORY)
    # The next one is not among those that look for new backends, whatever time it is.
    account.clock.sleep(60)
    while int(account.clock.now() // 60) % LOOK_EVERY == 0:
        account.clock.sleep(60)
    calls: list[str] = []
    for service, client in (("ssm", account.ssm), ("ec2", account.ec2)):
        client.meta.events.register(f"provide-client-params.{service}", lambda model, **_: calls.append(model.name))
    function.handle(TICK, Context())
    assert sorted(calls) == [
        *("DescribeInstances", "DescribeRouteTables", "GetParameters", "ListCommandInvocations", "ListCommands"),
    ]
    assert account.parameter(MEMORY) == memory


def test_a_value_that_a_person_has_put_there_is_replaced_and_what_lasts_is_told_anew(account: Account) -> None:
    account.move(account.subnets[0], account.standby_table)
    account.ticks(4)
    account.ssm.put_parameter(Name=MEMORY, Value="scribble", Type="String", Overwrite=True)
    account.ticks(4)
    assert len(account.subjects) == 2
    assert json.loads(account.parameter(MEMORY) or "")["troubles"][0]["kind"] == "subnets-split"


# Observe mode


@pytest.fixture
def observing(account: Account) -> Account:
    """Only observe."""
    account.configure(mode=Mode.OBSERVE)
    account.clock.sleep(40)
    account.cut_off(*account.backends)
    return account


def test_in_observe_mode_people_are_told_at_once_and_daily_and_when_it_is_over(observing: Account) -> None:
    assert observing.failed(observing.backends[0]).outcome == "observed"
    observing.ticks(3)
    subject = "OFFLINE (observe mode): would have failed over to the standby NAT"
    assert observing.subjects == [subject]
    observing.clock.sleep(DAY)
    observing.ticks(3)
    assert observing.subjects[1:] == [f"STILL {subject}"]
    observing.offline.clear()
    observing.ticks(30)
    assert observing.subjects[2:] == ["RECOVERED: online again, no failover is due"]


def test_in_observe_mode_neither_ec2_nor_lock_nor_claim_is_written(observing: Account) -> None:
    written: list[str] = []
    observing.ssm.meta.events.register(
        "provide-client-params.ssm.PutParameter", lambda params, **_: written.append(params["Name"])
    )
    for operation in ("ReplaceRouteTableAssociation", "CreateRoute", "ReplaceRoute", "AssociateAddress"):
        before(observing.ec2, operation, lambda: written.append("EC2"))
    observing.failed(observing.backends[0])
    assert set(written) == {MEMORY}
    assert (observing.lock, observing.parameter("/nat-failover/main/claim")) == (None, None)


def test_of_invocations_at_the_same_time_one_tells(observing: Account) -> None:
    ticking: list[Invoked] = []
    before(observing.ssm, "PutParameter", lambda: ticking.append(observing.failed(observing.backends[1])), about=MEMORY)
    observing.failed(observing.backends[0])
    assert len(ticking) == 1
    assert len(observing.subjects) == 1


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
    assert observing.subjects == []
    observing.ticks(2)
    assert len(observing.subjects) == 1
