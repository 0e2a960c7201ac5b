"""The egress address in a failover, which never waits for it, and at rest."""

from __future__ import annotations

from typing import Any

import pytest

from nat_failover.lock.record import EgressMove, LockState
from nat_failover.network.describing import Instances
from nat_failover.network.egress_address import elsewhere
from nat_failover.network.route_tables import SwapFailedError
from tests.fakes import before, calls
from tests.integration.account import Account
from tests.integration.invocation import Acting
from tests.integration.network.egress_address import PUBLIC, Moving, egress_of, give, holder

ASSOCIATE, REPLACE = "AssociateAddress", "ReplaceRouteTableAssociation"
pytestmark = pytest.mark.pair(egress=1)


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
    before(account.ec2, ASSOCIATE, lambda: "UnauthorizedOperation", times=99)
    acting = Moving(account)
    assert acting.carry_out().outcome == "failed-over"
    assert (account.on_standby, holder(account)) == (account.subnets, account.primary)
    assert (acting.record["state"], acting.record["egress"]["moved"]) == ("failed-over", False)
    assert f"egress address {PUBLIC} not moved to {account.standby}: UnauthorizedOp" in acting.record["outcome"]
    assert acting.measured["EgressElsewhere"] == [1.0]


def test_people_are_told_of_an_address_that_was_refused_and_how_to_move_it(account: Account) -> None:
    before(account.ec2, ASSOCIATE, lambda: "UnauthorizedOperation", times=99)
    Moving(account).carry_out()
    ((_, text),) = account.mails
    assert f"Egress address: {PUBLIC} ({account.settings.egress_allocation}) could NOT be moved" in text
    interface = account.interfaces[account.standby]
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
    acting, tries = Acting(account), calls(account.ec2, ASSOCIATE)
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
    before(account.ec2, ASSOCIATE, lambda: "UnauthorizedOperation", times=99)
    Moving(account).carry_out()
    invoked = account.tick()
    assert (invoked.cause, invoked.metrics["EgressElsewhere"]) == ("LOCKED", 1)


def test_after_a_failover_that_took_it_along_the_address_is_where_it_must_be(account: Account) -> None:
    Moving(account).carry_out()
    assert "EgressElsewhere" not in account.tick().metrics


def test_an_address_that_can_not_be_read_keeps_nobody_from_judging(account: Account) -> None:
    before(account.ec2, "DescribeAddresses", lambda: "UnauthorizedOperation", times=99)
    account.tick()
    account.clock.sleep(60)
    invoked = account.tick()
    assert (invoked.cause, invoked.metrics["EgressElsewhere"]) == ("HEALTHY", 1)


def test_a_tick_reads_it_in_one_call_and_an_event_not_at_all(account: Account) -> None:
    reads = calls(account.ec2, "DescribeAddresses")
    account.tick()
    assert len(reads) == 1
    account.cut_off(account.backends[0], ago=0)
    account.clock.sleep(5)
    account.failed(account.backends[0])
    assert len(reads) == 1


def test_a_pair_without_an_egress_address_asks_for_none(account: Account) -> None:
    account.configure(egress_allocation=None)
    reads = calls(account.ec2, "DescribeAddresses")
    account.tick()
    assert reads == []


def test_where_no_nat_is_the_active_one_the_address_is_nowhere_wrong(account: Account) -> None:
    account.move(account.subnets[0], account.standby_table)
    give(account, account.standby)
    assert "EgressElsewhere" not in account.tick().metrics


def test_the_sentence_names_address_holder_and_active_nat(account: Account) -> None:
    read = egress_of(account).read().egress
    active = Instances(account.clients.ec2, account.clock).describe([account.standby])[account.standby]
    sentence = elsewhere(read, active)
    holding = account.interfaces[account.primary]
    assert sentence == f"egress address {PUBLIC} is with {holding}, not with the active NAT {account.standby}"
