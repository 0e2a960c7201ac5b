"""The lifecycle action of a group that terminates a NAT: completed whatever has come of the handover."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from nat_failover.acting.lifecycle import NOBODYS, LifecycleActions
from nat_failover.events import LifecycleAction, NatEnding, Tick
from tests.examples import PRIMARY
from tests.fakes import stubbed
from tests.lab.cloud.execution import FunctionEndedError
from tests.lab.cloud.sessions import session

TOKEN = "0befcbdb-6ecd-498a-9ff7-ae9b54447cd6"  # noqa: S105 - no secret
HOOK = {"AutoScalingGroupName": "nat", "LifecycleHookName": "nat-failover-main"}
ENDING = NatEnding(PRIMARY, LifecycleAction("nat", "nat-failover-main", TOKEN))
REQUEST = {**HOOK, "LifecycleActionToken": TOKEN, "InstanceId": PRIMARY, "LifecycleActionResult": "CONTINUE"}
OVER = f"No active Lifecycle Action found with token {TOKEN}"


class SwapError(RuntimeError):
    """What the handover may end with."""


@pytest.fixture
def autoscaling() -> Any:
    return session("eu-west-1").client("autoscaling", aws_access_key_id="x", aws_secret_access_key="x")  # noqa: S106


@pytest.fixture
def answers(autoscaling: Any) -> Iterator[Stubber]:
    with stubbed(autoscaling) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def refuse(answers: Stubber, code: str, message: str = "") -> None:
    answers.add_client_error("complete_lifecycle_action", code, message, expected_params=REQUEST)


def test_it_is_completed_afterwards_with_all_that_the_event_says(autoscaling: Any, answers: Stubber) -> None:
    with LifecycleActions(lambda: autoscaling).completed(ENDING):
        answers.add_response("complete_lifecycle_action", {}, REQUEST)


def test_it_is_completed_also_where_the_swap_has_failed_which_is_an_error_still(
    autoscaling: Any, answers: Stubber
) -> None:
    answers.add_response("complete_lifecycle_action", {}, REQUEST)
    with pytest.raises(SwapError), LifecycleActions(lambda: autoscaling).completed(ENDING):
        raise SwapError


def test_one_that_is_over_is_no_error(autoscaling: Any, answers: Stubber) -> None:
    refuse(answers, "ValidationError", OVER)
    with LifecycleActions(lambda: autoscaling).completed(ENDING):
        pass


@pytest.mark.parametrize(
    ("code", "message"),
    [("AccessDenied", "not authorized"), ("ValidationError", "AutoScalingGroup name not found")],
)
def test_a_refusal_is_an_error_and_one_of_the_swap_comes_first(
    autoscaling: Any, answers: Stubber, code: str, message: str
) -> None:
    refuse(answers, code, message)
    with pytest.raises(ClientError, match=code), LifecycleActions(lambda: autoscaling).completed(ENDING):
        pass
    refuse(answers, code, message)
    with pytest.raises(SwapError), LifecycleActions(lambda: autoscaling).completed(ENDING):
        raise SwapError


@pytest.mark.parametrize("trigger", [Tick(), NatEnding(PRIMARY)])
def test_where_no_group_waits_auto_scaling_is_asked_nothing(trigger: Tick | NatEnding) -> None:
    with LifecycleActions(lambda: pytest.fail("a client is made")).completed(trigger):
        pass


@pytest.mark.usefixtures("answers")
def test_whoever_is_killed_completes_nothing(autoscaling: Any) -> None:
    with pytest.raises(FunctionEndedError), LifecycleActions(lambda: autoscaling).completed(ENDING):
        raise FunctionEndedError


def test_that_it_may_be_completed_is_tried_with_a_token_of_nobodys(autoscaling: Any, answers: Stubber) -> None:
    request = {**HOOK, "LifecycleActionToken": NOBODYS, "LifecycleActionResult": "CONTINUE"}
    actions = LifecycleActions(lambda: autoscaling)
    answers.add_client_error("complete_lifecycle_action", "ValidationError", OVER, expected_params=request)
    assert actions.complete_nobodys("nat", "nat-failover-main") == "would let nat go on"
    answers.add_client_error("complete_lifecycle_action", "AccessDenied", expected_params=request)
    with pytest.raises(ClientError, match="AccessDenied"):
        actions.complete_nobodys("nat", "nat-failover-main")
