"""Copying routes to the passive table, and telling of those that it lacks."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest

from nat_failover.network.route_mirror import Mirror
from nat_failover.network.route_tables import Routes
from tests.examples import TICK
from tests.fakes import before
from tests.integration.account import REGION, Account, pair_in_moto

PEERED, FURTHER = "10.30.0.0/16", "10.31.0.0/16"


class Context:
    aws_request_id = "request-1"

    def get_remaining_time_in_millis(self) -> int:
        return 45_000


@pytest.fixture
def account() -> Iterator[Account]:
    """Have a pair in whose primary table there is a peering."""
    with pair_in_moto(subnets=1, backends=3) as account:
        peering = peer(account)
        account.ec2.create_route(
            RouteTableId=account.primary_table, DestinationCidrBlock=PEERED, VpcPeeringConnectionId=peering
        )
        yield account


def peer(account: Account) -> str:
    other = account.ec2.create_vpc(CidrBlock="10.30.0.0/16")["Vpc"]["VpcId"]
    made = account.ec2.create_vpc_peering_connection(VpcId=account.vpc, PeerVpcId=other)["VpcPeeringConnection"]
    return str(made["VpcPeeringConnectionId"])


def routes(account: Account, table: str) -> dict[str, str]:
    """Where a table's peering routes lead."""
    (described,) = account.ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
    return {
        route["DestinationCidrBlock"]: route["VpcPeeringConnectionId"]
        for route in described["Routes"]
        if "VpcPeeringConnectionId" in route
    }


def tick(account: Account) -> dict[str, Any]:
    """Have a tick, and give its line of metrics."""
    stream = io.StringIO()
    account.application(stream).handle(TICK, Context())
    line: dict[str, Any] = json.loads(stream.getvalue().splitlines()[-1])
    return line


def test_a_missing_route_is_named_by_the_metric_that_the_alarm_is_on(account: Account) -> None:
    line = tick(account)
    assert line["RoutesDiffer"] == [1.0]
    (pcx,) = routes(account, account.primary_table).values()
    assert line["routes"] == [f"{PEERED} to {pcx} is missing in the passive table"]
    assert routes(account, account.standby_table) == {}


def test_it_is_told_too_by_a_tick_that_could_not_begin_a_failover_and_then_found_no_reason_for_one(
    account: Account,
) -> None:
    tick(account)
    account.clock.sleep(60)
    account.cut_off(*account.backends)

    def over() -> str:
        account.offline.clear()
        account.clock.sleep(10)
        return "ThrottlingException"

    before(account.ssm, "PutParameter", over, about="/claim", times=9)
    line = tick(account)
    assert line["RoutesDiffer"] == [1.0]


def test_where_it_is_wanted_the_route_is_copied_and_the_next_tick_has_nothing_to_tell(account: Account) -> None:
    account.configure(mirror_routes=True)
    assert "RoutesDiffer" not in tick(account)
    assert routes(account, account.standby_table) == routes(account, account.primary_table)
    assert "RoutesDiffer" not in tick(account)


@pytest.mark.parametrize("lock", ["paused", '{"state": "nonsense"}'])
def test_while_locked_nothing_is_copied(account: Account, lock: str) -> None:
    account.configure(mirror_routes=True)
    account.lock = lock
    assert tick(account)["RoutesDiffer"] == [1.0]
    assert routes(account, account.standby_table) == {}


def test_a_route_that_leads_elsewhere_is_replaced(account: Account) -> None:
    account.ec2.create_route(
        RouteTableId=account.standby_table, DestinationCidrBlock=PEERED, VpcPeeringConnectionId=peer(account)
    )
    account.configure(mirror_routes=True)
    tick(account)
    assert routes(account, account.standby_table) == routes(account, account.primary_table)


