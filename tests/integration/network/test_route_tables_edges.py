"""What EC2 says of route tables that moto never does, and the words of the errors."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

from nat_failover.aws_errors import error_in_words
from nat_failover.network.route_differences import Destination, Difference
from nat_failover.network.route_tables import Routes, RouteTablesError, SwapFailedError
from tests.fakes import before, saying
from tests.integration.account import Account

pytestmark = pytest.mark.pair(subnets=2, backends=1)

REPLACE, DESCRIBE = "ReplaceRouteTableAssociation", "DescribeRouteTables"


def default_route(account: Account, **target: str) -> None:
    """Let EC2 say of the standby's default route only this, with another route before it."""
    other = {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local"}
    default = {"DestinationCidrBlock": "0.0.0.0/0"} | target
    saying(account.ec2, account.standby_table, lambda table: table.update(Routes=[other, default]))


def test_the_tables_are_asked_for_by_the_filter_as_ec2_spells_it(account: Account, routes: Routes) -> None:
    """To EC2, unlike moto, the case matters.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeRouteTables.html
    """
    calls: list[str] = []
    before(account.ec2, DESCRIBE, lambda: calls.append(DESCRIBE), about="'Filter.1.Name': 'route-table-id'")
    routes.read()
    assert calls == [DESCRIBE]


# Associations


@pytest.mark.parametrize(
    ("state", "counts"),
    [
        ({"AssociationState": {"State": "associated"}}, True),
        ({"AssociationState": {"State": "associating"}}, True),
        ({"AssociationState": {"State": "disassociating"}}, False),
        ({"AssociationState": {"State": "disassociated"}}, False),
        ({"AssociationState": {"State": "failed"}}, False),
        ({"AssociationState": {}}, True),
        ({}, True),
    ],
)
def test_a_subnet_uses_the_table_that_it_is_or_will_be_associated_with(
    account: Account, routes: Routes, state: dict[str, Any], counts: bool
) -> None:
    changing, other = account.subnets

    def change(table: dict[str, Any]) -> None:
        for association in table["Associations"]:
            if association["SubnetId"] == changing:
                association.pop("AssociationState", None)
                association.update(state)

    saying(account.ec2, account.primary_table, change)
    read = routes.read().by_id[account.primary_table].associations
    assert set(read) == ({changing, other} if counts else {other})


def test_a_table_without_associations_and_routes_is_one_that_nobody_uses(account: Account, routes: Routes) -> None:
    def forget(table: dict[str, Any]) -> None:
        del table["Associations"], table["Routes"]

    saying(account.ec2, account.standby_table, forget)
    table = routes.read().by_id[account.standby_table]
    sentence = f"{account.standby_table} has no default route"
    assert (table.associations, table.routes, table.trouble) == ({}, {}, sentence)


def test_a_gateway_whose_routes_a_table_takes_is_one_of_its_routes(account: Account, routes: Routes) -> None:
    gateways = [{"GatewayId": "vgw-1"}, {"GatewayId": "vgw-2"}]
    saying(account.ec2, account.primary_table, lambda table: table.update(PropagatingVgws=gateways))
    found = set(routes.read().by_id[account.primary_table].routes.values())
    assert {target.resource for target in found} >= {"vgw-1", "vgw-2"}


def test_what_a_swap_would_take_from_the_subnets_or_give_them_is_a_difference(account: Account, routes: Routes) -> None:
    for table, network in ((account.primary_table, "192.0.2.0/25"), (account.standby_table, "192.0.2.128/25")):
        account.ec2.create_route(RouteTableId=table, DestinationCidrBlock=network, InstanceId=account.backends[0])
    target = routes.read().by_id[account.primary_table].routes[Destination("DestinationCidrBlock", "192.0.2.0/25")]
    assert routes.read().differences({}) == (
        Difference(Destination("DestinationCidrBlock", "192.0.2.0/25"), target, None),
        Difference(Destination("DestinationCidrBlock", "192.0.2.128/25"), None, target),
    )


def test_while_subnets_are_split_nothing_is_a_difference(account: Account, routes: Routes) -> None:
    account.ec2.create_route(
        RouteTableId=account.primary_table, DestinationCidrBlock="192.0.2.0/24", InstanceId=account.backends[0]
    )
    account.move(account.subnets[0], account.standby_table)
    assert routes.read().differences({}) == ()


# The default route


@pytest.mark.parametrize("target", ["GatewayId", "NatGatewayId", "TransitGatewayId", "VpcPeeringConnectionId"])
def test_a_default_route_that_leads_elsewhere_is_trouble_that_says_where(
    account: Account, routes: Routes, target: str
) -> None:
    default_route(account, **{target: "elsewhere-1"})
    trouble = routes.read().by_id[account.standby_table].trouble
    assert trouble == f"the default route of {account.standby_table} leads to elsewhere-1, not to {account.standby}"


def test_of_a_default_route_to_another_instances_interface_the_instance_is_told(
    account: Account, routes: Routes
) -> None:
    default_route(account, NetworkInterfaceId="eni-1", InstanceId=account.primary)
    trouble = routes.read().by_id[account.standby_table].trouble
    sentence = f"the default route of {account.standby_table} leads to {account.primary}, not to {account.standby}"
    assert trouble == sentence


def test_a_default_route_without_a_target_leads_nowhere(account: Account, routes: Routes) -> None:
    default_route(account, State="active")
    trouble = routes.read().by_id[account.standby_table].trouble
    assert trouble == f"the default route of {account.standby_table} leads to nowhere, not to {account.standby}"


def test_a_default_route_to_an_interface_that_is_attached_to_nothing_is_no_trouble(
    account: Account, routes: Routes
) -> None:
    default_route(account, NetworkInterfaceId="eni-1")
    assert routes.read().by_id[account.standby_table].trouble is None


# Words


def test_of_a_table_that_is_missing_people_are_told_what_to_do(account: Account) -> None:
    account.configure(standby_route_table="rtb-0123456789abcdef9")
    with pytest.raises(RouteTablesError) as missing:
        Routes(account.clients.ec2, account.settings, account.clock).read()
    assert str(missing.value) == (
        "there is no standby route table rtb-0123456789abcdef9 in this account and region: "
        "correct the pair's configuration and deploy"
    )


def test_all_subnets_that_could_not_be_moved_are_listed_in_order() -> None:
    failed = SwapFailedError(("subnet-c",), {"subnet-b": "UnauthorizedOperation: no", "subnet-a": "InternalError: oh"})
    assert str(failed) == (
        "2 of 3 subnets could not be moved: subnet-a: InternalError: oh; subnet-b: UnauthorizedOperation: no"
    )


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ({"Error": {"Code": "InternalError", "Message": "oh"}}, "InternalError: oh"),
        ({"Error": {"Code": "InternalError"}}, "InternalError: "),
        ({"Error": {"Message": "oh"}}, "Unknown: oh"),
        ({}, "Unknown: "),
    ],
)
def test_what_ec2_says_is_its_code_and_its_message(answer: Any, sentence: str) -> None:
    assert error_in_words(ClientError(answer, REPLACE)) == sentence


