"""What the settings around a pair make of its template: addresses, keys, boundaries, endpoints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, CfnParameter, Stack

from infra.config import read_configuration
from infra.nat_failover import NatFailover
from tests.infra.config.refusals import problem, problems_of_pair
from tests.infra.synthesis import REGION, Template, made, synthesize
from tests.tools.checked import config, pair

KEY = f"arn:aws:kms:{REGION}:123456789012:key/01234567-89ab-cdef-0123-456789abcdef"
BOUNDARY = "arn:aws:iam::123456789012:policy/team/boundary"
PAGING = f"arn:aws:sns:{REGION}:123456789012:paging"
ADDRESS = "eipalloc-0123456789abcdef0"


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


# The egress address


def test_an_egress_address_is_told_to_the_function_and_associated_by_nobody_else() -> None:
    template = made(egressAddress=ADDRESS)
    function = template.of("AWS::Lambda::Function")[template.function]
    assert function["Environment"]["Variables"]["NAT_FAILOVER_EGRESS_ALLOCATION"] == ADDRESS
    assert not template.of("AWS::EC2::EIP")
    assert not template.of("AWS::EC2::EIPAssociation")


def test_without_the_setting_the_function_hears_of_no_egress_address() -> None:
    template = made()
    function = template.of("AWS::Lambda::Function")[template.function]
    assert "NAT_FAILOVER_EGRESS_ALLOCATION" not in function["Environment"]["Variables"]


@pytest.mark.parametrize("value", ["allocate", "none", "eipalloc-1", "203.0.113.1", ""])
def test_what_is_no_allocation_is_refused_as_egress_address(value: str) -> None:
    sentence = problem(egressAddress=value)
    assert sentence.startswith("nat-failover.pairs[0].egressAddress is ")


@pytest.mark.parametrize("fixed", ["allocate", ADDRESS, "eipalloc-0fedcba9876543210"])
def test_a_standby_with_an_address_of_its_own_would_lose_it_to_the_egress_address(fixed: str) -> None:
    sentence = problem(egressAddress=ADDRESS, standbyElasticIp=fixed)
    assert sentence.startswith(f'nat-failover.pairs[0].standbyElasticIp is "{fixed}": it must be none')


def test_a_standby_that_exists_may_take_the_egress_address_too() -> None:
    standing = {"standbyInstanceId": "i-0fedcba9876543210", "standbyRouteTableId": "rtb-0fedcba9876543210"}
    assert read_configuration({"pairs": [pair(standbySubnetId=None, egressAddress=ADDRESS, **standing)]})


# The second address


SECOND = "eipalloc-0fedcba9876543210"


def test_a_second_address_is_told_to_the_function_and_associated_by_nobody_else() -> None:
    template = made(egressAddress=ADDRESS, standbyEgressAddress=SECOND)
    function = template.of("AWS::Lambda::Function")[template.function]
    assert function["Environment"]["Variables"]["NAT_FAILOVER_STANDBY_EGRESS_ALLOCATION"] == SECOND
    assert not template.of("AWS::EC2::EIPAssociation")


def test_a_second_address_needs_the_one_that_it_changes_places_with() -> None:
    sentence = problem(standbyEgressAddress=SECOND)
    assert sentence.startswith("nat-failover.pairs[0].egressAddress is missing")
    assert "that standbyEgressAddress changes places with" in sentence


def test_the_same_address_twice_is_refused() -> None:
    sentence = problem(egressAddress=ADDRESS, standbyEgressAddress=ADDRESS)
    assert sentence.startswith(
        f'nat-failover.pairs[0].standbyEgressAddress is "{ADDRESS}": it must be another Elastic IP'
    )


@pytest.mark.parametrize("value", ["allocate", "none", "eipalloc-1", "203.0.113.1", ""])
def test_what_is_no_allocation_is_refused_as_second_address(value: str) -> None:
    sentence = problem(egressAddress=ADDRESS, standbyEgressAddress=value)
    assert sentence.startswith("nat-failover.pairs[0].standbyEgressAddress is ")


@pytest.mark.parametrize("value", ["yes", "eipalloc-1", "203.0.113.1", ""])
def test_what_is_no_address_is_refused(value: str) -> None:
    sentence = problem(standbyElasticIp=value)
    assert "standbyElasticIp" in sentence
    assert "allocate" in sentence


# Security


def test_a_key_encrypts_the_topic_and_the_log_and_the_function_may_use_it() -> None:
    template = made(kmsKeyArn=KEY)
    assert template.only("AWS::SNS::Topic")["KmsMasterKeyId"] == KEY
    assert {group["KmsKeyId"] for group in template.of("AWS::Logs::LogGroup").values()} == {KEY}
    (statement,) = [s for s in template.statements("nat-failover, pair main") if "kms:GenerateDataKey" in s["Action"]]
    assert (set(statement["Action"]), statement["Resource"]) == ({"kms:Decrypt", "kms:GenerateDataKey"}, [KEY])


def test_without_a_key_the_function_may_use_none() -> None:
    assert "kms:" not in str(list(made().statements("nat-failover, pair main")))


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
    (topic,) = template.of("AWS::SNS::Topic")
    assert {tuple(alarms[logical]["AlarmActions"]) for logical in paging} == {(f"<{topic}>", PAGING)}
    assert all(alarms[each].get("OKActions", alarms[each]["AlarmActions"]) == [f"<{topic}>", PAGING] for each in paging)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("kmsKeyArn", "alias/mine"),
        ("permissionsBoundaryArn", "boundary"),
        ("alarmActions", ["paging"]),
        ("alarmActions", [f"{PAGING}{n}" for n in range(5)]),
        ("mirrorRoutes", "perhaps"),
        ("mirrorEndpoints", ["vpce-1"]),
        ("mirrorEndpoints", ["vpce-0123456789abcdef0"]),
        ("gatewayEndpoints", ["sqs"]),
        ("endpointAccounts", ["12345"]),
        ("endpointAccounts", ["123456789012"]),
        ("endpointBuckets", ["a/b"]),
        ("endpointBuckets", ["mirror"]),
        ("routes", [{"destination": "0.0.0.0/0", "target": "pcx-0123456789abcdef0"}]),
        ("routes", [{"destination": "10.0.0.0/8", "target": "i-0123456789abcdef0"}]),
        ("routes", [{"destination": "10.0.0.1/8", "target": "pcx-0123456789abcdef0"}]),
        ("routes", [{"destination": "10.0.0.0/8"}]),
        ("routes", [{"destination": "10.0.0.0/8", "target": "pcx-0123456789abcdef0"}] * 2),
        ("routes", {"10.0.0.0/8": "pcx-0123456789abcdef0"}),
    ],
)
def test_a_value_that_is_not_allowed_is_refused_by_its_path(setting: str, value: object) -> None:
    assert all(f"nat-failover.pairs[0].{setting}" in sentence for sentence in problems_of_pair(**{setting: value}))


# Endpoints


def test_gateway_endpoints_are_in_both_tables() -> None:
    template = made(gatewayEndpoints=["s3", "dynamodb"])
    (table,) = template.of("AWS::EC2::RouteTable")
    endpoints = list(template.of("AWS::EC2::VPCEndpoint").values())
    assert {e["ServiceName"].rpartition(".")[2] for e in endpoints} == {"s3", "dynamodb"}
    for endpoint in endpoints:
        assert endpoint["VpcEndpointType"] == "Gateway"
        assert endpoint["RouteTableIds"] == ["rtb-0123456789abcdef0", f"<{table}>"]


def test_pairs_of_a_vpc_have_endpoints_of_their_own_each_in_its_own_two_tables() -> None:
    """A table may have one route to a service only: https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html."""
    wanted: dict[str, Any] = {"gatewayEndpoints": ["s3"]}
    template = synthesize({"pairs": [pair(**wanted), pair("other", "1", **wanted)]})
    tables = [table for e in template.of("AWS::EC2::VPCEndpoint").values() for table in e["RouteTableIds"]]
    assert len(set(tables)) == len(tables) == 4


def test_endpoints_are_made_for_the_tables_of_a_standby_that_exists_too() -> None:
    standing = {"standbyInstanceId": "i-0fedcba9876543210", "standbyRouteTableId": "rtb-0fedcba9876543210"}
    template = made(**standing, standbySubnetId=None, gatewayEndpoints=["dynamodb"])
    (endpoint,) = template.of("AWS::EC2::VPCEndpoint").values()
    assert endpoint["RouteTableIds"] == ["rtb-0123456789abcdef0", "rtb-0fedcba9876543210"]


def test_who_only_observes_may_use_the_key_too_since_people_are_told_all_the_same() -> None:
    assert "kms:GenerateDataKey" in str(list(made(kmsKeyArn=KEY, mode="observe").statements("nat-failover, pair main")))


def test_the_key_the_boundary_and_the_address_may_be_known_to_the_deployment_only(tmp_path: Path) -> None:
    app = App(outdir=str(tmp_path))
    stack = Stack(app, "network")
    key, boundary, address = (CfnParameter(stack, name).value_as_string for name in ("Key", "Boundary", "Address"))
    NatFailover(
        stack,
        "Nat",
        pair=config(
            kms_key_arn=key,
            permissions_boundary_arn=boundary,
            standby_elastic_ip=address,
        ),
    )
    (synthesized,) = app.synth().stacks
    template = Template(synthesized.template, tmp_path)
    assert template.only("AWS::SNS::Topic")["KmsMasterKeyId"] == "<Key>"
    assert {role["PermissionsBoundary"] for role in template.of("AWS::IAM::Role").values()} == {"<Boundary>"}
    assert template.only("AWS::EC2::EIPAssociation")["AllocationId"] == "<Address>"


def test_what_is_for_a_standby_that_is_made_is_refused_for_one_that_exists() -> None:
    standing = {
        "standbySubnetId": None,
        "standbyInstanceId": "i-0fedcba9876543210",
        "standbyRouteTableId": "rtb-0fedcba9876543210",
    }
    route = {"destination": "10.30.0.0/16", "target": "pcx-0123456789abcdef0"}
    sentences = problems_of_pair(**standing, routes=[route], standbyElasticIp="allocate")
    assert [p.partition(" is ")[0].rpartition(".")[2] for p in sentences] == ["routes", "standbyElasticIp"]