def test_a_route_that_only_the_passive_table_has_is_told_and_stays(account: Account) -> None:
    account.ec2.create_route(
        RouteTableId=account.standby_table, DestinationCidrBlock=FURTHER, VpcPeeringConnectionId=peer(account)
    )
    account.configure(mirror_routes=True)
    line = tick(account)
    assert line["RoutesDiffer"] == [1.0]
    assert FURTHER in line["routes"][0]
    assert set(routes(account, account.standby_table)) == {PEERED, FURTHER}


def test_what_ec2_refuses_to_copy_remains_told_and_stops_nothing(account: Account) -> None:
    account.configure(mirror_routes=True)
    before(account.ec2, "CreateRoute", lambda: "UnauthorizedOperation")
    line = tick(account)
    assert line["RoutesDiffer"] == [1.0]
    assert line["BackendsReachable"] is not None


def vpn(account: Account, table: str, nat: str) -> None:
    """Route a VPN's clients to a NAT, by its interface or by its id, which EC2 takes for the same."""
    account.ec2.create_route(RouteTableId=table, DestinationCidrBlock="10.8.0.0/24", InstanceId=nat)


def where_the_vpn_is(account: Account, table: str) -> str | None:
    (described,) = account.ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
    found = [r["InstanceId"] for r in described["Routes"] if r.get("DestinationCidrBlock") == "10.8.0.0/24"]
    return str(found[0]) if found else None


def test_a_vpn_on_each_nat_is_no_difference_and_stays_where_it_is(account: Account) -> None:
    vpn(account, account.primary_table, account.primary)
    vpn(account, account.standby_table, account.standby)
    account.configure(mirror_routes=True)
    assert "RoutesDiffer" not in tick(account)
    assert where_the_vpn_is(account, account.standby_table) == account.standby


def test_a_vpn_on_the_primary_only_is_told_with_the_reason_and_not_mirrored(account: Account) -> None:
    vpn(account, account.primary_table, account.primary)
    account.configure(mirror_routes=True)
    line = tick(account)
    assert line["RoutesDiffer"] == [1.0]
    assert "10.8.0.0/24" in line["routes"][0]
    assert "each table should lead to its own NAT, or both to the same" in line["routes"][0]
    assert where_the_vpn_is(account, account.standby_table) is None


def test_a_route_of_the_passive_table_to_its_own_nat_is_not_overwritten(account: Account) -> None:
    account.ec2.create_route(
        RouteTableId=account.primary_table, DestinationCidrBlock="10.8.0.0/24", VpcPeeringConnectionId=peer(account)
    )
    vpn(account, account.standby_table, account.standby)
    account.configure(mirror_routes=True)
    assert tick(account)["RoutesDiffer"] == [1.0]
    assert where_the_vpn_is(account, account.standby_table) == account.standby


def test_a_gateway_endpoint_is_asked_to_add_its_route_itself(account: Account) -> None:
    endpoint = account.ec2.create_vpc_endpoint(
        VpcId=account.vpc,
        VpcEndpointType="Gateway",
        ServiceName=f"com.amazonaws.{REGION}.s3",
        RouteTableIds=[account.primary_table],
    )["VpcEndpoint"]["VpcEndpointId"]
    found = Routes(account.clients.ec2, account.settings, account.clock).read().differences({})
    endpoints = [d for d in found if d.of_gateway_endpoint]
    assert Mirror(account.clients.ec2, [endpoint]).copy(endpoints, account.standby_table) == ()
    (described,) = account.ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"]
    assert account.standby_table in described["RouteTableIds"]


def test_an_endpoint_that_is_not_named_is_told_and_left_alone(account: Account) -> None:
    account.ec2.create_vpc_endpoint(
        VpcId=account.vpc,
        VpcEndpointType="Gateway",
        ServiceName=f"com.amazonaws.{REGION}.s3",
        RouteTableIds=[account.primary_table],
    )
    account.configure(mirror_routes=True)
    before(account.ec2, "ModifyVpcEndpoint", lambda: pytest.fail("the endpoint was to be modified"))
    line = tick(account)
    assert line["RoutesDiffer"] == [1.0]
    assert "vpce-" in line["routes"][0]
