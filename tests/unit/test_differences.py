"""In what two route tables differ."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nat_failover.differences import Difference, differences, read_routes

LOCAL = {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "Origin": "CreateRouteTable"}
PEERING = {"DestinationCidrBlock": "10.30.0.0/16", "VpcPeeringConnectionId": "pcx-1", "Origin": "CreateRoute"}
S3 = {"DestinationPrefixListId": "pl-1", "GatewayId": "vpce-1", "Origin": "CreateRoute"}


def default(nat: str) -> dict[str, Any]:
    return {"DestinationCidrBlock": "0.0.0.0/0", "InstanceId": nat, "NetworkInterfaceId": f"eni-{nat}"}


def between(
    active: list[dict[str, Any]], passive: list[dict[str, Any]], gateways: tuple[list[str], list[str]] = ([], [])
) -> tuple[Difference, ...]:
    return differences(read_routes(active, gateways[0]), read_routes(passive, gateways[1]))


def test_tables_that_differ_in_the_default_route_alone_are_alike() -> None:
    assert between([LOCAL, default("i-1"), PEERING, S3], [S3, LOCAL, PEERING, default("i-2")]) == ()


@pytest.mark.parametrize(
    ("route", "said"),
    [
        (PEERING, "10.30.0.0/16 to pcx-1 is missing in the passive table"),
        (S3, "pl-1 to vpce-1 is missing in the passive table"),
        (
            {"DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": "eigw-1"},
            "::/0 to eigw-1 is missing in the passive table",
        ),
    ],
)
def test_a_route_that_the_passive_table_lacks_is_told(route: dict[str, Any], said: str) -> None:
    assert [d.said for d in between([LOCAL, route], [LOCAL])] == [said]


def test_a_route_that_only_the_passive_table_has_is_told() -> None:
    assert [d.said for d in between([], [PEERING])] == ["10.30.0.0/16 to pcx-1 is in the passive table only"]


def test_a_route_that_leads_elsewhere_is_told() -> None:
    elsewhere = {"DestinationCidrBlock": "10.30.0.0/16", "TransitGatewayId": "tgw-1"}
    assert [d.said for d in between([PEERING], [elsewhere])] == [
        "10.30.0.0/16 leads to pcx-1, in the passive table to tgw-1"
    ]


def test_propagated_routes_are_compared_by_the_gateway_that_propagates_them() -> None:
    propagated = {"DestinationCidrBlock": "10.40.0.0/16", "GatewayId": "vgw-1", "Origin": "EnableVgwRoutePropagation"}
    assert between([propagated], [], (["vgw-1"], ["vgw-1"])) == ()
    assert [d.said for d in between([propagated], [], (["vgw-1"], []))] == [
        "the passive table does not take the routes of vgw-1"
    ]
    assert [d.said for d in between([], [], ([], ["vgw-1"]))] == ["the active table does not take the routes of vgw-1"]


def test_a_gateway_endpoint_is_told_from_that_of_a_gateway_load_balancer() -> None:
    inspection = {"DestinationCidrBlock": "10.50.0.0/16", "GatewayId": "vpce-2"}
    assert [d.of_gateway_endpoint for d in between([S3, inspection], [])] == [False, True]


ROUTES = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "DestinationCidrBlock": st.sampled_from(["0.0.0.0/0", "10.1.0.0/16", "10.2.0.0/16"]),
            "DestinationPrefixListId": st.sampled_from(["pl-1", "pl-2"]),
            "GatewayId": st.sampled_from(["local", "igw-1", "vpce-1"]),
            "NatGatewayId": st.just("nat-1"),
            "State": st.sampled_from(["active", "blackhole"]),
            "Origin": st.sampled_from(["CreateRoute", "EnableVgwRoutePropagation"]),
        },
    ),
    max_size=6,
)


@given(ROUTES, ROUTES)
def test_whatever_the_routes_no_table_differs_from_itself_and_each_difference_is_seen_from_both_sides(
    some: list[dict[str, Any]], others: list[dict[str, Any]]
) -> None:
    one, other = read_routes(some, []), read_routes(others, [])
    assert differences(one, one) == ()
    assert {d.destination for d in differences(one, other)} == {d.destination for d in differences(other, one)}
    assert all(d.said for d in differences(one, other))
