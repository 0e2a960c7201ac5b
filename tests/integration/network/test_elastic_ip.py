"""The egress address: who has it, and its move together with the subnets, which never wait for it."""

from __future__ import annotations

import pytest

from nat_failover.lock.held import ClaimLostError
from nat_failover.network.egress_address import Address, Addresses
from nat_failover.network.elastic_ip import MOVE_FOR, Egress
from nat_failover.network.route_tables import PAUSES
from tests.fakes import before, calls
from tests.integration.account import Account
from tests.integration.network.egress_address import PUBLIC, egress_of, give, holder

pytestmark = pytest.mark.pair(egress=1)

ASSOCIATE, REPLACE = "AssociateAddress", "ReplaceRouteTableAssociation"


def allowed() -> None:
    """Let everything be changed."""


# Reading


def test_the_address_is_read_with_whoever_has_it(account: Account) -> None:
    read = egress_of(account).read().egress
    assert (read.public, read.interface) == (PUBLIC, account.interfaces[account.primary])
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
    primary = account.interfaces[account.standby]
    account.ec2.attach_network_interface(NetworkInterfaceId=further, InstanceId=account.standby, DeviceIndex=1)
    assert egress_of(account).move(account.standby_table, allowed).interface == primary


def test_an_interface_that_is_known_is_not_looked_up(account: Account) -> None:
    known, looked = account.interfaces[account.standby], calls(account.ec2, "DescribeInstances")
    assert egress_of(account).move(account.standby_table, allowed, known).moved
    assert looked == []


def test_a_refusal_that_may_pass_is_tried_again(account: Account) -> None:
    before(account.ec2, ASSOCIATE, lambda: "RequestLimitExceeded", times=2)
    assert egress_of(account).move(account.standby_table, allowed).moved
    assert account.clock.slept == list(PAUSES[:2])


def test_it_is_given_up_after_a_bounded_number_of_tries_with_what_ec2_said(account: Account) -> None:
    tries = calls(account.ec2, ASSOCIATE)
    before(account.ec2, ASSOCIATE, lambda: "RequestLimitExceeded", times=99)
    move = egress_of(account).move(account.standby_table, allowed)
    assert (move.moved, move.why, move.public) == (False, "RequestLimitExceeded: by the test", PUBLIC)
    assert len(tries) == len(PAUSES) + 1
    assert holder(account) == account.primary


@pytest.mark.parametrize("code", ["UnauthorizedOperation", "InvalidAllocationID.NotFound"])
def test_what_no_further_try_would_change_is_tried_once(account: Account, code: str) -> None:
    tries = calls(account.ec2, ASSOCIATE)
    before(account.ec2, ASSOCIATE, lambda: code, times=99)
    assert not egress_of(account).move(account.standby_table, allowed).moved
    assert (len(tries), account.clock.slept) == (1, [])


def test_no_try_is_begun_when_the_time_is_up(account: Account) -> None:
    def slow() -> str:
        account.clock.time += MOVE_FOR
        return "InternalError"

    tries = calls(account.ec2, ASSOCIATE)
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
