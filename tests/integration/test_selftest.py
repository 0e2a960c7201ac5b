"""The self-test: it makes every call once, changes nothing, and names what does not work."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from moto.sns.models import sns_backends

from nat_failover.events import SELF_TEST
from nat_failover.settings import Mode
from tests.fakes import Context, before, saying
from tests.gate.moto_hook import admitted
from tests.integration.account import ACCOUNT_ID, REGION, Account


def self_test(account: Account) -> dict[str, Any]:
    return dict(account.application().handle(SELF_TEST, Context()))


@pytest.mark.pair(backends=4)
def test_where_all_is_well_it_says_so_and_has_changed_nothing(account: Account) -> None:
    account.lock = "armed"
    associations = account.associations(account.primary_table)
    result = self_test(account)
    assert result["works"], result["problems"]
    assert {call["verdict"] for call in result["calls"]} == {"works"}
    assert account.associations(account.primary_table) == associations
    assert account.lock == "armed"
    assert {host: sentence.partition(":")[0] for host, sentence in result["hosts"].items()} == dict.fromkeys(
        [*account.backends, account.primary, account.standby], "REACHABLE"
    )
    # Of a later failover the claim that it has left keeps nobody.
    account.tick()
    account.clock.sleep(100)
    account.cut_off(*account.backends)
    assert account.failed(account.backends[0]).outcome == "failed-over"


def test_a_call_that_is_refused_is_named_and_the_others_are_tried(account: Account) -> None:
    before(account.ssm, "SendCommand", lambda: "AccessDeniedException", times=float("inf"))
    before(account.ec2, "ReplaceRouteTableAssociation", lambda: "UnauthorizedOperation", times=float("inf"))
    result = self_test(account)
    assert not result["works"]
    refused = [call["call"] for call in result["calls"] if call["verdict"] == "refused"]
    assert refused == ["ec2:ReplaceRouteTableAssociation", "ssm:SendCommand, ssm:ListCommandInvocations"]
    assert any(problem.startswith("0 backends answered") for problem in result["problems"])


def test_too_few_backends_that_answer_are_a_problem(account: Account) -> None:
    account.silent |= set(account.backends[:2])
    result = self_test(account)
    assert result["problems"] == ["2 backends answered that they are online, 3 are needed"]


def test_in_observe_mode_the_swap_is_not_tried_since_the_role_may_not(account: Account) -> None:
    account.configure(mode=Mode.OBSERVE)
    calls = {call["call"]: call["verdict"] for call in self_test(account)["calls"]}
    assert calls["ec2:ReplaceRouteTableAssociation"] == "not tried"


def test_an_ec2_that_does_it_in_spite_of_dry_run_is_a_problem(account: Account) -> None:
    with admitted():  # moto itself knows no DryRun here
        result = self_test(account)
    assert any("asked with DryRun" in problem for problem in result["problems"])


def test_a_parameter_that_somebody_else_is_just_writing_may_be_written_none_the_less(account: Account) -> None:
    before(account.ssm, "PutParameter", lambda: "TooManyUpdates", times=float("inf"))
    result = self_test(account)
    assert result["works"], result["problems"]


def test_people_get_one_test_message_that_says_that_nothing_is_to_be_done(account: Account) -> None:
    self_test(account)
    (sent,) = sns_backends[ACCOUNT_ID][REGION].topics[account.settings.topic].sent_notifications
    assert str(sent[2]) == "[nat-failover main] TEST MESSAGE, no action needed"


def test_with_an_egress_address_and_mirrored_routes_these_are_tried_too(account: Account) -> None:
    first, second = (account.ec2.allocate_address(Domain="vpc")["AllocationId"] for _ in range(2))
    endpoint = account.ec2.create_vpc_endpoint(
        VpcId=account.vpc,
        ServiceName=f"com.amazonaws.{REGION}.s3",
        RouteTableIds=[account.settings.primary_route_table],
    )["VpcEndpoint"]["VpcEndpointId"]
    account.configure(
        egress_allocation=first, standby_egress_allocation=second, mirror_routes=True, mirror_endpoints=(endpoint,)
    )
    result = self_test(account)
    assert result["works"], result["problems"]
    calls = Counter(call["call"] for call in result["calls"])
    assert {"ec2:DescribeAddresses", "ec2:CreateRoute", "ec2:ReplaceRoute", "ec2:ModifyVpcEndpoint"} <= calls.keys()
    assert calls["ec2:AssociateAddress"] == 2


@pytest.mark.parametrize(("code", "verdict"), [("DryRunOperation", "works"), ("UnauthorizedOperation", "refused")])
def test_that_the_standby_s_table_may_take_a_gateway_s_routes_is_tried_where_a_table_does(
    account: Account, code: str, verdict: str
) -> None:
    account.configure(mirror_routes=True)
    gateways = [{"GatewayId": "vgw-00000000000000001"}]
    saying(account.ec2, account.primary_table, lambda table: table.update(PropagatingVgws=gateways))
    before(account.ec2, "EnableVgwRoutePropagation", lambda: code, times=9)
    calls = {call["call"]: call["verdict"] for call in self_test(account)["calls"]}
    assert calls["ec2:EnableVgwRoutePropagation"] == verdict
