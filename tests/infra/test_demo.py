"""The demonstration: a network, a NAT, backends, and a pair wired to them, with nothing to configure."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import boto3
import pytest
from moto import mock_aws

from infra.app import ROOT, make_app
from tests.bench.cost.prices import ENDPOINT_HOUR, GP3_GB, HOURS, PUBLIC_ADDRESS_HOUR, T4G_NANO_HOUR

Resources = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def stacks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Resources]:
    """Synthesize as `cdk deploy --all -c demo=true` does; the resources of each stack."""
    outdir = str(tmp_path_factory.mktemp("demo"))
    assembly = make_app(None, outdir, {"demo": "true"}).synth()
    return {
        stack.stack_name: json.loads(Path(stack.template_full_path).read_text(encoding="utf-8"))["Resources"]
        for stack in assembly.stacks
    }


@pytest.fixture(scope="module")
def network(stacks: dict[str, Resources]) -> Resources:
    return stacks["nat-failover-demo-network"]


def of(resources: Resources, kind: str) -> list[dict[str, Any]]:
    return [resource["Properties"] for resource in resources.values() if resource["Type"] == kind]


def tags(properties: dict[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in properties["Tags"]}


def test_it_is_a_network_and_a_pair(stacks: dict[str, Resources]) -> None:
    assert set(stacks) == {"nat-failover-demo-network", "nat-failover-demo"}


def test_three_backends_carry_the_tag_of_the_pair_and_stand_in_two_zones(network: Resources) -> None:
    backends = [i for i in of(network, "AWS::EC2::Instance") if "nat-failover:probe" in tags(i)]
    assert [tags(backend)["nat-failover:probe"] for backend in backends] == ["demo"] * 3
    subnets = {json.dumps(backend["NetworkInterfaces"][0]["SubnetId"]) for backend in backends}
    assert len(subnets) == 2
    zones = [json.dumps(network[json.loads(s)["Ref"]]["Properties"]["AvailabilityZone"]) for s in subnets]
    assert len(set(zones)) == 2
    assert not [b for b in backends if b["NetworkInterfaces"][0]["AssociatePublicIpAddress"]]


def test_the_private_subnets_are_associated_with_a_table_that_leads_to_the_nat(network: Resources) -> None:
    (nat,) = [name for name, r in network.items() if r["Type"] == "AWS::EC2::Instance" and "Nat" in name]
    (route,) = [r for r in of(network, "AWS::EC2::Route") if "InstanceId" in r]
    assert (route["InstanceId"], route["DestinationCidrBlock"]) == ({"Ref": nat}, "0.0.0.0/0")
    private = [name for name, r in network.items() if r["Type"] == "AWS::EC2::Subnet" and "Private" in name]
    associated = [
        a["SubnetId"]["Ref"]
        for a in of(network, "AWS::EC2::SubnetRouteTableAssociation")
        if a["RouteTableId"] == route["RouteTableId"]
    ]
    assert sorted(associated) == sorted(private)


def test_the_nat_forwards_and_nothing_else_does(network: Resources) -> None:
    unchecked = [i for i in of(network, "AWS::EC2::Instance") if not i["SourceDestCheck"]]
    assert [tags(instance)["Name"] for instance in unchecked] == ["nat-failover-demo-nat01"]


def test_the_nat_starts_when_its_way_to_the_internet_is_there(network: Resources) -> None:
    """EC2 refuses a public address without a gateway, and what the NAT's first boot installs comes by that way."""
    (nat,) = [r for r in network.values() if r["Type"] == "AWS::EC2::Instance" and "nat01" in str(r)]
    needed = {network[name]["Type"] for name in nat["DependsOn"]}
    assert needed >= {"AWS::EC2::VPCGatewayAttachment", "AWS::EC2::Route", "AWS::EC2::SubnetRouteTableAssociation"}


def needs(value: Any) -> set[str]:
    """Give the resources that a resource refers to or depends on."""
    match value:
        case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), *_]}:
            return {name}
        case dict():
            further = value.get("DependsOn", [])
            return set(further).union(*map(needs, value.values()))
        case list():
            return set().union(*map(needs, value))
    return set()


def removal(resources: Resources) -> Iterator[str]:
    """Give the resources in an order in which CloudFormation may delete them; of several, route tables come first."""
    left = {name: needs(resource) & set(resources) for name, resource in resources.items()}
    while left:
        free = [name for name in left if not any(name in others for others in left.values())]
        yield (name := min(free, key=lambda name: (resources[name]["Type"] != "AWS::EC2::RouteTable", name)))
        del left[name]


