"""T8, T9: events that are lost, doubled and late; Lambda's retries; mail that nobody has confirmed."""

from __future__ import annotations

from typing import Any

import pytest

from nat_failover.clients import Clients
from tests.gate.events import STATUS_CHANGE, Bus, Change
from tests.gate.rules.proof import breaks, keeps
from tests.gate.timing.asking import asking
from tests.gate.timing.deliveries import Deliveries
from tests.lab.cloud.cloud import ACCOUNT_ID, REGION
from tests.lab.lab import Lab


def _failure(lab: Lab) -> None:
    document = lab.cloud.environment["NAT_FAILOVER_PROBE_DOCUMENT"]
    change = Change(
        "e8d3c0e4-71f7-4491-898f-c9b35bee5f3b", lab.cloud.instances["backend1"], document, "Failed", lab.world.now()
    )
    lab.functions.emit(Bus(ACCOUNT_ID, REGION, lab.world.random).status_change(lab.world.now(), change))


def _invocations(seconds: float, **rates: Any) -> list[float]:
    """Return after how many seconds the function was invoked for one event, within so many seconds."""

    @asking(**rates)
    def times(lab: Lab) -> list[float]:
        lab.functions.start(scheduled=False)
        began = lab.world.now()
        _failure(lab)
        lab.wait(seconds)
        return [round(invocation.at - began, 1) for invocation in lab.functions.invocations]

    return list(times())


@breaks("T8a")
def test_an_event_may_be_lost() -> None:
    assert _invocations(600, event_lost=1.0) == []


@breaks("T8b")
def test_an_event_may_come_twice() -> None:
    assert len(_invocations(600, event_twice=1.0)) == 2


@breaks("T8c")
def test_an_event_may_be_minutes_late() -> None:
    (late,) = _invocations(600, event_late=1.0, late_by=(120.0, 180.0))
    assert 120 <= late <= 181


@breaks("T8d")
@asking(invoked_twice=1.0)
def test_lambda_may_invoke_the_function_twice_for_an_event(lab: Lab) -> None:
    lab.functions.start(scheduled=False)
    _failure(lab)
    lab.wait(10)
    assert len({invocation.request_id for invocation in lab.functions.invocations}) == 1
    assert len(lab.functions.invocations) == 2


@keeps("T8a", "T8b", "T8c", "T8d", "T9a")
def test_most_events_come_once_and_soon() -> None:
    (soon,) = _invocations(600)
    assert soon < 2


@asking()
def test_nothing_that_was_told_wrongly_is_an_event(lab: Lab) -> None:
    lab.functions.start(scheduled=False)
    with pytest.raises(ValueError, match="version is missing"):
        lab.functions.emit({"source": "aws.ssm", "detail-type": STATUS_CHANGE})


def _fail(lab: Lab, until: int) -> None:
    """Make the first invocations fail."""

    def fail(operation: str, arguments: object) -> None:
        del operation, arguments
        if len(lab.functions.invocations) <= until:
            raise RuntimeError("broken by the test")

    lab.gateway.faults.append(fail)


def _retried(until: int) -> list[tuple[float, str]]:
    @asking()
    def times(lab: Lab) -> list[tuple[float, str]]:
        lab.functions.start(scheduled=False)
        _fail(lab, until)
        began = lab.world.now()
        lab.functions.tick()
        lab.wait(1000)
        return [(round(i.at - began), i.request_id) for i in lab.functions.invocations]

    return list(times())


@breaks("T9a")
def test_an_invocation_that_fails_is_made_again_after_one_minute_and_then_two_and_then_never() -> None:
    assert _retried(99) == [(0, "request-1"), (60, "request-1"), (180, "request-1")]


@keeps("T9a")
def test_one_that_succeeds_is_not_made_again() -> None:
    assert _retried(0) == [(0, "request-1")]


def _publish(clients: Clients) -> None:
    topic, message = f"arn:aws:sns:{REGION}:{ACCOUNT_ID}:t", '{"default": "m"}'
    clients.sns().publish(TopicArn=topic, Subject="s", Message=message, MessageStructure="json")


@breaks("T9b")
@asking()
def test_nobody_gets_a_mail_before_the_subscription_is_confirmed(lab: Lab, clients: Clients) -> None:
    lab.gateway.confirmed = False
    _publish(clients)
    assert [subject for _, subject, _ in lab.gateway.sent] == ["s"]
    assert lab.gateway.published == []


@keeps("T9b")
@asking()
def test_whoever_has_confirmed_gets_it(lab: Lab, clients: Clients) -> None:
    _publish(clients)
    assert [(subject, text) for _, subject, text in lab.gateway.published] == [("s", "m")]


def test_a_seed_decides_what_befalls_an_event() -> None:
    shares = (0.2, 0.3, 0.5)
    assert [Deliveries(7, shares, (5.0, 180.0)).copies() for _ in range(3)] == [
        Deliveries(7, shares, (5.0, 180.0)).copies() for _ in range(3)
    ]
