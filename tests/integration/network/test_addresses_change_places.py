"""A pair with a second address: the two change places at a failover, and the NAT that takes over is never without."""

from __future__ import annotations

import json
from typing import Any

import pytest

from nat_failover.lock.record import EgressMove, LockState, read_lock
from nat_failover.network.elastic_ip import MOVE_FOR
from tests.fakes import before
from tests.integration.account import Account
from tests.integration.network.egress_address import (
    PUBLIC,
    SECOND,
    Moving,
    egress_of,
    give,
    holder,
    second_holder,
)

pytestmark = pytest.mark.pair(egress=2)

ASSOCIATE = "AssociateAddress"


def allowed() -> None:
    """Let everything be changed."""


def holders(account: Account) -> tuple[str | None, str | None]:
    return holder(account), second_holder(account)


def of_second(account: Account) -> str:
    """Give what a request about the second address has in it."""
    return str(account.settings.standby_egress_allocation)


def test_both_addresses_are_read_in_one_call_with_whoever_has_them(account: Account) -> None:
    reads: list[str] = []
    before(account.ec2, "DescribeAddresses", lambda: reads.append("read"), times=99)
    read = egress_of(account).read()
    assert [address.public for address in read.all] == [PUBLIC, SECOND]
    assert len(reads) == 1


def test_the_two_change_places_and_back(account: Account) -> None:
    there = egress_of(account).move(account.standby_table, allowed)
    assert (there.left, holders(account)) == ((), (account.standby, account.primary))
    back = egress_of(account).move(account.primary_table, allowed)
    assert (back.left, holders(account)) == ((), (account.primary, account.standby))


def test_moving_them_again_changes_nothing(account: Account) -> None:
    egress = egress_of(account)
    assert egress.move(account.standby_table, allowed) == egress.move(account.standby_table, allowed)
    assert holders(account) == (account.standby, account.primary)


def test_the_nat_that_takes_over_gives_its_address_up_for_the_egress_address_only(account: Account) -> None:
    before(account.ec2, ASSOCIATE, lambda: "UnauthorizedOperation", about=str(account.settings.egress_allocation))
    move = egress_of(account).move(account.standby_table, allowed)
    assert holders(account) == (account.primary, account.standby)
    assert [each.allocation for each in move.left] == [
        account.settings.egress_allocation,
        account.settings.standby_egress_allocation,
    ]
    assert "the egress address has not moved" in move.in_words


def test_a_second_address_that_is_refused_is_told_with_the_command_that_moves_it(account: Account) -> None:
    before(account.ec2, ASSOCIATE, lambda: "UnauthorizedOperation", times=99, about=of_second(account))
    acting = Moving(account)
    assert acting.carry_out().outcome == "failed-over"
    assert holders(account) == (account.standby, None)
    assert acting.measured["EgressElsewhere"] == [1.0]
    ((_, text),) = account.mails
    assert f"Egress address: {PUBLIC} ({account.settings.egress_allocation}) has moved" in text
    assert f"Standby address: {SECOND} ({of_second(account)}) could NOT be moved to {account.primary}" in text
    assert f"aws ec2 associate-address --allocation-id {of_second(account)} " in text
    assert f"associate-address --allocation-id {account.settings.egress_allocation}" not in text


def test_a_refusal_that_may_pass_is_tried_again_within_the_same_bound(account: Account) -> None:
    tries: list[str] = []

    def slow() -> str:
        tries.append("tried")
        account.clock.time += MOVE_FOR / 2
        return "InternalError"

    before(account.ec2, ASSOCIATE, slow, times=99, about=of_second(account))
    move = egress_of(account).move(account.standby_table, allowed)
    assert ([each.allocation for each in move.left], len(tries)) == ([of_second(account)], 2)


def test_a_move_of_the_second_whose_answer_got_lost_is_seen_to_have_been_made(account: Account) -> None:
    def make_and_lose_the_answer() -> str | None:
        give(account, account.primary, of_second(account))
        return "InternalError"

    before(account.ec2, ASSOCIATE, make_and_lose_the_answer, about=of_second(account))
    assert egress_of(account).move(account.standby_table, allowed).left == ()


def test_the_record_announces_both_and_then_says_that_they_were_moved(account: Account) -> None:
    acting = Moving(account)
    announced: list[Any] = []
    before(account.ec2, ASSOCIATE, lambda: announced.append(acting.record["egress"]))
    acting.carry_out()
    first, second = str(account.settings.egress_allocation), of_second(account)
    assert announced == [{"allocation": first, "moved": False, "standby": {"allocation": second, "moved": False}}]
    assert acting.record["egress"] == {
        "allocation": first,
        "moved": True,
        "standby": {"allocation": second, "moved": True},
    }


class CrashError(Exception):
    """The invocation dies."""


@pytest.mark.parametrize("after", [0, 1])
def test_after_a_crash_between_the_two_another_invocation_finishes(account: Account, after: int) -> None:
    def die() -> None:
        raise CrashError

    acting = Moving(account)
    routes = acting.routes.read()
    before(account.ec2, ASSOCIATE, die, after=after)
    with pytest.raises(CrashError):
        acting.carry_out(known=routes)
    account.clock.sleep(61)
    assert Moving(account).finish().outcome == "failed-over"
    assert holders(account) == (account.standby, account.primary)
    lock = acting.lock.read().lock
    assert lock.state is LockState.FAILED_OVER
    assert lock.record is not None
    second = EgressMove(of_second(account), moved=True)
    assert lock.record.egress == EgressMove(str(account.settings.egress_allocation), True, second)


def test_at_rest_each_address_is_where_it_must_be(account: Account) -> None:
    assert "EgressElsewhere" not in account.tick().metrics


def test_after_a_failover_each_address_is_where_it_must_be(account: Account) -> None:
    Moving(account).carry_out()
    assert "EgressElsewhere" not in account.tick().metrics


def test_a_second_address_that_nobody_has_is_told_at_every_tick(account: Account) -> None:
    account.ec2.disassociate_address(PublicIp=SECOND)
    assert account.tick().metrics["EgressElsewhere"] == 1


def test_a_record_of_before_there_was_a_second_address_is_read_as_it_was() -> None:
    fields = {
        "state": "failed-over",
        "owner": "o",
        "since": "2026-01-01T00:00:00+00:00",
        "from": "rtb-1",
        "to": "rtb-2",
    }
    text = json.dumps(fields | {"egress": {"allocation": "eipalloc-1", "moved": True}})
    record = read_lock(text, 1).record
    assert record is not None
    assert record.egress == EgressMove("eipalloc-1", moved=True)