@pytest.mark.parametrize("swapped", [False, True])
def test_the_network_can_be_removed_though_associations_have_been_replaced(network: Resources, swapped: bool) -> None:
    """After a failover and a failback, say: CloudFormation knows the first ids, and EC2 deletes no table in use."""
    with patch.dict(os.environ, MOTO_EC2_LOAD_DEFAULT_AMIS="false"), mock_aws():
        ec2: Any = boto3.client("ec2", region_name="eu-central-1")
        vpc = ec2.create_vpc(CidrBlock="10.77.0.0/16")["Vpc"]["VpcId"]
        ids: dict[str, str] = {}
        for name, r in network.items():
            if r["Type"] == "AWS::EC2::Subnet":
                made = ec2.create_subnet(VpcId=vpc, CidrBlock=r["Properties"]["CidrBlock"])
                ids[name] = made["Subnet"]["SubnetId"]
            elif r["Type"] == "AWS::EC2::RouteTable":
                ids[name] = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
        tables = {name: r["Properties"] for name, r in network.items() if "RouteTableAssociation" in r["Type"]}
        for name, of in tables.items():
            table, subnet = ids[of["RouteTableId"]["Ref"]], ids[of["SubnetId"]["Ref"]]
            ids[name] = ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)["AssociationId"]
        standby = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
        for name, of in tables.items() if swapped else ():
            there = ec2.replace_route_table_association(AssociationId=ids[name], RouteTableId=standby)
            back = {"AssociationId": there["NewAssociationId"], "RouteTableId": ids[of["RouteTableId"]["Ref"]]}
            ec2.replace_route_table_association(**back)
        ec2.delete_route_table(RouteTableId=standby)
        for name in removal(network):
            if network[name]["Type"] == "AWS::EC2::SubnetRouteTableAssociation":
                with contextlib.suppress(ec2.exceptions.ClientError):  # what is not there need not be deleted
                    ec2.disassociate_route_table(AssociationId=ids[name])
            elif network[name]["Type"] == "AWS::EC2::Subnet":
                _delete_subnet(ec2, ids[name])
            elif network[name]["Type"] == "AWS::EC2::RouteTable":
                ec2.delete_route_table(RouteTableId=ids[name])
        left = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]
        assert [table["Associations"][0]["Main"] for table in left] == [True]


def _delete_subnet(ec2: Any, subnet: str) -> None:
    """Delete a subnet, and with it its association, as EC2 does; moto leaves that."""
    ec2.delete_subnet(SubnetId=subnet)
    for table in ec2.describe_route_tables()["RouteTables"]:
        for association in table["Associations"]:
            if association.get("SubnetId") == subnet:
                ec2.disassociate_route_table(AssociationId=association["RouteTableAssociationId"])


def test_nothing_admits_the_internet_and_every_volume_is_encrypted(network: Resources) -> None:
    for group in of(network, "AWS::EC2::SecurityGroup"):
        assert "0.0.0.0/0" not in json.dumps(group.get("SecurityGroupIngress", []))
    for template in of(network, "AWS::EC2::LaunchTemplate"):
        data = template["LaunchTemplateData"]
        assert data["BlockDeviceMappings"][0]["Ebs"]["Encrypted"] is True
        assert data["MetadataOptions"]["HttpTokens"] == "required"


def test_the_pair_keeps_systems_manager_within_reach_of_the_backends(stacks: dict[str, Resources]) -> None:
    endpoints = of(stacks["nat-failover-demo"], "AWS::EC2::VPCEndpoint")
    assert {json.dumps(e["ServiceName"]).rpartition(".")[2].strip('"]} ') for e in endpoints} == {
        "ssm",
        "ssmmessages",
    }
    assert all(endpoint["PrivateDnsEnabled"] for endpoint in endpoints)


def test_the_readme_says_what_an_hour_of_it_costs(stacks: dict[str, Resources]) -> None:
    instances = [i for resources in stacks.values() for i in of(resources, "AWS::EC2::Instance")]
    assert {instance["InstanceType"] for instance in instances} == {"t4g.nano"}
    addresses = sum(instance["NetworkInterfaces"][0]["AssociatePublicIpAddress"] for instance in instances)
    endpoints = [e for resources in stacks.values() for e in of(resources, "AWS::EC2::VPCEndpoint")]
    hour = len(instances) * (T4G_NANO_HOUR + 8 * GP3_GB / HOURS) + addresses * PUBLIC_ADDRESS_HOUR
    hour += sum(len(endpoint["SubnetIds"]) for endpoint in endpoints) * ENDPOINT_HOUR
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    assert f"It costs about {5 * round(100 * hour / 5)} cents an hour" in readme
