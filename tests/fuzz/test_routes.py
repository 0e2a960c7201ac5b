"""Route tables of every kind: what is moved is the pair's subnets, all of them, and never anything else."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nat_failover.network.route_differences import TARGETS
from nat_failover.network.route_tables import RouteTablesError
from tests.examples import PRIMARY, PRIMARY_TABLE, STANDBY, STANDBY_TABLE, TICK
from tests.fakes import CommandInvocation
from tests.fuzz.function import HOSTS, SUBNETS, Function
from tests.fuzz.values import TEXT
from tests.fuzz.wire import MIRRORS

# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Route.html
IDS = {
    "GatewayId": ["local", "igw-1", "vgw-1", "vpce-0123", "VpcPeering"],
    "NatGatewayId": ["nat-1"],
    "TransitGatewayId": ["tgw-1"],
    "VpcPeeringConnectionId": ["pcx-1"],
    "NetworkInterfaceId": ["eni-1"],
    "InstanceId": [PRIMARY, STANDBY, "i-0ddddddddddddddd0"],
    "EgressOnlyInternetGatewayId": ["eigw-1"],
    "LocalGatewayId": ["lgw-1"],
    "CarrierGatewayId": ["cagw-1"],
    "CoreNetworkArn": ["arn:aws:networkmanager::123456789012:core-network/core-network-1"],
    "OdbNetworkArn": ["arn:aws:odb:eu-west-1:123456789012:odb-network/1"],
}
DESTINATIONS = {
    "DestinationCidrBlock": ["0.0.0.0/0", "10.0.0.0/16", "10.1.0.0/16", "192.0.2.0/24"],
    "DestinationIpv6CidrBlock": ["::/0", "2001:db8::/32"],
    "DestinationPrefixListId": ["pl-1", "pl-2"],
}
ORIGINS = ["CreateRouteTable", "CreateRoute", "EnableVgwRoutePropagation", "Advertisement"]
STATES = ["active", "blackhole", "filtered"]


@st.composite
def routes(draw: st.DrawFn) -> dict[str, Any]:
    """Give a route to any kind of target, or to none, as those that are a blackhole may be."""
    of, to = draw(st.sampled_from(sorted(DESTINATIONS))), draw(st.sampled_from([*IDS, *IDS, "", "unknown"]))
    route: dict[str, Any] = {of: draw(st.sampled_from(DESTINATIONS[of]) | TEXT)}
    if to in IDS:
        route[to] = draw(st.sampled_from(IDS[to]))
    if to == "InstanceId":
        # EC2 tells the interface and the owner, too.
        route |= {"NetworkInterfaceId": "eni-1", "InstanceOwnerId": "123456789012"}
    if draw(st.booleans()):
        route["Origin"] = draw(st.sampled_from(ORIGINS))
    if draw(st.booleans()):
        route["State"] = draw(st.sampled_from(STATES))
    return route


@st.composite
def associations(draw: st.DrawFn, table: str) -> list[dict[str, Any]]:
    """Give associations that are no subnet's of ours: the main one, gateways', and those that have gone."""
    found: list[dict[str, Any]] = []
    for n in range(draw(st.integers(0, 3))):
        each: dict[str, Any] = {"RouteTableAssociationId": f"rtbassoc-{table[-1]}{n}", "RouteTableId": table}
        match draw(st.sampled_from(["main", "gateway", "gone", "failed"])):
            case "main":
                each["Main"] = True
            case "gateway":
                each["GatewayId"] = "igw-1"
            case gone:
                state = "disassociated" if gone == "gone" else "failed"
                each |= {"SubnetId": f"subnet-gone{n}", "AssociationState": {"State": state}}
        found.append(each)
    return found


@st.composite
def tables(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    """Give for both tables what they hold beside the pair's own default route and associations."""
    return {
        table: {
            "Routes": draw(st.lists(routes(), max_size=4)),
            "Associations": draw(associations(table)),
            "PropagatingVgws": [
                {"GatewayId": g} for g in draw(st.lists(st.sampled_from(["vgw-1", "vgw-2"]), max_size=2))
            ],
        }
        for table in (PRIMARY_TABLE, STANDBY_TABLE)
    }


def with_tables(found: Mapping[str, Mapping[str, Any]], *, first: bool, **environment: str) -> Function:
    """Give the function with more in its tables; ``first`` puts it before what is the pair's own."""
    function = Function(**environment)

    def described(arguments: Mapping[str, Any]) -> dict[str, Any]:
        response = copy.deepcopy(function.account.answer("DescribeRouteTables", arguments))
        for table in response["RouteTables"]:
            for key, more in found[table["RouteTableId"]].items():
                table[key] = [*more, *table[key]] if first else [*table[key], *more]
        return response

    function.answers["DescribeRouteTables"] = described
    return function


