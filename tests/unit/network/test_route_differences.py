"""In what two route tables differ."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nat_failover.network.route_differences import Difference, Nats, differences, read_routes

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
    ("route", "in_words"),
    [
        (PEERING, "10.30.0.0/16 to pcx-1 is missing in the passive table"),
        (S3, "pl-1 to vpce-1 is missing in the passive table"),
        (
            {"DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": "eigw-1"},
            "::/0 to eigw-1 is missing in the passive table",
        ),
    ],
)
def test_a_route_that_the_passive_table_lacks_is_told(route: dict[str, Any], in_words: str) -> None:
    assert [d.in_words for d in between([LOCAL, route], [LOCAL])] == [in_words]


def test_a_route_that_only_the_passive_table_has_is_told() -> None:
    assert [d.in_words for d in between([], [PEERING])] == ["10.30.0.0/16 to pcx-1 is in the passive table only"]


def test_a_route_that_leads_elsewhere_is_told() -> None:
    elsewhere = {"DestinationCidrBlock": "10.30.0.0/16", "TransitGatewayId": "tgw-1"}
    assert [d.in_words for d in between([PEERING], [elsewhere])] == [
        "10.30.0.0/16 leads to pcx-1, in the passive table to tgw-1"
    ]


def test_propagated_routes_are_compared_by_the_gateway_that_propagates_them() -> None:
    propagated = {"DestinationCidrBlock": "10.40.0.0/16", "GatewayId": "vgw-1", "Origin": "EnableVgwRoutePropagation"}
    assert between([propagated], [], (["vgw-1"], ["vgw-1"])) == ()
    assert [d.in_words for d in between([propagated], [], (["vgw-1"], []))] == [
        "the passive table does not take the routes of vgw-1"
    ]
    assert [d.in_words for d in between([], [], ([], ["vgw-1"]))] == [
        "the active table does not take the routes of vgw-1"
    ]


def test_a_gateway_endpoint_is_told_from_that_of_a_gateway_load_balancer() -> None:
    inspection = {"DestinationCidrBlock": "10.50.0.0/16", "GatewayId": "vpce-2"}
    assert [d.of_gateway_endpoint for d in between([S3, inspection], [])] == [False, True]


# Routes that lead to the NATs themselves. EC2 tells instance and interface of either kind of route.
NATS = Nats(frozenset({"i-1", "eni-i-1", "eni-1-second"}), frozenset({"i-2", "eni-i-2"}))
VPN = "10.8.0.0/24"
A_NAT = "(a NAT of the pair: each table should lead to its own NAT, or both to the same)"


def vpn(nat: str, interface: str | None = None) -> dict[str, Any]:
    return default(nat) | {"DestinationCidrBlock": VPN} | ({"NetworkInterfaceId": interface} if interface else {})


def detached(interface: str) -> dict[str, Any]:
    return {"DestinationCidrBlock": VPN, "NetworkInterfaceId": interface}


def with_nats(active: list[dict[str, Any]], passive: list[dict[str, Any]]) -> tuple[Difference, ...]:
    return differences(read_routes(active, []), read_routes(passive, []), NATS)


@pytest.mark.parametrize("to_active", [vpn("i-1"), vpn("i-1", "eni-1-second"), detached("eni-1-second")])
def test_a_route_that_leads_to_each_tables_own_nat_is_no_difference(to_active: dict[str, Any]) -> None:
    assert with_nats([LOCAL, default("i-1"), to_active], [LOCAL, default("i-2"), vpn("i-2")]) == ()


def test_a_route_to_the_same_nat_in_both_tables_is_no_difference() -> None:
    assert with_nats([vpn("i-1")], [vpn("i-1")]) == ()


@pytest.mark.parametrize(
    ("active", "passive", "in_words"),
    [
        ([vpn("i-1")], [], f"{VPN} to eni-i-1 is missing in the passive table {A_NAT}"),
        ([], [vpn("i-2")], f"{VPN} to eni-i-2 is in the passive table only {A_NAT}"),
        ([vpn("i-2")], [vpn("i-1")], f"{VPN} leads to eni-i-2, in the passive table to eni-i-1 {A_NAT}"),
        ([vpn("i-1")], [vpn("i-9")], f"{VPN} leads to eni-i-1, in the passive table to eni-i-9 {A_NAT}"),
        ([vpn("i-9")], [vpn("i-2")], f"{VPN} leads to eni-i-9, in the passive table to eni-i-2 {A_NAT}"),
    ],
)
def test_what_a_failover_would_change_of_a_route_to_a_nat_is_told_with_the_reason_and_never_mirrored(
    active: list[dict[str, Any]], passive: list[dict[str, Any]], in_words: str
) -> None:
    (found,) = with_nats(active, passive)
    assert (found.in_words, found.mirrored) == (in_words, False)


def test_a_route_to_another_instance_is_mirrored() -> None:
    (found,) = with_nats([vpn("i-9")], [])
    assert (found.in_words, found.mirrored) == (f"{VPN} to eni-i-9 is missing in the passive table", True)


def test_a_route_that_a_route_server_keeps_is_told_and_not_mirrored_for_a_copy_would_outlive_it() -> None:
    advertised = {"DestinationCidrBlock": VPN, "NetworkInterfaceId": "eni-9", "Origin": "Advertisement"}
    (found,) = with_nats([advertised], [])
    assert (found.in_words, found.mirrored) == (f"{VPN} to eni-9 is missing in the passive table", False)


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
    assert all(d.in_words for d in differences(one, other))
