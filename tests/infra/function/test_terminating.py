"""A NAT in an Auto Scaling group: the rule, the hook, and what the function may do about an action of the hook."""

from __future__ import annotations

from typing import Any

import pytest

from nat_failover.events import TERMINATING, LifecycleAction, NatEnding, UnknownEventError, parse
from nat_failover.telling.commands import heartbeat
from tests.examples import BUS, NOW
from tests.gate.events import Waiting
from tests.infra.function.test_function import matches
from tests.infra.function.test_going import going
from tests.infra.synthesis import ACCOUNT, REGION, Template, synthesize
from tests.tools.checked import by_interface, pair

DOCUMENT, HOOK, GROUP = "nat-failover-main-probe", "nat-failover-main", "nat-primary"
TOKEN = "0befcbdb-6ecd-498a-9ff7-ae9b54447cd6"  # noqa: S105 - no secret
STRANGER = "i-0fedcba9876543210"
GROUPS = f"arn:aws:autoscaling:{REGION}:{ACCOUNT}:autoScalingGroup:*:autoScalingGroupName"
COMPLETE, LOOK = "autoscaling:CompleteLifecycleAction", "autoscaling:DescribeAutoScalingInstances"


def in_groups(**settings: object) -> dict[str, object]:
    return by_interface(**{"primaryAutoScalingGroup": GROUP, "standbyAutoScalingGroup": "nat-standby", **settings})


@pytest.fixture(scope="module")
def template() -> Template:
    return synthesize({"pairs": [in_groups()]})


def action(group: str = GROUP, hook: str = HOOK, **detail: Any) -> dict[str, Any]:
    event = BUS.terminating(NOW, Waiting(STRANGER, group, hook, TOKEN))
    return {**event, "detail": {**event["detail"], **detail}}


def parsed(event: object) -> object:
    return parse(event, DOCUMENT, (), HOOK, (GROUP, "nat-standby"))


def test_an_action_of_the_pairs_own_hook_in_its_groups_invokes_the_function_and_no_other_does(
    template: Template,
) -> None:
    pattern = going(template, TERMINATING)
    for group in (GROUP, "nat-standby"):
        assert matches(pattern, action(group))
        assert parsed(action(group)) == NatEnding(STRANGER, LifecycleAction(group, HOOK, TOKEN))
    for other in (action("other"), action(hook="drain-logs")):
        assert not matches(pattern, other)
        with pytest.raises(UnknownEventError, match="correct the rule's event pattern"):
            parsed(other)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("EC2InstanceId", "i-1"),
        ("EC2InstanceId", None),
        ("LifecycleActionToken", "x" * 36),
        ("LifecycleActionToken", 1),
    ],
)
def test_an_action_with_a_word_that_is_none_is_refused_with_that_word(key: str, value: Any) -> None:
    with pytest.raises(UnknownEventError, match=key):
        parsed(action(**{key: value}))


@pytest.mark.parametrize("detail", [None, [], "x", {}])
def test_an_action_without_detail_is_refused(detail: object) -> None:
    with pytest.raises(UnknownEventError, match="lifecycle action is of hook"):
        parsed({**action(), "detail": detail})


def test_each_group_waits_long_enough_for_a_second_try_and_terminates_then(template: Template) -> None:
    hooks = template.of("AWS::AutoScaling::LifecycleHook")
    assert [h["AutoScalingGroupName"] for h in hooks.values()] == [GROUP, "nat-standby"]
    for made in hooks.values():
        assert made["LifecycleHookName"] == HOOK
        assert made["LifecycleTransition"] == "autoscaling:EC2_INSTANCE_TERMINATING"
        assert made["DefaultResult"] == "CONTINUE"
        assert made["HeartbeatTimeout"] == heartbeat(45) == 180


@pytest.mark.parametrize("timeout", [30, 300])
def test_auto_scaling_takes_the_timeout_whatever_the_functions_is(timeout: int) -> None:
    assert 30 <= heartbeat(timeout) <= 7200
    assert heartbeat(timeout) > 2 * timeout + 60


def test_no_termination_waits_for_a_function_that_nothing_would_invoke(template: Template) -> None:
    for name in template.of("AWS::AutoScaling::LifecycleHook"):
        (needed,) = template.body["Resources"][name]["DependsOn"]
        assert template.of("AWS::Lambda::Permission")[needed]


def test_the_function_lets_its_own_groups_go_on_and_no_others(template: Template) -> None:
    allowed = {a: s for s in template.statements("nat-failover, pair main") for a in s["Action"]}
    assert set(allowed[COMPLETE]["Resource"]) == {f"{GROUPS}/{GROUP}", f"{GROUPS}/nat-standby"}
    assert allowed[LOOK]["Resource"] == ["*"]
    observing = synthesize({"pairs": [in_groups(mode="observe")]})
    assert COMPLETE in {a for s in observing.statements("nat-failover, pair main") for a in s["Action"]}


def test_a_group_that_both_nats_are_in_gets_one_hook() -> None:
    both = synthesize({"pairs": [in_groups(standbyAutoScalingGroup=GROUP)]})
    assert len(both.of("AWS::AutoScaling::LifecycleHook")) == 1


def test_a_pair_without_groups_has_nothing_of_all_this() -> None:
    plain = synthesize({"pairs": [pair()]})
    assert not plain.of("AWS::AutoScaling::LifecycleHook")
    assert "autoscaling" not in str(plain.body["Resources"])