def test_what_kept_ec2_from_answering_is_said_by_its_name() -> None:
    sentence = 'ConnectTimeoutError: Connect timeout on endpoint URL: "https://ec2/"'
    assert error_in_words(ConnectTimeoutError(endpoint_url="https://ec2/")) == sentence


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("arn:aws:iam::123456789012:role/swap", "arn:aws:iam::ACCOUNT:role/swap"),
        ("subnet-123456789012 of 1234567890123", "subnet-123456789012 of 1234567890123"),
        ("x" * 400, "x" * 291),
    ],
)
def test_what_ec2_says_is_told_shortened_and_without_the_accounts_id(message: str, text: str) -> None:
    assert (
        error_in_words(ClientError({"Error": {"Code": "Refused", "Message": message}}, REPLACE)) == f"Refused: {text}"
    )


# What is left of a swap


def test_subnets_that_are_still_on_the_old_table_without_a_refusal_are_left(account: Account, routes: Routes) -> None:
    known = routes.read()
    new = account.ec2.create_subnet(VpcId=account.vpc, CidrBlock="10.0.99.0/24")["Subnet"]["SubnetId"]
    ids = {"SubnetId": new, "RouteTableAssociationId": "rtbassoc-0123456789abcdef0"}
    # It is seen only after the last try, so that nobody has said no to it.
    reads: list[str] = []

    def joins(table: dict[str, Any]) -> None:
        reads.append(new)
        if len(reads) == 4:
            table["Associations"].append(ids | {"AssociationState": {"State": "associated"}})

    refused = known.by_id[account.primary_table].associations[account.subnets[0]]
    before(account.ec2, REPLACE, lambda: "InternalError", about=refused, times=99)
    saying(account.ec2, account.primary_table, joins)
    with pytest.raises(SwapFailedError) as failed:
        routes.swap(account.primary_table, account.standby_table, known, lambda: None)
    assert failed.value.left == {
        account.subnets[0]: "InternalError: by the test",
        new: "still on the old table",
    }


def test_a_swap_whose_outcome_can_not_be_read_says_what_ec2_said(account: Account, routes: Routes) -> None:
    known = routes.read()
    before(account.ec2, DESCRIBE, lambda: "RequestLimitExceeded", times=99)
    with pytest.raises(SwapFailedError) as failed:
        routes.swap(account.primary_table, account.standby_table, known, lambda: None)
    assert failed.value.left == {"route tables": "can't be read: RequestLimitExceeded: by the test"}


def test_where_nothing_can_be_read_either_what_ec2_refused_is_tried_again_and_nothing_else(
    account: Account, routes: Routes
) -> None:
    known = routes.read()
    replaced: list[str] = []
    refused, accepted = (known.by_id[account.primary_table].associations[subnet] for subnet in account.subnets)
    before(account.ec2, REPLACE, lambda: "InternalError", about=refused, times=99)
    before(account.ec2, REPLACE, lambda: replaced.append(accepted), about=accepted, times=99)
    before(account.ec2, DESCRIBE, lambda: "RequestLimitExceeded", times=99)
    with pytest.raises(SwapFailedError) as failed:
        routes.swap(account.primary_table, account.standby_table, known, lambda: None)
    assert failed.value.left == {account.subnets[0]: "InternalError: by the test"}
    assert failed.value.moved == account.subnets[1:]
    assert replaced == [accepted]
