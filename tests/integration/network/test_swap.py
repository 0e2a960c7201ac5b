"""The swap in EC2, whatever EC2 refuses and others do meanwhile."""

from __future__ import annotations

from threading import Barrier
from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError

from nat_failover.network.route_table_pair import Tables
from nat_failover.network.route_tables import PAUSES, PAUSES_OF_OLD_READINGS, Routes, SwapFailedError
from nat_failover.runtime import LambdaRuntime
from tests.fakes import before, lose_answers
from tests.integration.account import Account

pytestmark = pytest.mark.pair(subnets=3, backends=1)

REPLACE, DESCRIBE = "ReplaceRouteTableAssociation", "DescribeRouteTables"


def swap(account: Account, routes: Routes, known: Tables | None = None) -> tuple[str, ...]:
    """Swap to the standby's table."""
    return routes.swap(account.primary_table, account.standby_table, known or routes.read(), lambda: None)


def count(account: Account, operation: str) -> list[str]:
    """Count the calls of an operation from now on."""
    calls: list[str] = []
    before(account.ec2, operation, lambda: calls.append(operation), times=99)
    return calls


def association(account: Account, subnet: str) -> str:
    """Give the id of a subnet's association with the primary table."""
    return account.associations(account.primary_table)[subnet]


def test_a_swap_moves_every_subnet_and_names_them(account: Account, routes: Routes) -> None:
    assert swap(account, routes) == account.subnets
    assert account.on_standby == account.subnets
    assert account.associations(account.primary_table) == {}


def test_a_swap_back_moves_every_subnet_back(account: Account, routes: Routes) -> None:
    swap(account, routes)
    assert routes.swap(account.standby_table, account.primary_table, routes.read(), lambda: None) == account.subnets
    assert account.on_standby == ()


def test_all_subnets_are_moved_at_the_same_time(account: Account) -> None:
    routes = Routes(account.clients.ec2, account.settings, LambdaRuntime())
    known = routes.read()
    together = Barrier(len(account.subnets))
    # No call goes out before all have begun; one after the other, the first would wait in vain.
    before(account.ec2, REPLACE, lambda: (together.wait(timeout=20), None)[1], times=99)
    assert swap(account, routes, known) == account.subnets


def test_a_swap_of_what_is_known_replaces_each_association_once_and_reads_once(
    account: Account, routes: Routes
) -> None:
    known = routes.read()
    replaced, read = count(account, REPLACE), count(account, DESCRIBE)
    swap(account, routes, known)
    assert (len(replaced), len(read)) == (3, 1)


def test_an_association_that_is_gone_was_replaced_by_a_call_whose_answer_got_lost(
    account: Account, routes: Routes
) -> None:
    known = routes.read()
    old = account.ec2.describe_route_tables(RouteTableIds=[account.primary_table, account.standby_table])
    # Old readings for longer than a swap is tried where EC2 refuses it.
    readings = [old] * (len(PAUSES) + 2)

    def read_old(parsed: dict[str, Any], **_: object) -> None:
        if readings:
            parsed["RouteTables"] = readings.pop()["RouteTables"]

    account.ec2.meta.events.register(f"after-call.ec2.{DESCRIBE}", read_old)
    lose_answers(account.ec2, REPLACE, times=3)
    assert swap(account, routes, known) == account.subnets
    assert account.clock.slept == [*PAUSES, *PAUSES_OF_OLD_READINGS]


def test_associations_of_gateways_stay_where_they_are(account: Account, routes: Routes) -> None:
    made = account.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    account.ec2.attach_internet_gateway(InternetGatewayId=made, VpcId=account.vpc)
    account.ec2.associate_route_table(RouteTableId=account.primary_table, GatewayId=made)
    swap(account, routes)
    (table,) = account.ec2.describe_route_tables(RouteTableIds=[account.primary_table])["RouteTables"]
    assert [a.get("GatewayId") for a in table["Associations"]] == [made]


def test_a_swap_that_is_already_done_changes_nothing(account: Account, routes: Routes) -> None:
    swap(account, routes)
    standing = account.associations(account.standby_table)
    assert swap(account, routes) == account.subnets
    assert account.associations(account.standby_table) == standing


def test_a_swap_that_was_done_in_part_is_finished(account: Account, routes: Routes) -> None:
    account.move(account.subnets[0], account.standby_table)
    standing = account.associations(account.standby_table)
    assert swap(account, routes) == account.subnets
    assert account.on_standby == account.subnets
    assert account.associations(account.standby_table) | standing == account.associations(account.standby_table)


def test_a_swap_is_finished_by_what_was_known_before_another_did_a_part_of_it(account: Account, routes: Routes) -> None:
    known = routes.read()
    account.move(account.subnets[0], account.standby_table)
    assert swap(account, routes, known) == account.subnets


def test_association_ids_that_others_change_in_the_middle_are_read_anew(account: Account, routes: Routes) -> None:
    known = routes.read()
    subnet = account.subnets[1]

    def redo() -> None:
        account.ec2.disassociate_route_table(AssociationId=known.by_id[account.primary_table].associations[subnet])
        account.ec2.associate_route_table(RouteTableId=account.primary_table, SubnetId=subnet)

    before(account.ec2, REPLACE, redo)
    assert swap(account, routes, known) == account.subnets
    assert account.on_standby == account.subnets


def test_a_subnet_that_joins_in_the_middle_is_moved_too(account: Account, routes: Routes) -> None:
    known = routes.read()
    new = account.ec2.create_subnet(VpcId=account.vpc, CidrBlock="10.0.99.0/24")["Subnet"]["SubnetId"]
    account.ec2.associate_route_table(RouteTableId=account.primary_table, SubnetId=new)
    assert swap(account, routes, known) == tuple(sorted((*account.subnets, new)))


def test_a_subnet_that_leaves_the_pair_in_the_middle_is_left_alone(account: Account, routes: Routes) -> None:
    known = routes.read()
    subnet = account.subnets[1]
    account.ec2.disassociate_route_table(AssociationId=known.by_id[account.primary_table].associations[subnet])
    assert swap(account, routes, known) == tuple(s for s in account.subnets if s != subnet)


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
    replaced = count(account, REPLACE)
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
    asked: list[float] = []

    def allowed_twice() -> None:
        asked.append(account.clock.now())
        if len(asked) > 2:
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
    replaced = count(account, REPLACE)
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
