"""A swap that EC2 refuses in part, or of which it can't be read what came."""

from __future__ import annotations

import pytest
from botocore.exceptions import ConnectTimeoutError

from nat_failover.network.route_table_pair import Tables
from nat_failover.network.route_tables import PAUSES, Routes, SwapFailedError
from tests.fakes import before, calls
from tests.integration.account import Account

REPLACE, DESCRIBE = "ReplaceRouteTableAssociation", "DescribeRouteTables"

pytestmark = pytest.mark.pair(subnets=3, backends=1)


def swap(account: Account, routes: Routes, known: Tables | None = None) -> tuple[str, ...]:
    """Swap to the standby's table."""
    return routes.swap(account.primary_table, account.standby_table, known or routes.read(), lambda: None)


def association(account: Account, subnet: str) -> str:
    """Give the id of a subnet's association with the primary table."""
    return account.associations(account.primary_table)[subnet]


# Refusals


@pytest.mark.parametrize("times", range(1, len(PAUSES) + 1))
def test_a_subnet_that_ec2_refuses_for_some_time_is_tried_again_after_growing_pauses(
    account: Account, routes: Routes, times: int
) -> None:
    about = association(account, account.subnets[0])
    before(account.ec2, REPLACE, lambda: "RequestLimitExceeded", about=about, times=times)
    assert swap(account, routes) == account.subnets
    assert account.on_standby == account.subnets
    assert account.clock.slept == list(PAUSES[:times])


def test_a_subnet_that_ec2_always_refuses_is_given_up_after_a_bounded_number_of_tries(
    account: Account, routes: Routes
) -> None:
    refused = account.subnets[0]
    replaced = calls(account.ec2, REPLACE)
    before(account.ec2, REPLACE, lambda: "InternalError", about=association(account, refused), times=99)
    with pytest.raises(SwapFailedError):
        swap(account, routes)
    # The refused one once a try, the others once.
    assert len(replaced) == len(PAUSES) + 1 + 2
    assert account.clock.slept == list(PAUSES)


def test_a_failed_swap_says_which_subnets_have_moved_and_why_the_others_have_not(
    account: Account, routes: Routes
) -> None:
    refused, *others = account.subnets
    before(account.ec2, REPLACE, lambda: "UnauthorizedOperation", about=association(account, refused), times=99)
    with pytest.raises(SwapFailedError) as failed:
        swap(account, routes)
    assert failed.value.moved == tuple(others) == account.on_standby
    assert failed.value.left == {refused: "UnauthorizedOperation: by the test"}
    assert str(failed.value) == f"1 of 3 subnets could not be moved: {refused}: UnauthorizedOperation: by the test"


def test_a_connection_that_fails_is_tried_again(account: Account, routes: Routes) -> None:
    def no_connection() -> None:
        raise ConnectTimeoutError(endpoint_url="https://ec2.eu-west-1.amazonaws.com/")

    before(account.ec2, REPLACE, no_connection)
    assert swap(account, routes) == account.subnets


def test_an_unforeseen_error_is_not_taken_for_a_refusal(account: Account, routes: Routes) -> None:
    def broken() -> None:
        raise ZeroDivisionError

    before(account.ec2, REPLACE, broken)
    with pytest.raises(ZeroDivisionError):
        swap(account, routes)


def test_where_nothing_may_be_changed_any_more_nothing_is(account: Account, routes: Routes) -> None:
    def not_allowed() -> None:
        raise PermissionError

    with pytest.raises(PermissionError):
        routes.swap(account.primary_table, account.standby_table, routes.read(), not_allowed)
    assert account.on_standby == ()


def test_every_further_try_asks_anew_whether_anything_may_be_changed(account: Account, routes: Routes) -> None:
    refused = association(account, account.subnets[0])
    before(account.ec2, REPLACE, lambda: "InternalError", about=refused, times=99)
    tries: list[float] = []

    def allowed_twice() -> None:
        tries.append(account.clock.now())
        if len(tries) > 2:
            raise PermissionError

    with pytest.raises(PermissionError):
        routes.swap(account.primary_table, account.standby_table, routes.read(), allowed_twice)
    assert account.on_standby == account.subnets[1:]


def test_a_read_that_fails_once_after_the_swap_does_no_harm(account: Account, routes: Routes) -> None:
    known = routes.read()
    before(account.ec2, DESCRIBE, lambda: "RequestLimitExceeded")
    assert swap(account, routes, known) == account.subnets
    assert account.on_standby == account.subnets


def test_a_swap_whose_outcome_can_not_be_read_is_no_success(account: Account, routes: Routes) -> None:
    known = routes.read()
    before(account.ec2, DESCRIBE, lambda: "RequestLimitExceeded", times=99)
    with pytest.raises(SwapFailedError) as failed:
        swap(account, routes, known)
    assert failed.value.moved == account.subnets


def test_a_swap_whose_outcome_can_not_be_read_says_of_no_subnet_that_it_is_left(
    account: Account, routes: Routes
) -> None:
    known = routes.read()
    before(account.ec2, DESCRIBE, lambda: "RequestLimitExceeded", times=99)
    with pytest.raises(SwapFailedError) as failed:
        swap(account, routes, known)
    assert not set(failed.value.left) & set(account.subnets)


def test_a_read_from_before_the_swap_does_not_move_anything_a_second_time(account: Account, routes: Routes) -> None:
    known = routes.read()
    stale = account.ec2.describe_route_tables(RouteTableIds=[account.primary_table, account.standby_table])[
        "RouteTables"
    ]
    replaced = calls(account.ec2, REPLACE)
    reads: list[str] = []

    def old(parsed: dict[str, object], **_: object) -> None:
        reads.append("old")
        parsed["RouteTables"] = stale

    account.ec2.meta.events.register(f"after-call.ec2.{DESCRIBE}", old)
    assert swap(account, routes, known) == account.subnets
    assert (len(replaced), len(reads)) == (3, 1)


def test_two_invocations_that_swap_at_the_same_time_move_every_subnet_once(account: Account, routes: Routes) -> None:
    known = routes.read()
    other = Routes(account.session.client("ec2"), account.settings, account.clock)
    done: list[tuple[str, ...]] = []
    before(account.ec2, REPLACE, lambda: done.append(swap(account, other, known)), after=1)
    assert swap(account, routes, known) == account.subnets
    assert done == [account.subnets]
    assert account.on_standby == account.subnets


def test_only_the_subnets_that_are_named_are_moved_where_some_are(account: Account, routes: Routes) -> None:
    first, *others = account.subnets
    tables = routes.read()
    moved = routes.swap(account.primary_table, account.standby_table, tables, lambda: None, only=[first])
    assert moved == (first,)
    assert sorted(account.associations(account.primary_table)) == sorted(others)


def test_of_the_subnets_that_are_named_those_that_ec2_refuses_are_left(account: Account, routes: Routes) -> None:
    first = account.subnets[0]
    before(account.ec2, REPLACE, lambda: "UnauthorizedOperation", times=99)
    with pytest.raises(SwapFailedError) as failed:
        routes.swap(account.primary_table, account.standby_table, routes.read(), lambda: None, only=[first])
    assert list(failed.value.left) == [first]
