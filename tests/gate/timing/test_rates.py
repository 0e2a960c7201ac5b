"""T1, T3, T4: token buckets, and what a client does of itself when one is empty."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from nat_failover.clients import Clients
from tests.gate.harshness import GENTLE
from tests.gate.rules.proof import breaks, keeps, refused
from tests.gate.timing.asking import asking
from tests.gate.timing.rates import Bucket, Rates
from tests.lab.cloud.gateway import refused as error_of
from tests.lab.lab import Lab


class Account:
    """An account's buckets, and a clock that a test moves."""

    def __init__(self) -> None:
        self.time = 0.0
        self._rates = Rates(GENTLE, lambda: self.time)

    def call(self, operation: str, times: int = 1, **arguments: Any) -> None:
        """Make calls at the same moment; ``operation`` is ``service:Operation``."""
        service, _, name = operation.partition(":")
        for _ in range(times):
            self._rates.take(service, name, arguments)


# By rule: a call, its arguments, how many a full bucket takes, and how many come back in ten seconds.
BUCKETS: Mapping[str, tuple[str, Mapping[str, Any], int, int]] = {
    "T1a": ("ssm:PutParameter", {}, 3, 3),
    "T1b": ("ssm:GetParameters", {}, 40, 40),
    "T3": ("ssm:ListCommandInvocations", {}, 5, 5),
    "T4a": ("ec2:DescribeRouteTables", {}, 100, 100),
    "T4b": ("ec2:DescribeInstances", {}, 50, 50),
    "T4c": ("ec2:ReplaceRouteTableAssociation", {}, 50, 50),
    "T4d": ("ec2:ModifyVpcEndpoint", {}, 4, 3),
}
CODES = {"ssm": "ThrottlingException", "ec2": "RequestLimitExceeded"}


def _breaks(rule: str) -> None:
    call, arguments, size, refilled = BUCKETS[rule]
    account = Account()
    account.call(call, size, **arguments)
    with refused(CODES[call[:3]]):
        account.call(call, **arguments)
    account.time += 10
    account.call(call, refilled, **arguments)
    with refused(CODES[call[:3]]):
        account.call(call, size, **arguments)


def _keeps(rule: str) -> None:
    call, arguments, size, _ = BUCKETS[rule]
    account = Account()
    for _ in range(3):
        account.call(call, size, **arguments)
        account.time += 60


@breaks("T1a")
def test_a_fourth_parameter_is_not_written_in_the_same_second() -> None:
    _breaks("T1a")


@breaks("T1b")
def test_forty_reads_of_parameters_a_second_are_all() -> None:
    _breaks("T1b")


@breaks("T3")
def test_a_sixth_list_of_invocations_is_not_given_in_the_same_second() -> None:
    _breaks("T3")


@breaks("T4a")
def test_a_bucket_of_ec2_holds_a_hundred_reads() -> None:
    _breaks("T4a")


@breaks("T4b")
def test_a_bucket_of_ec2_holds_fifty_reads_with_neither_filter_nor_pages() -> None:
    _breaks("T4b")


@breaks("T4c")
def test_a_bucket_of_ec2_holds_fifty_writes() -> None:
    _breaks("T4c")


@breaks("T4d")
def test_a_fifth_endpoint_is_not_modified_and_a_token_takes_three_seconds_to_come_back() -> None:
    _breaks("T4d")


@pytest.mark.parametrize("rule", sorted(BUCKETS))
@keeps(*BUCKETS)
def test_what_a_bucket_holds_is_let_through(rule: str) -> None:
    _keeps(rule)


@keeps("T4b")
def test_reads_with_a_filter_or_pages_come_out_of_the_larger_bucket() -> None:
    account = Account()
    account.call("ec2:DescribeInstances", 50, Filters=[{"Name": "instance-id", "Values": ["i-1"]}])
    account.call("ec2:DescribeInstances", 50, MaxResults=100)
    account.call("ec2:DescribeInstances", 50)


def test_every_action_of_ec2_has_a_bucket_of_its_own() -> None:
    account = Account()
    account.call("ec2:ReplaceRouteTableAssociation", 50)
    account.call("ec2:AssociateAddress", 50)


def test_both_reads_of_parameters_share_a_bucket_and_the_lists_do_not() -> None:
    account = Account()
    account.call("ssm:GetParameters", 40)
    with refused("ThrottlingException", "Rate exceeded"):
        account.call("ssm:GetParameter")
    account.call("ssm:ListCommands", 5)
    account.call("ssm:ListCommandInvocations", 5)


def test_what_has_no_limit_that_is_known_is_let_through() -> None:
    account = Account()
    account.call("sns:Publish", 1000)
    account.call("ssm:SendCommand", 1000)


def test_a_clock_that_is_set_back_gives_no_tokens() -> None:
    bucket = Bucket(1, 1.0, 100.0)
    assert bucket.take(100.0)
    assert not bucket.take(50.0)
    assert not bucket.take(100.5)
    assert bucket.take(101.0)


# What a client makes of it


def _puts(lab: Lab, clients: Clients, number: int) -> float:
    began = lab.world.now()
    for n in range(number):
        clients.ssm.put_parameter(Name=f"/p{n}", Value="x", Type="String")
    return lab.world.now() - began


@breaks("T1a")
@asking()
def test_a_client_that_is_throttled_waits_and_tries_again_and_every_try_counts(lab: Lab, clients: Clients) -> None:
    took = _puts(lab, clients, 6)
    assert 0.5 < took < 10
    assert lab.gateway.calls["ssm:PutParameter"] > 6


@breaks("T3")
@asking(list_rate=0.001)
def test_a_client_gives_up_after_its_last_try(lab: Lab, clients: Clients) -> None:
    with refused("ThrottlingException"):
        clients.ssm.list_commands()
    assert lab.gateway.calls["ssm:ListCommands"] == 4


@asking()
def test_a_client_that_is_impatient_tries_once(lab: Lab, clients: Clients) -> None:
    lab.gateway.faults.append(
        lambda operation, _: error_of(operation, "InternalError", "An internal error has occurred")
    )
    with refused("InternalError"):
        clients.egress().describe_addresses()
    assert lab.gateway.calls["ec2:DescribeAddresses"] == 1
    with refused("InternalError"):
        clients.ec2.describe_addresses()
    assert lab.gateway.calls["ec2:DescribeAddresses"] == 1 + 4


@asking()
def test_what_is_no_trouble_of_the_moment_is_not_tried_again(lab: Lab, clients: Clients) -> None:
    with refused("InvalidAssociationID.NotFound"):
        clients.ec2.replace_route_table_association(
            AssociationId="rtbassoc-0123456789abcdef0", RouteTableId=lab.cloud.standby_table
        )
    assert lab.gateway.calls["ec2:ReplaceRouteTableAssociation"] == 1
