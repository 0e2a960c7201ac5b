"""The egress address: who has it, and its move together with the subnets, which never wait for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from nat_failover.lock.held import ClaimLostError
from nat_failover.lock.record import EgressMove, LockState
from nat_failover.network.egress_address import Address, Addresses, elsewhere
from nat_failover.network.elastic_ip import MOVE_FOR, Egress
from nat_failover.network.instances import Instances
from nat_failover.network.route_tables import PAUSES, SwapFailedError
from tests.fakes import before
from tests.integration.account import Account, pair_in_moto
from tests.integration.invocation import Acting
from tests.integration.network.egress_address import PUBLIC, Moving, allocate, egress_of, give, holder, interface_of

ASSOCIATE, REPLACE = "AssociateAddress", "ReplaceRouteTableAssociation"


def allowed() -> None:
    """Let everything be changed."""


@pytest.fixture
def account() -> Iterator[Account]:
    """Have a pair whose egress address is with the primary."""
    with pair_in_moto() as account:
        allocate(account)
        give(account, account.primary)
        yield account


def calls(account: Account, operation: str) -> list[str]:
    """Note every call of an operation from now on."""
    seen: list[str] = []
    before(account.ec2, operation, lambda: seen.append(operation), times=99)
    return seen


def refusing(account: Account, code: str, times: float = 99) -> None:
    """Let EC2 refuse to move the address."""
    before(account.ec2, ASSOCIATE, lambda: code, times=times)


# Reading


def test_the_address_is_read_with_whoever_has_it(account: Account) -> None:
    read = egress_of(account).read().egress
    assert (read.public, read.interface) == (PUBLIC, interface_of(account, account.primary))
    assert read.trouble is None


def test_an_address_that_nobody_has_is_with_nobody(account: Account) -> None:
    account.ec2.disassociate_address(PublicIp=PUBLIC)
    assert egress_of(account).read() == Addresses(Address(str(account.settings.egress_allocation), PUBLIC))


def test_an_address_that_does_not_exist_is_told_as_such(account: Account) -> None:
    account.configure(egress_allocation="eipalloc-0123456789abcdef9")
    read = egress_of(account).read().egress
    assert (read.public, read.trouble) == (None, "there is no such Elastic IP in this account and region")


def test_an_address_that_can_not_be_read_is_told_as_such_and_raises_nothing(account: Account) -> None:
    before(account.ec2, "DescribeAddresses", lambda: "UnauthorizedOperation", times=99)
    assert egress_of(account).read().egress.trouble == "can't be read: UnauthorizedOperation: by the test"


def test_all_addresses_are_read_for_whoever_looks_for_others(account: Account) -> None:
    account.ec2.allocate_address(Domain="vpc", Address="203.0.113.98")
    assert {address.public for address in egress_of(account).all()} == {PUBLIC, "203.0.113.98"}


def test_a_pair_without_the_setting_has_no_egress_address(account: Account) -> None:
    account.configure(egress_allocation=None)
    assert Egress.of(account.clients.ec2, account.clients.egress, account.settings, account.clock) is None


# Moving


def test_it_moves_to_the_nat_of_the_table_and_back(account: Account) -> None:
    egress = egress_of(account)
    there = egress.move(account.standby_table, allowed)
    assert (there.moved, there.public, there.nat, holder(account)) == (True, PUBLIC, account.standby, account.standby)
    back = egress.move(account.primary_table, allowed)
    assert (back.moved, back.nat, holder(account)) == (True, account.primary, account.primary)


def test_moving_it_again_changes_nothing(account: Account) -> None:
    egress = egress_of(account)
    assert egress.move(account.standby_table, allowed) == egress.move(account.standby_table, allowed)
    assert holder(account) == account.standby


def test_an_address_that_nobody_has_is_moved_all_the_same(account: Account) -> None:
    account.ec2.disassociate_address(PublicIp=PUBLIC)
    assert egress_of(account).move(account.standby_table, allowed).moved
    assert holder(account) == account.standby


def test_it_goes_to_the_primary_interface_of_a_nat_that_has_several(account: Account) -> None:
    subnet = account.subnets[0]
    further = account.ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    primary = interface_of(account, account.standby)
    account.ec2.attach_network_interface(NetworkInterfaceId=further, InstanceId=account.standby, DeviceIndex=1)
    assert egress_of(account).move(account.standby_table, allowed).interface == primary


def test_an_interface_that_is_known_is_not_looked_up(account: Account) -> None:
    known, looked = interface_of(account, account.standby), calls(account, "DescribeInstances")
    assert egress_of(account).move(account.standby_table, allowed, known).moved
    assert looked == []


def test_a_refusal_that_may_pass_is_tried_again(account: Account) -> None:
    refusing(account, "RequestLimitExceeded", times=2)
    assert egress_of(account).move(account.standby_table, allowed).moved
    assert account.clock.slept == list(PAUSES[:2])


def test_it_is_given_up_after_a_bounded_number_of_tries_with_what_ec2_said(account: Account) -> None:
    tries = calls(account, ASSOCIATE)
    refusing(account, "RequestLimitExceeded")
    move = egress_of(account).move(account.standby_table, allowed)
    assert (move.moved, move.why, move.public) == (False, "RequestLimitExceeded: by the test", PUBLIC)
    assert len(tries) == len(PAUSES) + 1
    assert holder(account) == account.primary


@pytest.mark.parametrize("code", ["UnauthorizedOperation", "InvalidAllocationID.NotFound"])
def test_what_no_further_try_would_change_is_tried_once(account: Account, code: str) -> None:
    tries = calls(account, ASSOCIATE)
    refusing(account, code)
    assert not egress_of(account).move(account.standby_table, allowed).moved
    assert (len(tries), account.clock.slept) == (1, [])


def test_no_try_is_begun_when_the_time_is_up(account: Account) -> None:
    def slow() -> str:
        account.clock.time += MOVE_FOR
        return "InternalError"

    tries = calls(account, ASSOCIATE)
    before(account.ec2, ASSOCIATE, slow, times=99)
    assert not egress_of(account).move(account.standby_table, allowed).moved
    assert len(tries) == 1


def test_a_move_whose_answer_got_lost_is_seen_to_have_been_made(account: Account) -> None:
    done: list[str] = []

    def make_and_lose_the_answer() -> str | None:
        if done:
            return None
        done.append("moved")
        give(account, account.standby)
        return "InternalError"

    before(account.ec2, ASSOCIATE, make_and_lose_the_answer, times=99)
    assert egress_of(account).move(account.standby_table, allowed).moved
    assert account.clock.slept == []


def test_a_nat_that_is_gone_gets_nothing(account: Account) -> None:
    account.configure(standby_instance="i-0123456789abcdef9")
    move = egress_of(account).move(account.standby_table, allowed)
    assert move.why == "i-0123456789abcdef9 has no network interface any more"
    assert holder(account) == account.primary


def test_nothing_is_moved_any_more_once_the_claim_is_over(account: Account) -> None:
    def over() -> None:
        raise ClaimLostError("over")

    with pytest.raises(ClaimLostError):
        egress_of(account).move(account.standby_table, over)
    assert holder(account) == account.primary


# Together with the subnets


def test_subnets_and_address_end_on_the_same_nat(account: Account) -> None:
    result = Moving(account).carry_out()
    assert result.outcome == "failed-over"
    assert (account.on_standby, holder(account)) == (account.subnets, account.standby)


def test_the_record_announces_the_move_and_then_says_that_it_was_made(account: Account) -> None:
    acting, allocation = Moving(account), account.settings.egress_allocation
    announced: list[Any] = []
    before(account.ec2, ASSOCIATE, lambda: announced.append(acting.record["egress"]))
    acting.carry_out()
    assert announced == [{"allocation": allocation, "moved": False}]
    assert acting.record["egress"] == {"allocation": allocation, "moved": True}
    assert acting.record["outcome"].endswith(f"; egress address {PUBLIC} moved to {account.standby}")


def test_people_are_told_that_partners_see_the_same_address(account: Account) -> None:
    Moving(account).carry_out()
    ((_, text),) = account.mails
    assert f"Egress address: {PUBLIC} ({account.settings.egress_allocation}) has moved to {account.standby}" in text


def test_where_the_address_is_refused_the_subnets_move_all_the_same(account: Account) -> None:
    refusing(account, "UnauthorizedOperation")
    acting = Moving(account)
    assert acting.carry_out().outcome == "failed-over"
    assert (account.on_standby, holder(account)) == (account.subnets, account.primary)
    assert (acting.record["state"], acting.record["egress"]["moved"]) == ("failed-over", False)
    assert f"egress address {PUBLIC} not moved to {account.standby}: UnauthorizedOp" in acting.record["outcome"]
    assert acting.measured["EgressElsewhere"] == [1.0]


def test_people_are_told_of_an_address_that_was_refused_and_how_to_move_it(account: Account) -> None:
    refusing(account, "UnauthorizedOperation")
    Moving(account).carry_out()
    ((_, text),) = account.mails
    assert f"Egress address: {PUBLIC} ({account.settings.egress_allocation}) could NOT be moved" in text
    interface = interface_of(account, account.standby)
    assert (
        f"   aws ec2 associate-address --allocation-id {account.settings.egress_allocation} "
        f"--network-interface-id {interface} --allow-reassociation --region eu-west-1\n"
    ) in text


def test_a_swap_takes_as_long_as_the_subnets_whatever_the_address_takes(account: Account) -> None:
    def slow() -> str:
        account.clock.time += 2
        return "InternalError"

    before(account.ec2, ASSOCIATE, slow, times=2)
    acting = Moving(account)
    acting.carry_out()
    assert acting.measured["SwapSeconds"] == [pytest.approx(0, abs=0.01)]
    assert holder(account) == account.standby


def test_where_subnets_are_left_the_address_is_moved_and_the_record_says_both(account: Account) -> None:
    before(account.ec2, REPLACE, lambda: "UnauthorizedOperation", times=99)
    acting = Moving(account)
    with pytest.raises(SwapFailedError):
        acting.carry_out()
    assert holder(account) == account.standby
    assert (acting.record["state"], acting.record["egress"]["moved"]) == ("failed", True)
    ((_, text),) = account.mails
    assert "has moved to" in text


def test_a_pair_without_an_egress_address_moves_none_and_records_none(account: Account) -> None:
    account.configure(egress_allocation=None)
    acting, tries = Acting(account), calls(account, ASSOCIATE)
    acting.carry_out()
    assert tries == []
    assert "egress" not in acting.record


class CrashError(Exception):
    """The invocation dies."""


def die(operation: str) -> None:
    raise CrashError(operation)


@pytest.mark.parametrize("operation", [REPLACE, ASSOCIATE, "DescribeAddresses"])
def test_after_a_crash_another_invocation_finishes_subnets_and_address(account: Account, operation: str) -> None:
    acting = Moving(account)
    routes = acting.routes.read()
    before(account.ec2, operation, lambda: die(operation))
    with pytest.raises(CrashError):
        acting.carry_out(known=routes)
    account.clock.sleep(61)
    assert Moving(account).finish().outcome == "failed-over"
    assert (account.on_standby, holder(account)) == (account.subnets, account.standby)
    lock = acting.lock.read().lock
    assert lock.state is LockState.FAILED_OVER
    assert lock.record is not None
    assert lock.record.egress == EgressMove(str(account.settings.egress_allocation), moved=True)


def test_a_record_from_before_the_address_was_chosen_is_finished_with_it(account: Account) -> None:
    acting = Moving(account)
    acting.leave_behind()
    announced: list[Any] = []
    before(account.ec2, ASSOCIATE, lambda: announced.append(acting.record["egress"]["moved"]))
    assert acting.finish().outcome == "failed-over"
    assert (announced, holder(account)) == ([False], account.standby)


# At rest


def test_an_address_with_the_active_nat_is_where_it_must_be(account: Account) -> None:
    assert "EgressElsewhere" not in account.tick().metrics


def test_an_address_with_the_passive_nat_is_told_at_every_tick(account: Account) -> None:
    give(account, account.standby)
    assert [account.tick().metrics.get("EgressElsewhere") for _ in range(2)] == [1, 1]


def test_an_address_that_is_elsewhere_is_told_while_locked_too(account: Account) -> None:
    refusing(account, "UnauthorizedOperation")
    Moving(account).carry_out()
    told = account.tick()
    assert (told.cause, told.metrics["EgressElsewhere"]) == ("LOCKED", 1)


def test_after_a_failover_that_took_it_along_the_address_is_where_it_must_be(account: Account) -> None:
    Moving(account).carry_out()
    assert "EgressElsewhere" not in account.tick().metrics


def test_an_address_that_can_not_be_read_keeps_nobody_from_judging(account: Account) -> None:
    before(account.ec2, "DescribeAddresses", lambda: "UnauthorizedOperation", times=99)
    account.tick()
    account.clock.sleep(60)
    told = account.tick()
    assert (told.cause, told.metrics["EgressElsewhere"]) == ("HEALTHY", 1)


def test_a_tick_reads_it_in_one_call_and_an_event_not_at_all(account: Account) -> None:
    reads = calls(account, "DescribeAddresses")
    account.tick()
    assert len(reads) == 1
    account.cut_off(account.backends[0], ago=0)
    account.clock.sleep(5)
    account.failed(account.backends[0])
    assert len(reads) == 1


def test_a_pair_without_an_egress_address_asks_for_none(account: Account) -> None:
    account.configure(egress_allocation=None)
    reads = calls(account, "DescribeAddresses")
    account.tick()
    assert reads == []


def test_where_no_nat_is_the_active_one_the_address_is_nowhere_wrong(account: Account) -> None:
    account.move(account.subnets[0], account.standby_table)
    give(account, account.standby)
    assert "EgressElsewhere" not in account.tick().metrics


def test_the_sentence_names_address_holder_and_active_nat(account: Account) -> None:
    read = egress_of(account).read().egress
    active = Instances(account.clients.ec2, account.clock).describe([account.standby])[account.standby]
    said = elsewhere(read, active)
    holding = interface_of(account, account.primary)
    assert said == f"egress address {PUBLIC} is with {holding}, not with the active NAT {account.standby}"
