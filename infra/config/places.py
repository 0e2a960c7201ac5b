"""Settings of a pair: its name, and where its NATs and route tables are."""

from __future__ import annotations

from dataclasses import dataclass, field

from infra.config.choices import about
from infra.config.kinds import SUBNET, matching, resource_id


@dataclass(frozen=True, kw_only=True)
class Places:
    """What a pair is called, the primary that exists, and where the standby is or will be."""

    name: str = field(
        metadata=about(
            matching(r"[a-z][a-z0-9-]{0,30}", "1 to 31 of a-z, 0-9 and -, a letter first", "main", tokens=False),
            "The pair's name, unlike any other's; function, lock, topic and document are named after it.",
        )
    )
    vpc_id: str = field(metadata=about(resource_id("vpc", "a VPC"), "The VPC of both NATs and of the private subnets."))
    primary_route_table_id: str = field(
        metadata=about(
            resource_id("rtb", "a route table"), "The route table that the private subnets are associated with today."
        )
    )
    primary_instance_id: str = field(
        metadata=about(resource_id("i", "an instance"), "The NAT instance that its default route leads to.")
    )
    standby_subnet_id: str | None = field(
        default=None,
        metadata=about(
            SUBNET,
            "Public subnet for the standby NAT, best in another availability zone than the primary's. Required unless "
            "the standby exists already.",
        ),
    )
    standby_instance_id: str | None = field(
        default=None,
        metadata=about(
            resource_id("i", "an instance"),
            "A standby NAT that exists already, with standbyRouteTableId; none is made.",
        ),
    )
    standby_route_table_id: str | None = field(
        default=None,
        metadata=about(
            resource_id("rtb", "a route table"),
            "The existing standby's route table: its default route leads to the standby, no subnet is associated.",
        ),
    )
