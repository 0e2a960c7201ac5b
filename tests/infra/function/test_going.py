"""The rule by which AWS wakes the function when a NAT of the pair goes."""

from __future__ import annotations

from typing import Any

import pytest

from nat_failover.events import INSTANCE_STATE, SPOT_WARNING, NatEnding, parse
from tests.examples import BUS, NOW
from tests.infra.function.test_function import matches
from tests.infra.synthesis import Template, synthesize
from tests.tools.checked import by_interface, pair

DOCUMENT = "nat-failover-main-probe"


@pytest.fixture(scope="module")
def template() -> Template:
    return synthesize({"pairs": [pair()]})


def going(template: Template, kind: str = INSTANCE_STATE) -> dict[str, Any]:
    """Give the pattern of the rule for NATs that go."""
    found = [rule["EventPattern"] for rule in template.of("AWS::Events::Rule").values() if "EventPattern" in rule]
    (pattern,) = [pattern for pattern in found if pattern["detail-type"] == [kind]]
    return dict(pattern)


@pytest.mark.parametrize("state", ["stopping", "shutting-down"])
def test_a_nat_that_goes_invokes_the_function_and_no_other_instance_does(template: Template, state: str) -> None:
    (standby,) = template.of("AWS::EC2::Instance")
    pattern, primary = going(template), "i-0123456789abcdef0"
    assert pattern["detail"]["instance-id"] == [primary, f"<{standby}>"]
    event = BUS.instance_state(NOW, primary, state)
    assert matches(pattern, event)
    assert isinstance(parse(event, DOCUMENT, [primary]), NatEnding)
    assert not matches(pattern, BUS.instance_state(NOW, "i-0fedcba9876543210", state))


@pytest.mark.parametrize("state", ["pending", "running", "stopped", "terminated"])
def test_what_a_tick_sees_early_enough_invokes_nobody(template: Template, state: str) -> None:
    assert not matches(going(template), BUS.instance_state(NOW, "i-0123456789abcdef0", state))


def test_a_spot_warning_of_a_nat_invokes_the_function_and_no_other_instances_does(template: Template) -> None:
    pattern, primary = going(template, SPOT_WARNING), "i-0123456789abcdef0"
    event = BUS.spot_warning(NOW, primary)
    assert matches(pattern, event)
    assert isinstance(parse(event, DOCUMENT, [primary]), NatEnding)
    assert not matches(pattern, BUS.spot_warning(NOW, "i-0fedcba9876543210"))


def test_of_whoever_has_an_interface_no_event_is_asked_for_and_of_the_other_nat_it_is() -> None:
    only_ticks = synthesize({"pairs": [by_interface()]})
    kinds = {
        k for r in only_ticks.of("AWS::Events::Rule").values() for k in r.get("EventPattern", {}).get("detail-type", [])
    }
    assert not kinds & {INSTANCE_STATE, SPOT_WARNING}
    fixed = by_interface(standbyNetworkInterfaceId=None, standbyInstanceId="i-0fedcba9876543210")
    assert going(synthesize({"pairs": [fixed]}))["detail"]["instance-id"] == ["i-0fedcba9876543210"]


def test_no_rule_takes_an_event_of_another_account() -> None:
    every = synthesize({"pairs": [pair(primaryAutoScalingGroup="nat-primary")]})
    patterns = [r["EventPattern"] for r in every.of("AWS::Events::Rule").values() if "EventPattern" in r]
    assert len(patterns) == 4
    assert [pattern.get("account") for pattern in patterns] == [["123456789012"]] * 4
