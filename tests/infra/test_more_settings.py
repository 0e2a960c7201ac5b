"""What the settings around a pair make of its template: addresses, keys, boundaries, routes, endpoints."""

from __future__ import annotations

from typing import Any

import pytest

from infra.config import ConfigurationError, ExtraRoute, read_configuration
from tests.infra.synthesis import REGION, Template, pair, synthesize

KEY = f"arn:aws:kms:{REGION}:123456789012:key/01234567-89ab-cdef-0123-456789abcdef"
BOUNDARY = "arn:aws:iam::123456789012:policy/team/boundary"
PAGING = f"arn:aws:sns:{REGION}:123456789012:paging"
ADDRESS = "eipalloc-0123456789abcdef0"


def made(**settings: Any) -> Template:
    return synthesize({"pairs": [pair(**settings)]})


def problems(**settings: Any) -> list[str]:
    with pytest.raises(ConfigurationError) as refused:
        read_configuration({"pairs": [pair(**settings)]})
    return list(refused.value.problems)


# A fixed address


def test_without_the_setting_the_standby_has_no_elastic_ip() -> None:
    template = made()
    assert not template.of("AWS::EC2::EIP")
    assert not template.of("AWS::EC2::EIPAssociation")


def test_an_address_is_allocated_and_given_to_the_standby() -> None:
    template = made(standbyElasticIp="allocate")
    (address,) = template.of("AWS::EC2::EIP")
    (instance,) = template.of("AWS::EC2::Instance")
    association = template.only("AWS::EC2::EIPAssociation")
    assert association == {"AllocationId": f"<{address}>", "InstanceId": f"<{instance}>"}


def test_an_address_that_exists_is_given_to_the_standby_and_not_made() -> None:
    template = made(standbyElasticIp=ADDRESS)
    assert not template.of("AWS::EC2::EIP")
    assert template.only("AWS::EC2::EIPAssociation")["AllocationId"] == ADDRESS


@pytest.mark.parametrize("value", ["yes", "eipalloc-1", "203.0.113.1", ""])
def test_what_is_no_address_is_refused(value: str) -> None:
    (said,) = problems(standbyElasticIp=value)
    assert "standbyElasticIp" in said
    assert "allocate" in said


# Security


def test_a_key_encrypts_the_topic_and_the_log_and_the_function_may_use_it() -> None:
    template = made(kmsKeyArn=KEY)
    assert template.only("AWS::SNS::Topic")["KmsMasterKeyId"] == KEY
    assert template.only("AWS::Logs::LogGroup")["KmsKeyId"] == KEY
    (statement,) = [s for s in template.statements("nat-failover, pair main") if "kms:GenerateDataKey" in s["Action"]]
    assert (set(statement["Action"]), statement["Resource"]) == ({"kms:Decrypt", "kms:GenerateDataKey"}, [KEY])


def test_without_a_key_the_function_may_use_none() -> None:
    assert "kms:" not in str(made().statements("nat-failover, pair main"))


def test_every_role_has_the_boundary() -> None:
    roles = made(permissionsBoundaryArn=BOUNDARY).of("AWS::IAM::Role").values()
    assert {role.get("PermissionsBoundary") for role in roles} == {BOUNDARY}
    assert not [role for role in made().of("AWS::IAM::Role").values() if "PermissionsBoundary" in role]


def test_alarms_act_on_what_else_is_wanted_too() -> None:
    template = made(alarmActions=[PAGING])
    alarms = template.of("AWS::CloudWatch::Alarm")
    paging = [logical for logical, alarm in alarms.items() if PAGING in alarm["AlarmActions"]]
    # The one whose only action is the recovery tells nobody.
    recovering = [logical for logical, alarm in alarms.items() if "recover" in str(alarm["AlarmActions"])]
    assert sorted(paging) == sorted(set(alarms) - set(recovering))


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("kmsKeyArn", "alias/mine"),
        ("permissionsBoundaryArn", "boundary"),
        ("alarmActions", ["paging"]),
        ("alarmActions", [f"{PAGING}{n}" for n in range(5)]),
        ("mirrorRoutes", "perhaps"),
        ("gatewayEndpoints", ["sqs"]),
        ("routes", [{"destination": "0.0.0.0/0", "target": "pcx-0123456789abcdef0"}]),
        ("routes", [{"destination": "10.0.0.0/8", "target": "i-0123456789abcdef0"}]),
        ("routes", [{"destination": "10.0.0.1/8", "target": "pcx-0123456789abcdef0"}]),
        ("routes", [{"destination": "10.0.0.0/8"}]),
        ("routes", [{"destination": "10.0.0.0/8", "target": "pcx-0123456789abcdef0"}] * 2),
        ("routes", {"10.0.0.0/8": "pcx-0123456789abcdef0"}),
    ],
)
def test_a_value_that_is_not_allowed_is_refused_by_its_path(setting: str, value: object) -> None:
    assert all(f"nat-failover.pairs[0].{setting}" in said for said in problems(**{setting: value}))


# Routes


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
    (said,) = problems(routes=[{"destination": "10.30.0.0/16", "target": PEERING}, route])
    assert said.startswith(f"nat-failover.pairs[0].routes[1]{part} is ")
    assert allowed in said
    assert ", for example " in said


def test_the_same_network_written_in_two_ways_is_there_twice() -> None:
    routes = [{"destination": network, "target": PEERING} for network in ("2001:db8::/32", "2001:0DB8:0::/32")]
    (said,) = problems(routes=routes)
    assert said.startswith('nat-failover.pairs[0].routes[1].destination is "2001:db8::/32": it must be unlike that of ')


def test_from_python_a_route_is_an_object_of_its_own() -> None:
    assert ExtraRoute("10.0.0.0/8", "nat-0123456789abcdef0").properties == {
        "destination_cidr_block": "10.0.0.0/8",
        "nat_gateway_id": "nat-0123456789abcdef0",
    }


def test_gateway_endpoints_are_in_both_tables() -> None:
    template = made(gatewayEndpoints=["s3", "dynamodb"])
    (table,) = template.of("AWS::EC2::RouteTable")
    endpoints = list(template.of("AWS::EC2::VPCEndpoint").values())
    assert {e["ServiceName"].rpartition(".")[2] for e in endpoints} == {"s3", "dynamodb"}
    for endpoint in endpoints:
        assert endpoint["VpcEndpointType"] == "Gateway"
        assert endpoint["RouteTableIds"] == ["rtb-0123456789abcdef0", f"<{table}>"]


def test_what_is_for_a_standby_that_is_made_is_refused_for_one_that_exists() -> None:
    standing = {
        "standbySubnetId": None,
        "standbyInstanceId": "i-0fedcba9876543210",
        "standbyRouteTableId": "rtb-0fedcba9876543210",
    }
    route = {"destination": "10.30.0.0/16", "target": "pcx-0123456789abcdef0"}
    said = problems(**standing, routes=[route], standbyElasticIp="allocate")
    assert [p.partition(" is ")[0].rpartition(".")[2] for p in said] == ["routes", "standbyElasticIp"]
