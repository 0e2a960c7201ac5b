"""Further routes of the standby's table: what is told of a wrong one, and what the template makes of the others."""

from __future__ import annotations

import pytest

from infra.config import ExtraRoute
from tests.infra.config.refusals import problem
from tests.infra.synthesis import made


@pytest.mark.parametrize(
    ("destination", "target", "properties"),
    [
        (
            "10.30.0.0/16",
            "pcx-0123456789abcdef0",
            {"DestinationCidrBlock": "10.30.0.0/16", "VpcPeeringConnectionId": "pcx-0123456789abcdef0"},
        ),
        (
            "pl-0123456789abcdef0",
            "tgw-0123456789abcdef0",
            {"DestinationPrefixListId": "pl-0123456789abcdef0", "TransitGatewayId": "tgw-0123456789abcdef0"},
        ),
        (
            "::/0",
            "eigw-0123456789abcdef0",
            {"DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": "eigw-0123456789abcdef0"},
        ),
        (
            "10.40.0.0/16",
            "vpce-0123456789abcdef0",
            {"DestinationCidrBlock": "10.40.0.0/16", "VpcEndpointId": "vpce-0123456789abcdef0"},
        ),
        ("10.50.0.0/16", "vgw-01234567", {"DestinationCidrBlock": "10.50.0.0/16", "GatewayId": "vgw-01234567"}),
    ],
)
def test_the_standbys_table_has_the_further_routes(destination: str, target: str, properties: dict[str, str]) -> None:
    template = made(routes=[{"destination": destination, "target": target}])
    (table,) = template.of("AWS::EC2::RouteTable")
    assert {"RouteTableId": f"<{table}>", **properties} in template.of("AWS::EC2::Route").values()


PEERING, TRANSIT = "pcx-0123456789abcdef0", "tgw-0123456789abcdef0"


def test_no_route_is_replaced_when_another_one_is_taken_out_or_the_order_changes() -> None:
    """Else CloudFormation would make a second route to a destination that is still there, and EC2 refuse it."""
    one, two = ({"destination": f"10.{n}.0.0/16", "target": PEERING} for n in (30, 31))
    v6 = {"destination": "2001:db8::/32", "target": TRANSIT}
    before = made(routes=[one, two, v6]).of("AWS::EC2::Route")
    after = made(routes=[v6, two]).of("AWS::EC2::Route")
    assert len(before) == 4
    assert len(after) == 3
    assert {name: before[name] for name in after} == after


def test_a_route_that_leads_elsewhere_is_the_same_resource() -> None:
    there, here = (made(routes=[{"destination": "10.30.0.0/16", "target": to}]) for to in (PEERING, TRANSIT))
    assert there.of("AWS::EC2::Route").keys() == here.of("AWS::EC2::Route").keys()


@pytest.mark.parametrize(
    ("route", "part", "allowed"),
    [
        ({"destination": "0.0.0.0/0", "target": PEERING}, ".destination", "but not 0.0.0.0/0, which is the standby's"),
        ({"destination": "10.0.0.1/8", "target": PEERING}, ".destination", "no bit set behind its prefix"),
        ({"destination": "10.0.0.1", "target": PEERING}, ".destination", "IPv4 or IPv6 network"),
        ({"destination": 10, "target": PEERING}, ".destination", "IPv4 or IPv6 network"),
        ({"destination": "10.0.0.0/8", "target": "i-0123456789abcdef0"}, ".target", "one of pcx-, tgw-, vgw-, igw-"),
        ({"destination": "10.0.0.0/8", "target": None}, ".target", "an id that begins with"),
        ({"destination": "10.0.0.0/8"}, "", "an object with a destination and a target"),
        ({"destination": "10.0.0.0/8", "target": PEERING, "via": "x"}, "", "an object with a destination and a target"),
    ],
)
def test_what_is_wrong_with_a_route_is_told_by_the_part_that_is_wrong(
    route: dict[str, object], part: str, allowed: str
) -> None:
    sentence = problem(routes=[{"destination": "10.30.0.0/16", "target": PEERING}, route])
    assert sentence.startswith(f"nat-failover.pairs[0].routes[1]{part} is ")
    assert allowed in sentence
    assert ", for example " in sentence


def test_the_same_network_written_in_two_ways_is_there_twice() -> None:
    routes = [{"destination": network, "target": PEERING} for network in ("2001:db8::/32", "2001:0DB8:0::/32")]
    sentence = problem(routes=routes)
    assert sentence.startswith(
        'nat-failover.pairs[0].routes[1].destination is "2001:db8::/32": it must be unlike that of '
    )


def test_from_python_a_route_is_an_object_of_its_own() -> None:
    assert ExtraRoute("10.0.0.0/8", "nat-0123456789abcdef0").properties == {
        "destination_cidr_block": "10.0.0.0/8",
        "nat_gateway_id": "nat-0123456789abcdef0",
    }
