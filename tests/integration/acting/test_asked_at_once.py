"""Backends are asked as soon as EC2 has accepted that all subnets move; what they say counts only where that was so."""

from __future__ import annotations

from threading import Barrier
from typing import Any

import pytest

from nat_failover.judging.causes import Cause
from nat_failover.network.route_tables import Routes, SwapFailedError
from nat_failover.runtime import LambdaRuntime
from tests.fakes import before, calls
from tests.integration.account import Account
from tests.integration.invocation import Acting
from tests.integration.network.egress_address import Moving

REPLACE, DESCRIBE, SEND = "ReplaceRouteTableAssociation", "DescribeRouteTables", "SendCommand"


def verified(account: Account) -> list[dict[str, Any]]:
    """Return the verifications that were sent, each with what was true then."""
    sent: list[dict[str, Any]] = []

    def note(**_: object) -> None:
        sent.append({"moved": account.on_standby, "lock": account.lock or ""})

    account.ssm.meta.events.register(f"before-parameter-build.ssm.{SEND}", note)
    return sent


def read(account: Account) -> set[str]:
    """Return the commands whose invocations are read from now on."""
    commands: set[str] = set()

    def note(params: dict[str, Any], **_: object) -> None:
        commands.add(params["CommandId"])

    account.ssm.meta.events.register("before-parameter-build.ssm.ListCommandInvocations", note)
    return commands


def test_the_tables_are_read_anew_at_the_same_time(account: Account) -> None:
    routes, both = Routes(account.clients.ec2, account.settings, LambdaRuntime()), Barrier(2)
    known, waited = routes.read(), list[int]()
    before(account.ec2, DESCRIBE, lambda: (both.wait(timeout=20), None)[1])
    ways = account.primary_table, account.standby_table
    moved = routes.swap(*ways, known, lambda: None, accepted=lambda: waited.append(both.wait(timeout=20)))
    assert (moved, len(waited)) == (account.subnets, 1)


def test_backends_are_asked_once_while_the_move_is_not_recorded_yet(account: Account, acting: Acting) -> None:
    sent, commands = verified(account), read(account)
    assert acting.carry_out().in_words.endswith("4 of 4 backends online")
    (only,) = sent
    assert only["moved"] == account.subnets
    assert '"failing-over"' in only["lock"]
    assert len(commands) == 1


def test_where_ec2_refuses_a_subnet_at_first_nobody_is_asked_before_it_has_moved(
    account: Account, acting: Acting
) -> None:
    sent = verified(account)
    before(account.ec2, REPLACE, lambda: "RequestLimitExceeded")
    acting.carry_out()
    (only,) = sent
    assert only["moved"] == account.subnets
    assert '"failed-over"' in only["lock"]


@pytest.mark.parametrize("refusals", [0, 1])
def test_where_another_subnet_has_to_be_moved_what_was_asked_before_is_not_read(
    account: Account, acting: Acting, refusals: int
) -> None:
    known = acting.routes.read()
    new = account.ec2.create_subnet(VpcId=account.vpc, CidrBlock="10.0.99.0/24")["Subnet"]["SubnetId"]
    account.ec2.associate_route_table(RouteTableId=account.primary_table, SubnetId=new)
    before(account.ec2, REPLACE, lambda: "RequestLimitExceeded", after=len(account.subnets), times=refusals)
    sent, commands = verified(account), read(account)
    assert acting.carry_out(known=known).in_words.endswith("4 of 4 backends online")
    assert [new in each["moved"] for each in sent] == [False, True]
    assert commands == {account.run_command.commands[-1].command_id}


def test_where_a_subnet_turns_out_to_be_left_people_are_told_of_that_alone(account: Account, acting: Acting) -> None:
    known = acting.routes.read()
    new = account.ec2.create_subnet(VpcId=account.vpc, CidrBlock="10.0.99.0/24")["Subnet"]["SubnetId"]
    account.ec2.associate_route_table(RouteTableId=account.primary_table, SubnetId=new)
    before(account.ec2, REPLACE, lambda: "UnauthorizedOperation", after=len(account.subnets), times=99)
    sent, commands = verified(account), read(account)
    with pytest.raises(SwapFailedError):
        acting.carry_out(known=known)
    assert (len(sent), commands) == (1, set())
    assert acting.record["state"] == "failed"
    ((subject, text),) = account.mails
    assert "backends online" not in subject
    assert "Helped: no: the subnets that could not be moved are offline." in text


def test_what_ssm_refuses_then_is_asked_again_once_the_swap_is_done(account: Account, acting: Acting) -> None:
    sent = verified(account)
    before(account.ssm, SEND, lambda: "AccessDenied")
    assert acting.carry_out().in_words.endswith("4 of 4 backends online")
    assert ["failed-over" in each["lock"] for each in sent] == [False, True]


def test_a_handover_is_confirmed_first_since_the_old_path_still_carries(account: Account, acting: Acting) -> None:
    sent = verified(account)
    acting.carry_out(cause=Cause.HANDOVER)
    assert ['"failed-over"' in each["lock"] for each in sent] == [True]


@pytest.mark.pair(egress=1)
def test_where_an_address_moves_as_well_it_has_moved_before_anybody_is_asked(account: Account) -> None:
    moved = calls(account.ec2, "AssociateAddress")
    then: list[int] = []
    before(account.ssm, SEND, lambda: then.append(len(moved)))
    Moving(account).carry_out()
    assert then == [1]
