"""The configurations whose templates `make lint` checks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


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


def _one(**settings: object) -> dict[str, object]:
    return {"pairs": [pair(**settings)]}  # type: ignore[arg-type]


_EVERYTHING = {
    "mirrorRoutes": True,
    "standbyElasticIp": "allocate",
    "gatewayEndpoints": ["s3", "dynamodb"],
    "routes": [{"destination": "10.30.0.0/16", "target": "pcx-0123456789abcdef0"}],
    "kmsKeyArn": "arn:aws:kms:eu-central-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef",
    "permissionsBoundaryArn": "arn:aws:iam::123456789012:policy/boundary",
    "alarmActions": ["arn:aws:sns:eu-central-1:123456789012:paging"],
    "mailAddresses": ["oncall@example.com"],
}
# By name, the configuration's block and further context; None takes what the context says.
CHECKED: Mapping[str, tuple[Mapping[str, Any] | None, Mapping[str, object]]] = {
    "one pair": (_one(), {}),
    "three pairs": ({"pairs": [pair(name, str(n)) for n, name in enumerate(("a", "b", "c"))]}, {}),
    "demo": (None, {"demo": "true"}),
    "no endpoints": (_one(ssmAccess="none"), {}),
    "endpoints made": (_one(ssmAccess="create"), {}),
    "egressAddress": (_one(egressAddress="eipalloc-0123456789abcdef0"), {}),
    "standbyEgressAddress": (
        _one(egressAddress="eipalloc-0123456789abcdef0", standbyEgressAddress="eipalloc-0fedcba9876543210"),
        {},
    ),
    "mirrorRoutes": (_one(mirrorRoutes=True), {}),
    "everything": (_one(**_EVERYTHING), {}),
    "only observing": (_one(mode="observe"), {}),
    "GovCloud": ({**_one(), "account": "123456789012", "region": "us-gov-west-1"}, {}),
    "China": ({**_one(), "account": "123456789012", "region": "cn-north-1"}, {}),
}
