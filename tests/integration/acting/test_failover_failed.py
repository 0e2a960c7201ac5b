"""A failover that can't be carried out to its end."""

from __future__ import annotations

import json

import pytest

from nat_failover.lock.held import ClaimLostError
from nat_failover.network.route_tables import PAUSES, SwapFailedError
from tests.fakes import before
from tests.integration.account import Account
from tests.integration.invocation import Acting

REPLACE = "ReplaceRouteTableAssociation"


def refuse_to_move(account: Account, subnet: str) -> None:
    """Let EC2 refuse to replace the association of a subnet."""
    association = account.associations(account.primary_table)[subnet]
    before(account.ec2, REPLACE, lambda: "InternalError", about=association, times=99)


# Failure


def test_a_swap_that_fails_is_an_error_with_the_lock_failed_and_the_error_in_it(
    account: Account, acting: Acting
) -> None:
    refused, moved = account.subnets
    refuse_to_move(account, refused)
    with pytest.raises(SwapFailedError) as failed:
        acting.carry_out()
    assert failed.value.moved == (moved,)
    assert (acting.record["state"], acting.record["outcome"]) == ("failed", str(failed.value))


def test_after_a_swap_that_failed_nothing_is_tried_again(account: Account, acting: Acting) -> None:
    refuse_to_move(account, account.subnets[0])
    with pytest.raises(SwapFailedError):
        acting.carry_out()
    account.clock.sleep(61)
    assert acting.carry_out("request-2").outcome == "locked"
    assert acting.finish("request-3").outcome == "locked"
    assert account.on_standby == account.subnets[1:]


def test_of_a_swap_that_failed_people_are_told_what_is_left_and_what_to_do(account: Account, acting: Acting) -> None:
    refuse_to_move(account, account.subnets[0])
    with pytest.raises(SwapFailedError) as failed:
        acting.carry_out()
    ((subject, text),) = account.mails
    assert subject == f"[nat-failover main] OFFLINE: the failover failed, 1 of {len(account.subnets)} subnets not moved"
    assert str(failed.value) in text
    assert "aws ssm put-parameter --name /nat-failover/main/lock --value armed --overwrite" in text


def test_of_a_swap_that_failed_a_metric_tells_at_once(account: Account, acting: Acting) -> None:
    refuse_to_move(account, account.subnets[0])
    with pytest.raises(SwapFailedError):
        acting.carry_out()
    assert json.loads(acting.stream.getvalue())["FailoverFailed"] == [1.0]


def test_where_a_person_re_arms_while_the_swap_fails_what_they_wrote_stands(account: Account, acting: Acting) -> None:
    before(account.ec2, REPLACE, lambda: setattr(account, "lock", "armed"))
    refuse_to_move(account, account.subnets[0])
    with pytest.raises(SwapFailedError):
        acting.carry_out()
    assert account.lock == "armed"
    assert len(account.mails) == 1


def test_where_a_person_writes_the_lock_during_the_swap_it_stands_and_the_result_says_so(
    account: Account, acting: Acting
) -> None:
    before(account.ec2, REPLACE, lambda: setattr(account, "lock", "armed"))
    result = acting.carry_out()
    assert account.lock == "armed"
    assert "was written by somebody else during the failover: what it says now is left alone" in result.in_words
    assert len(account.mails) == 1


def test_where_the_lease_runs_out_in_the_middle_nothing_more_is_changed(account: Account, acting: Acting) -> None:
    refused = account.subnets[0]
    association = account.associations(account.primary_table)[refused]

    def slow() -> str:
        account.clock.sleep(60)
        return "RequestLimitExceeded"

    before(account.ec2, REPLACE, slow, about=association)
    with pytest.raises(ClaimLostError):
        acting.carry_out()
    assert acting.record["state"] == "failing-over"
    assert account.on_standby == account.subnets[1:]
    assert account.clock.slept == [60, PAUSES[0]]
