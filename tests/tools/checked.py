"""The configurations whose templates `make lint` checks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.config import PairConfig
from infra.config.routes import TARGETS


def pair(name: str = "main", digit: str = "0", **settings: object) -> dict[str, object]:
    """Give a pair's block; the digit makes its ids its own."""
    return {
        "name": name,
        "vpcId": "vpc-0123456789abcdef0",
        "primaryRouteTableId": f"rtb-0123456789abcdef{digit}",
        "primaryInstanceId": f"i-0123456789abcdef{digit}",
        "standbySubnetId": f"subnet-0123456789abcdef{digit}",
        **settings,
    }


def config(**changes: Any) -> PairConfig:
    """Give the same pair as whoever makes it in Python has it, with some settings changed."""
    ids: dict[str, Any] = {
        "vpc_id": "vpc-0123456789abcdef0",
        "primary_route_table_id": "rtb-0123456789abcdef0",
        "primary_instance_id": "i-0123456789abcdef0",
        "standby_subnet_id": "subnet-0123456789abcdef0",
    }
    return PairConfig(**{"name": "main", **ids, **changes})


def _one(**settings: object) -> dict[str, object]:
    return {"pairs": [pair(**settings)]}  # type: ignore[arg-type]


def _zone(zone: str, other: str) -> dict[str, object]:
    """Return the pair of a zone whose standby is the other zone's NAT."""
    standby = {"standbyInstanceId": f"i-{other * 17}", "standbyRouteTableId": f"rtb-{zone}{other * 16}"}
    tables = {"primaryRouteTableId": f"rtb-{zone * 17}", "primaryInstanceId": f"i-{zone * 17}"}
    return {"name": f"zone-{zone}", "vpcId": "vpc-0123456789abcdef0", **tables, **standby}


def by_interface(**settings: object) -> dict[str, object]:
    """Return a pair whose NATs are whoever has their network interfaces."""
    standby = {"standbyNetworkInterfaceId": "eni-0fedcba9876543210", "standbyRouteTableId": "rtb-0fedcba9876543210"}
    without = {key: value for key, value in pair().items() if key not in ("primaryInstanceId", "standbySubnetId")}
    return {**without, "primaryNetworkInterfaceId": "eni-0123456789abcdef0", **standby, **settings}


_EVERYTHING = {
    "mirrorRoutes": True,
    "standbyElasticIp": "allocate",
    "gatewayEndpoints": ["s3", "dynamodb"],
    "endpointAccounts": ["210987654321"],
    "endpointBuckets": ["mirror-*"],
    "routes": [
        {"destination": destination, "target": f"{prefix}-0123456789abcdef0"}
        for destination, prefix in [
            *((f"10.{number}.0.0/16", prefix) for number, prefix in enumerate(TARGETS) if prefix != "eigw"),
            ("2001:db8::/32", "tgw"),
            ("::/0", "eigw"),
            ("pl-0123456789abcdef0", "tgw"),
        ]
    ],
    "tags": {"team": "network"},
    "kmsKeyArn": "arn:aws:kms:eu-central-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef",
    "permissionsBoundaryArn": "arn:aws:iam::123456789012:policy/boundary",
    "alarmActions": ["arn:aws:sns:eu-central-1:123456789012:paging"],
    "mailAddresses": ["oncall@example.com"],
}
# By name, the configuration's block and further context; None takes what the context says.
CHECKED: Mapping[str, tuple[Mapping[str, Any] | None, Mapping[str, object]]] = {
    "one pair": (_one(), {}),
    "three pairs": ({"pairs": [pair(name, str(n)) for n, name in enumerate(("a", "b", "c"))]}, {}),
    "two zones that back each other up": ({"pairs": [_zone("a", "b"), _zone("b", "a")]}, {}),
    "NATs by their network interfaces": ({"pairs": [by_interface()]}, {}),
    "NATs in Auto Scaling groups": (
        {"pairs": [by_interface(primaryAutoScalingGroup="nat-primary", standbyAutoScalingGroup="nat standby/2")]},
        {},
    ),
    "demo": (None, {"demo": "true"}),
    "no endpoints": (_one(ssmAccess="none"), {}),
    "endpoints made": ({"pairs": [pair(ssmAccess="create"), pair("other", "1", ssmAccess="create")]}, {}),
    "egressAddress": (_one(egressAddress="eipalloc-0123456789abcdef0"), {}),
    "standbyEgressAddress": (
        _one(egressAddress="eipalloc-0123456789abcdef0", standbyEgressAddress="eipalloc-0fedcba9876543210"),
        {},
    ),
    "mirrorRoutes": (_one(mirrorRoutes=True, mirrorEndpoints=["vpce-0123456789abcdef0"]), {}),
    "everything": ({"pairs": [pair() | _EVERYTHING, pair("other", "1", gatewayEndpoints=["s3"])]}, {}),
    "only observing": (_one(mode="observe"), {}),
    "GovCloud": ({**_one(ssmAccess="create"), "account": "123456789012", "region": "us-gov-west-1"}, {}),
    "China": ({**_one(ssmAccess="create"), "account": "123456789012", "region": "cn-north-1"}, {}),
}