@given(tables(), st.booleans())
def test_whatever_else_the_tables_hold_the_pairs_subnets_are_moved_or_nothing_is(
    found: dict[str, dict[str, Any]], first: bool
) -> None:
    function = with_tables(found, first=first)
    answer = function.invoke(TICK)
    replaced = [c.arguments for c in function.writes if c.operation == "ReplaceRouteTableAssociation"]
    if answer["decision"] == "HOLD":
        assert function.writes == []
        assert STANDBY_TABLE in str(answer["reason"])
        return
    assert function.on(STANDBY_TABLE) == set(SUBNETS)
    assert len(replaced) == len(SUBNETS)
    assert {call["RouteTableId"] for call in replaced} == {STANDBY_TABLE}
    others = {a["RouteTableAssociationId"] for each in found.values() for a in each["Associations"]}
    assert not {call["AssociationId"] for call in replaced} & others
    assert {call.operation for call in function.writes} == {"ReplaceRouteTableAssociation", "PutParameter"}


@given(st.lists(routes(), max_size=5), st.sampled_from([*IDS, "nothing", "blackhole"]))
def test_a_passive_table_whose_default_route_does_not_lead_to_its_nat_is_named_and_not_used(
    more: list[dict[str, Any]], to: str
) -> None:
    function = Function()
    kept = [route for route in more if route.get("DestinationCidrBlock") != "0.0.0.0/0"]
    target = {to: IDS[to][0]} if to in IDS else {"InstanceId": STANDBY} if to == "blackhole" else None
    state = {"State": "blackhole" if to == "blackhole" else "active"}
    default = [] if target is None else [{"DestinationCidrBlock": "0.0.0.0/0", **target, **state}]
    function.account.holdings.routes[STANDBY_TABLE] = [*kept, *default]
    answer = function.invoke(function.event())
    if to == "NetworkInterfaceId":
        # It is attached to something, or the route would be a blackhole; and EC2 need not tell the instance.
        assert answer["decision"] == "FAIL_OVER"
        return
    assert (answer["cause"], function.writes) == ("CONTROL_DOWN", [])
    assert f"{STANDBY_TABLE}" in str(answer["reason"])


@given(tables())
def test_at_rest_routes_are_only_ever_copied_into_the_passive_table_and_never_deleted(
    found: dict[str, dict[str, Any]],
) -> None:
    function = with_tables(found, first=False, MIRROR_ROUTES="true")
    function.results |= dict.fromkeys(HOSTS, CommandInvocation("InProgress", exit_code=-1))
    for operation in MIRRORS:
        function.answers[operation] = lambda _: {"Return": True}
    assert function.invoke(TICK)["decision"] == "HOLD"
    for call in function.writes:
        table = call.arguments.get("RouteTableId") or call.arguments["AddRouteTableIds"][0]
        assert (table, call.operation[:6]) != (PRIMARY_TABLE, "Delete")
        assert table == STANDBY_TABLE
        assert call.arguments.get("DestinationCidrBlock") != "0.0.0.0/0"
        assert "local" not in call.arguments.values()


@pytest.mark.parametrize("missing", [(PRIMARY_TABLE,), (STANDBY_TABLE,), (PRIMARY_TABLE, STANDBY_TABLE)])
def test_a_table_that_is_missing_is_named(missing: tuple[str, ...]) -> None:
    function = Function()
    function.account.holdings.associations.clear()
    for table in missing:
        del function.account.holdings.routes[table]
    with pytest.raises(RouteTablesError, match=missing[0]):
        function.invoke(TICK)
    assert function.writes == []


@given(st.data())
def test_subnets_split_in_any_way_are_left_alone_and_told(data: st.DataObject) -> None:
    function = Function()
    chosen = data.draw(st.sets(st.sampled_from(SUBNETS), min_size=1, max_size=len(SUBNETS) - 1))
    for association, (subnet, _) in function.account.holdings.associations.items():
        if subnet in chosen:
            function.account.holdings.associations[association] = (subnet, STANDBY_TABLE)
    answer = function.invoke(TICK)
    assert (answer["cause"], function.writes) == ("SPLIT", [])
    assert all(subnet in str(answer["reason"]) for subnet in SUBNETS)


def test_every_kind_of_target_that_the_function_knows_is_tried_here() -> None:
    assert set(IDS) == set(TARGETS)
