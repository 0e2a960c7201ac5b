"""What the mirror asks of EC2 to copy a route: one destination, one target, in the words of CreateRoute."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest

from nat_failover.network.route_differences import TARGETS, Difference, differences, read_routes
from nat_failover.network.route_mirror import Mirror

TABLE = "rtb-1"
MODEL = botocore.session.Session().get_service_model("ec2")
IDS = {
    "GatewayId": "vgw-1",
    "NatGatewayId": "nat-1",
    "TransitGatewayId": "tgw-1",
    "VpcPeeringConnectionId": "pcx-1",
    "NetworkInterfaceId": "eni-1",
    "InstanceId": "i-1",
    "EgressOnlyInternetGatewayId": "eigw-1",
    "LocalGatewayId": "lgw-1",
    "CarrierGatewayId": "cagw-1",
    "CoreNetworkArn": "arn:aws:networkmanager::123456789012:core-network/core-network-1",
    "OdbNetworkArn": "arn:aws:odb:eu-west-1:123456789012:odb-network/1",
}
DESTINATIONS = {
    "DestinationCidrBlock": "10.8.0.0/24",
    "DestinationIpv6CidrBlock": "2001:db8::/32",
    "DestinationPrefixListId": "pl-1",
}


class Ec2:
    """Notes the calls."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def create_route(self, **arguments: Any) -> None:
        self.calls.append(("CreateRoute", arguments))

    def replace_route(self, **arguments: Any) -> None:
        self.calls.append(("ReplaceRoute", arguments))


def copied(difference: Difference) -> tuple[str, dict[str, Any]]:
    ec2: Any = Ec2()
    assert Mirror(ec2, ()).copy([difference], TABLE) == ()
    ((operation, arguments),) = ec2.calls
    shape = MODEL.operation_model(operation).input_shape
    assert shape is not None
    assert set(arguments) <= set(shape.members)
    return operation, arguments


def route_to(destination: str, target: str) -> dict[str, Any]:
    """Give a route as DescribeRouteTables tells it: of an instance and of its interface both, and of the owner."""
    route = {destination: DESTINATIONS[destination], target: IDS[target], "Origin": "CreateRoute", "State": "active"}
    if target in ("InstanceId", "NetworkInterfaceId"):
        route |= {"InstanceId": "i-1", "NetworkInterfaceId": "eni-1", "InstanceOwnerId": "123456789012"}
    return route


@pytest.mark.parametrize("destination", sorted(DESTINATIONS))
@pytest.mark.parametrize("target", TARGETS)
def test_a_route_is_copied_with_one_destination_and_one_target(destination: str, target: str) -> None:
    """EC2 refuses more: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateRoute.html."""
    (missing,) = differences(read_routes([route_to(destination, target)], []), {})
    named = "NetworkInterfaceId" if target == "InstanceId" else target
    wanted = {"RouteTableId": TABLE, destination: DESTINATIONS[destination], named: IDS[named]}
    assert copied(missing) == ("CreateRoute", wanted)


@pytest.mark.parametrize("target", TARGETS)
def test_a_route_is_replaced_with_one_destination_and_one_target(target: str) -> None:
    elsewhere = {"DestinationCidrBlock": "10.8.0.0/24", "NetworkInterfaceId": "eni-9"}
    (other,) = differences(read_routes([route_to("DestinationCidrBlock", target)], []), read_routes([elsewhere], []))
    operation, arguments = copied(other)
    named = set(arguments) - {"RouteTableId"}
    assert (operation, len(named & set(DESTINATIONS)), len(named & set(TARGETS))) == ("ReplaceRoute", 1, 1)


def test_the_endpoint_of_a_gateway_load_balancer_is_written_as_what_it_is() -> None:
    route = {"DestinationCidrBlock": "10.8.0.0/24", "GatewayId": "vpce-1"}
    (missing,) = differences(read_routes([route], []), {})
    wanted = {"RouteTableId": TABLE, "DestinationCidrBlock": "10.8.0.0/24", "VpcEndpointId": "vpce-1"}
    assert copied(missing) == ("CreateRoute", wanted)
