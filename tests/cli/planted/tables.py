"""Faults of route tables, associations, and endpoints."""

from __future__ import annotations

from tests.cli.deployed import Deployment
from tests.cli.planted.reading import EVERYWHERE, Undo, associations, ec2, nat


def no_gateway(d: Deployment) -> Undo:
    """The public subnets' table lost its route to the Internet."""
    subnet = nat(d, "STANDBY")["SubnetId"]
    tables = ec2(d).describe_route_tables(Filters=[{"Name": "association.subnet-id", "Values": [subnet]}])
    table = tables["RouteTables"][0]["RouteTableId"]
    gateway = ec2(d).describe_internet_gateways()["InternetGateways"][0]["InternetGatewayId"]
    ec2(d).delete_route(RouteTableId=table, DestinationCidrBlock=EVERYWHERE)
    return lambda: ec2(d).create_route(RouteTableId=table, DestinationCidrBlock=EVERYWHERE, GatewayId=gateway)


def no_default_route(d: Deployment) -> Undo:
    """The standby's table has no default route."""
    table = d.setting("STANDBY_ROUTE_TABLE")
    ec2(d).delete_route(RouteTableId=table, DestinationCidrBlock=EVERYWHERE)
    nat = d.setting("STANDBY_INSTANCE")
    return lambda: ec2(d).create_route(RouteTableId=table, DestinationCidrBlock=EVERYWHERE, InstanceId=nat)


def wrong_default_route(d: Deployment) -> Undo:
    """The standby's table leads to the primary, too."""
    route = {"RouteTableId": d.setting("STANDBY_ROUTE_TABLE"), "DestinationCidrBlock": EVERYWHERE}
    ec2(d).replace_route(**route, InstanceId=d.setting("PRIMARY_INSTANCE"))
    return lambda: ec2(d).replace_route(**route, InstanceId=d.setting("STANDBY_INSTANCE"))


def split(d: Deployment) -> Undo:
    """Somebody moved one subnet by hand."""
    association = min(associations(d).values())
    primary, standby = d.setting("PRIMARY_ROUTE_TABLE"), d.setting("STANDBY_ROUTE_TABLE")
    new = ec2(d).replace_route_table_association(AssociationId=association, RouteTableId=standby)["NewAssociationId"]
    return lambda: ec2(d).replace_route_table_association(AssociationId=new, RouteTableId=primary)


def implicit(d: Deployment) -> Undo:
    """One subnet lost its association: it follows the main route table."""
    subnet, association = sorted(associations(d).items())[0]
    ec2(d).disassociate_route_table(AssociationId=association)
    return lambda: ec2(d).associate_route_table(SubnetId=subnet, RouteTableId=d.setting("PRIMARY_ROUTE_TABLE"))


def differing_tables(d: Deployment) -> Undo:
    """A peering was added to the primary's table only."""
    vpc, other = d.pair["vpcId"], ec2(d).create_vpc(CidrBlock="10.99.0.0/16")["Vpc"]["VpcId"]
    made = ec2(d).create_vpc_peering_connection(VpcId=vpc, PeerVpcId=other)["VpcPeeringConnection"]
    route = {"RouteTableId": d.setting("PRIMARY_ROUTE_TABLE"), "DestinationCidrBlock": "10.99.0.0/16"}
    ec2(d).create_route(**route, VpcPeeringConnectionId=made["VpcPeeringConnectionId"])
    return lambda: ec2(d).delete_route(**route)
