"""Route tables in EC2: which one the subnets use, and whether the standby's would carry traffic."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from nat_failover.network.route_tables import Routes, RouteTablesError
from tests.fakes import before
from tests.integration.account import Account
from tests.integration.network.paging import in_short_pages

pytestmark = pytest.mark.pair(subnets=3, backends=1)

DESCRIBE = "DescribeRouteTables"


def gateway(account: Account) -> str:
    """Make an Internet gateway."""
    made = str(account.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"])
    account.ec2.attach_internet_gateway(InternetGatewayId=made, VpcId=account.vpc)
    return made


def default_route(account: Account, **leads_to: str) -> None:
    """Let the standby's default route lead somewhere else."""
    account.ec2.replace_route(RouteTableId=account.standby_table, DestinationCidrBlock="0.0.0.0/0", **leads_to)


# Reading


def test_every_subnet_is_read_with_its_association(account: Account, routes: Routes) -> None:
    table = routes.read().by_id[account.primary_table]
    assert table.associations == account.associations(account.primary_table)
    assert tuple(sorted(table.associations)) == account.subnets


def test_a_page_that_is_empty_is_not_the_end_of_the_list(account: Account, routes: Routes) -> None:
    in_short_pages(account.ec2, DESCRIBE, "RouteTables")
    assert set(routes.read().by_id) == {account.primary_table, account.standby_table}


def test_the_table_that_all_subnets_use_is_the_active_one(account: Account, routes: Routes) -> None:
    assert routes.read().active == account.primary_table


def test_after_all_subnets_have_moved_the_other_table_is_the_active_one(account: Account, routes: Routes) -> None:
    for subnet in account.subnets:
        account.move(subnet, account.standby_table)
    assert routes.read().active == account.standby_table


def test_subnets_on_both_tables_are_split(account: Account, routes: Routes) -> None:
    account.move(account.subnets[1], account.standby_table)
    tables = routes.read()
    assert tables.active is None
    first, moved, last = account.subnets
    assert tables.subnets == {account.primary_table: (first, last), account.standby_table: (moved,)}


def test_where_no_subnet_is_associated_no_table_is_active(account: Account, routes: Routes) -> None:
    for association in account.associations(account.primary_table).values():
        account.ec2.disassociate_route_table(AssociationId=association)
    tables = routes.read()
    assert tables.active is None
    assert tables.subnets == {account.primary_table: (), account.standby_table: ()}


def test_an_association_of_a_gateway_is_no_protected_subnet(account: Account, routes: Routes) -> None:
    account.ec2.associate_route_table(RouteTableId=account.standby_table, GatewayId=gateway(account))
    tables = routes.read()
    assert tables.active == account.primary_table
    assert tables.subnets[account.standby_table] == ()


def test_a_table_that_is_the_vpcs_main_one_has_no_protected_subnet_for_that(account: Account, routes: Routes) -> None:
    (main,) = account.ec2.describe_route_tables(
        Filters=[{"Name": "vpc-id", "Values": [account.vpc]}, {"Name": "association.main", "Values": ["true"]}]
    )["RouteTables"]
    (association,) = main["Associations"]
    account.ec2.replace_route_table_association(
        AssociationId=association["RouteTableAssociationId"], RouteTableId=account.standby_table
    )
    tables = routes.read()
    assert tables.active == account.primary_table
    assert tables.subnets[account.standby_table] == ()


@pytest.mark.parametrize("role", ["primary", "standby"])
def test_a_missing_table_is_named_with_its_role(account: Account, role: str) -> None:
    account.configure(**{f"{role}_route_table": "rtb-0123456789abcdef9"})
    with pytest.raises(RouteTablesError, match=f"no {role} route table rtb-0123456789abcdef9 .* correct the pair's"):
        Routes(account.clients.ec2, account.settings, account.clock).read()


def test_a_read_that_ec2_refuses_is_an_error(account: Account, routes: Routes) -> None:
    before(account.ec2, DESCRIBE, lambda: "RequestLimitExceeded")
    with pytest.raises(ClientError, match="RequestLimitExceeded"):
        routes.read()


# The default route


def test_a_default_route_to_the_tables_own_nat_is_no_trouble(routes: Routes) -> None:
    assert [table.trouble for table in routes.read().by_id.values()] == [None, None]


def test_a_default_route_to_the_nats_network_interface_is_no_trouble(account: Account, routes: Routes) -> None:
    (reservation,) = account.ec2.describe_instances(InstanceIds=[account.standby])["Reservations"]
    (interface,) = reservation["Instances"][0]["NetworkInterfaces"]
    account.ec2.delete_route(RouteTableId=account.standby_table, DestinationCidrBlock="0.0.0.0/0")
    account.ec2.create_route(
        RouteTableId=account.standby_table,
        DestinationCidrBlock="0.0.0.0/0",
        NetworkInterfaceId=interface["NetworkInterfaceId"],
    )
    assert routes.read().by_id[account.standby_table].trouble is None


def test_a_missing_default_route_is_trouble(account: Account, routes: Routes) -> None:
    account.ec2.delete_route(RouteTableId=account.standby_table, DestinationCidrBlock="0.0.0.0/0")
    assert routes.read().by_id[account.standby_table].trouble == f"{account.standby_table} has no default route"


def test_a_default_route_to_another_instance_is_trouble_that_names_both(account: Account, routes: Routes) -> None:
    default_route(account, InstanceId=account.primary)
    trouble = routes.read().by_id[account.standby_table].trouble
    assert (
        trouble == f"the default route of {account.standby_table} leads to {account.primary}, not to {account.standby}"
    )


def test_a_default_route_that_is_a_blackhole_is_trouble(account: Account, routes: Routes) -> None:
    def blackhole(parsed: dict[str, list[dict[str, list[dict[str, str]]]]], **_: object) -> None:
        for table in parsed["RouteTables"]:
            for route in table["Routes"]:
                route["State"] = "blackhole"

    # moto keeps a route active whose instance has gone.
    account.ec2.meta.events.register(f"after-call.ec2.{DESCRIBE}", blackhole)
    trouble = routes.read().by_id[account.standby_table].trouble
    assert trouble == f"the default route of {account.standby_table} is a blackhole"


def test_a_default_route_to_an_internet_gateway_is_trouble(account: Account, routes: Routes) -> None:
    made = gateway(account)
    account.ec2.delete_route(RouteTableId=account.standby_table, DestinationCidrBlock="0.0.0.0/0")
    account.ec2.create_route(RouteTableId=account.standby_table, DestinationCidrBlock="0.0.0.0/0", GatewayId=made)
    assert routes.read().by_id[account.standby_table].trouble is not None


def test_other_routes_than_the_default_one_are_no_trouble(account: Account, routes: Routes) -> None:
    account.ec2.create_route(
        RouteTableId=account.standby_table, DestinationCidrBlock="192.0.2.0/24", InstanceId=account.primary
    )
    assert routes.read().by_id[account.standby_table].trouble is None
