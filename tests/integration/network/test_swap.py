"""The swap in EC2, whatever EC2 refuses and others do meanwhile."""

from __future__ import annotations

from threading import Barrier
from typing import Any

import pytest

from nat_failover.network.route_table_pair import Tables
from nat_failover.network.route_tables import PAUSES, PAUSES_OF_OLD_READINGS, Routes
from nat_failover.runtime import LambdaRuntime
from tests.fakes import before, calls, lose_answers
from tests.integration.account import Account

pytestmark = pytest.mark.pair(subnets=3, backends=1)

REPLACE, DESCRIBE = "ReplaceRouteTableAssociation", "DescribeRouteTables"


def swap(account: Account, routes: Routes, known: Tables | None = None) -> tuple[str, ...]:
    """Swap to the standby's table."""
    return routes.swap(account.primary_table, account.standby_table, known or routes.read(), lambda: None)


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
    replaced, read = calls(account.ec2, REPLACE), calls(account.ec2, DESCRIBE)
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
