"""What can be set of a pair's standby NAT and of its route table."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from infra.config.addresses import NETWORK, PRIVATE_NETWORKS
from infra.config.choices import GatewayService, about
from infra.config.kinds import ListOf, group_name, matching, one_of, resource_id, whole, yes_no
from infra.config.routes import ExtraRoute, ExtraRoutes

_AMI = matching(
    r"al2023|ami-([0-9a-f]{8}|[0-9a-f]{17})|/[A-Za-z0-9_.\-/]{1,1000}",
    "al2023 (the latest Amazon Linux 2023), an AMI id (ami- and 8 or 17 hexadecimal digits), or the name of an SSM "
    "parameter that holds one",
    "al2023",
)
_SUBNET = resource_id("subnet", "a subnet")
_ACCOUNT = matching(r"[0-9]{12}", "an account id of 12 digits", "123456789012", tokens=False)
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_BUCKET = matching(r"[a-z0-9.*?-]{1,63}", "a bucket's name, in which * and ? stand for anything", "my-mirror")


@dataclass(frozen=True, kw_only=True)
class StandbySettings:
    """The standby NAT that is made, or the one that exists, and the routes behind it."""

    standby_subnet_id: str | None = field(
        default=None,
        metadata=about(
            _SUBNET,
            "Public subnet for the standby NAT, preferably in another availability zone than the primary's. "
            "Required unless the standby exists already.",
        ),
    )
    standby_instance_id: str | None = field(
        default=None,
        metadata=about(
            resource_id("i", "an instance"),
            "A standby NAT that exists already; the stack then makes none. Needs standbyRouteTableId.",
        ),
    )
    standby_network_interface_id: str | None = field(
        default=None,
        metadata=about(
            resource_id("eni", "a network interface"),
            "Instead of standbyInstanceId: whichever instance has this network interface is the standby, as with "
            "primaryNetworkInterfaceId. Needs standbyRouteTableId.",
        ),
    )
    standby_route_table_id: str | None = field(
        default=None,
        metadata=about(
            resource_id("rtb", "a route table"),
            "Route table of the existing standby. Its default route leads to the standby, and no subnet uses it.",
        ),
    )
    standby_auto_scaling_group: str | None = field(
        default=None,
        metadata=about(
            group_name(),
            "Name of the Auto Scaling group that an existing standby is in, as with primaryAutoScalingGroup.",
        ),
    )
    standby_instance_type: str = field(
        default="t4g.nano",
        metadata=about(
            matching(r"[a-z][a-z0-9-]*\.[a-z0-9-]+", "an EC2 instance type", "t4g.nano", tokens=False),
            "Instance type of the standby. It should have the primary's network bandwidth. Changing the "
            "type stops and starts it.",
        ),
    )
    standby_ami: str = field(
        default="al2023",
        metadata=about(
            _AMI,
            "Image of the standby: al2023, or your own, such as a copy of the primary's, which needs the SSM agent. "
            "It is looked up when the standby is launched: a newer al2023 never replaces a running standby, but a "
            "changed setting does.",
        ),
    )
    standby_revision: int = field(
        default=0,
        metadata=about(
            whole(0, 9999, "replacements", 1),
            "Change this number to replace the standby at the next deployment: after it was terminated, or to get "
            "the latest image with its security updates. Only while the primary is active.",
        ),
    )
    standby_root_device: str = field(
        default="/dev/xvda",
        metadata=about(
            matching(r"/dev/(xvda|sda1)", "/dev/xvda or /dev/sda1", "/dev/xvda", tokens=False),
            "Name of the image's root device, so that its volume is encrypted: /dev/xvda for Amazon Linux and "
            "Debian, /dev/sda1 for Ubuntu.",
        ),
    )
    standby_elastic_ip: str = field(
        default="none",
        metadata=about(
            matching(
                r"none|allocate|eipalloc-([0-9a-f]{8}|[0-9a-f]{17})",
                "none, allocate, or an allocation id (eipalloc- and 8 or 17 hexadecimal digits)",
                "allocate",
            ),
            "Fixed public address for the standby: none, allocate (released with the stack), or the allocation id "
            "of one that exists, which outlives the stack. If partners allow-list addresses, give them both "
            "NATs', or use egressAddress.",
        ),
    )
    protected_cidrs: tuple[str, ...] = field(
        default=PRIVATE_NETWORKS,
        metadata=about(
            ListOf(NETWORK, 1, 50, ["10.0.0.0/16"]),
            "Networks that may send traffic through the standby to the Internet; all others may not. Preferably the "
            "VPC's own. Changing them replaces the standby at the next deployment.",
        ),
    )
    routes: tuple[ExtraRoute, ...] = field(
        default=(),
        metadata=about(
            ExtraRoutes(),
            "Routes that the standby's table needs besides the default route, as in the primary's table: a list of "
            "objects with destination (a network or a pl- id) and target (an id). Before you list a route here that "
            "mirrorRoutes has copied, delete it from the table.",
        ),
    )
    gateway_endpoints: tuple[GatewayService, ...] = field(
        default=(),
        metadata=about(
            ListOf(one_of(GatewayService, GatewayService.S3), 0, 2, ["s3"]),
            "Gateway endpoints (s3, dynamodb) to make for both tables. For an endpoint that exists, add the "
            "standby's table by hand (aws ec2 modify-vpc-endpoint --add-route-table-ids) or use mirrorEndpoints.",
        ),
    )
    endpoint_accounts: tuple[str, ...] = field(
        default=(),
        metadata=about(
            ListOf(_ACCOUNT, 0, 20, ["123456789012"]),
            "Other accounts whose identities and resources the endpoints that the stack makes (gatewayEndpoints, "
            "ssmAccess create) let through: those whose buckets, tables or documents the hosts use.",
        ),
    )
    endpoint_buckets: tuple[str, ...] = field(
        default=(),
        metadata=about(
            ListOf(_BUCKET, 0, 50, ["my-mirror"]),
            "Other people's public buckets that the S3 endpoint lets the hosts read, besides AWS's own with Amazon "
            "Linux packages, SSM agent files and ECR layers; * for any. All S3 traffic of the subnets goes through "
            "the endpoint: they can't reach what its policy does not let through.",
        ),
    )
    mirror_routes: bool = field(
        default=False,
        metadata=about(
            yes_no(True),
            "Whether the function copies routes that the passive table lacks (peering, transit). It may then write "
            "routes in both tables, but deletes none, and never copies a route to a NAT of the pair. It reports "
            "differences in any case. Not with mode observe.",
        ),
    )
    mirror_endpoints: tuple[str, ...] = field(
        default=(),
        metadata=about(
            ListOf(resource_id("vpce", "a VPC endpoint"), 0, 10, ["vpce-0123456789abcdef0"]),
            "With mirrorRoutes: existing gateway endpoints whose routes are copied as well. The function may then "
            "modify these endpoints, and no others.",
        ),
    )

    @property
    def standby_architecture(self) -> str:
        """The processor of the standby's instance type: ``arm64`` for Graviton, else ``x86_64``.

        https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html
        """
        return "arm64" if re.match(r"(a1|[a-z]+\d+g[a-z]*)\.", self.standby_instance_type) else "x86_64"
