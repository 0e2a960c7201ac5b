"""NATs that are whoever has a network interface: what goes with them, and what does not."""

from __future__ import annotations

import pytest

from infra.config import read_configuration
from tests.infra.config.refusals import problems
from tests.tools.checked import by_interface, pair

PATH = "nat-failover.pairs[0]"


def test_whoever_has_an_interface_may_be_either_nat() -> None:
    (stack,) = read_configuration({"pairs": [by_interface()]}).stacks
    assert stack.pairs[0].named_instances("i-0fedcba9876543210") == {}


@pytest.mark.parametrize(
    ("settings", "key", "why"),
    [
        ({"primaryInstanceId": "i-0123456789abcdef0"}, "primaryNetworkInterfaceId", "primaryInstanceId names the NAT"),
        ({"standbyInstanceId": "i-0fedcba9876543210"}, "standbyNetworkInterfaceId", "standbyInstanceId names the NAT"),
        ({"standbyNetworkInterfaceId": "eni-0123456789abcdef0"}, "standbyNetworkInterfaceId", "another interface than"),
        ({"egressAddress": "eipalloc-0123456789abcdef0"}, "egressAddress", "there is a primaryNetworkInterfaceId"),
        ({"primaryNetworkInterfaceId": "i-0123456789abcdef0"}, "primaryNetworkInterfaceId", "a network interface id"),
        ({"standbySubnetId": "subnet-0123456789abcdef0"}, "standbySubnetId", "must be left out"),
    ],
)
def test_what_does_not_go_with_an_interface_is_refused(settings: dict[str, object], key: str, why: str) -> None:
    (sentence,) = problems({"pairs": [by_interface(**settings)]})
    assert sentence.startswith(f"{PATH}.{key} is ")
    assert why in sentence


@pytest.mark.parametrize("name", ["nat*", "nat,other", "", "x" * 256, 7.5])
def test_a_name_that_no_policy_could_hold_is_no_group(name: object) -> None:
    (sentence,) = problems({"pairs": [by_interface(primaryAutoScalingGroup=name)]})
    assert sentence.startswith(f"{PATH}.primaryAutoScalingGroup is ")
    assert "an Auto Scaling group's name" in sentence


def test_the_stacks_own_standby_is_in_no_group() -> None:
    (sentence,) = problems({"pairs": [pair(standbyAutoScalingGroup="nat")]})
    assert sentence.startswith(f"{PATH}.standbyAutoScalingGroup is ")
    assert "the stack's own is in no group" in sentence


def test_an_interface_whose_holder_stands_by_needs_its_table() -> None:
    (sentence,) = problems({"pairs": [by_interface(standbyRouteTableId=None)]})
    assert sentence.startswith(f"{PATH}.standbyRouteTableId is missing")
