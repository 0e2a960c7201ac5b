"""EC2: copies routes that the passive table lacks, so that a swap takes nothing from the subnets but the NAT."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from nat_failover.aws_errors import error_in_words
from nat_failover.network.route_differences import PROPAGATION, Difference, RouteTarget

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

log = logging.getLogger(__name__)


class Mirror:
    """Makes a passive route table like the active one, the default route aside.

    Nothing is ever deleted: a route that only the passive table has is told of, for a person to judge. So is one that
    leads to a NAT of the pair, which is never copied and never replaced.

    Args:
        ec2: boto3 client.
        endpoints: gateway endpoints that may be modified; the role allows no others.
    """

    def __init__(self, ec2: EC2Client, endpoints: Collection[str]) -> None:
        self._ec2: Any = ec2
        self._endpoints = endpoints

    def copy(self, found: Sequence[Difference], passive: str) -> tuple[Difference, ...]:
        """Copy what the passive table lacks; doing so twice, or at the same time as another, is harmless.

        Args:
            found: in what the tables differ.
            passive: id of the table that is written.

        Returns:
            The differences that remain: those that EC2 refuses to fix, and those that are for a person.
        """
        return tuple(difference for difference in found if not self._copied(difference, passive))

    def _copied(self, difference: Difference, passive: str) -> bool:
        if difference.active is None or not difference.mirrored:
            return False
        if difference.of_gateway_endpoint and difference.active.resource not in self._endpoints:
            return False
        try:
            self._copy(difference, difference.active, passive)
        except (ClientError, BotoCoreError) as error:
            extra = {"route": difference.in_words, "error": error_in_words(error)}
            log.error("a route can't be copied", extra=extra)  # noqa: TRY400
            return False
        log.warning("route copied", extra={"route": difference.in_words, "passive": passive})
        return True

    def _copy(self, difference: Difference, to: RouteTarget, passive: str) -> None:
        destination = difference.destination
        if destination.parameter == PROPAGATION:
            self._ec2.enable_vgw_route_propagation(GatewayId=to.resource, RouteTableId=passive)
        elif difference.of_gateway_endpoint:
            # CreateRoute refuses these:
            # https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html#gateway-endpoint-routing
            self._ec2.modify_vpc_endpoint(VpcEndpointId=to.resource, AddRouteTableIds=[passive])
        else:
            # A Gateway Load Balancer's endpoint is read as a GatewayId, and written as what it is:
            # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateRoute.html
            parameter = "VpcEndpointId" if to.resource.startswith("vpce-") else to.parameter
            write = self._ec2.create_route if difference.passive is None else self._ec2.replace_route
            write(**{"RouteTableId": passive, destination.parameter: destination.network, parameter: to.resource})
