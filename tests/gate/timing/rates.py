"""Token buckets: how many calls a second AWS takes of an account in a Region."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from tests.gate.harshness import Harshness
from tests.gate.rules.rule import changed

# https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html: size of the bucket, and refill a second.
READS, UNFILTERED_READS, WRITES = (100, 20.0), (50, 10.0), (50, 5.0)
READING = ("Describe", "Get", "List", "Search")
UNFILTERED = frozenset(
    {
        *("DescribeInstances", "DescribeInstanceStatus", "DescribeNetworkInterfaces", "DescribeSecurityGroups"),
        *("DescribeSnapshots", "DescribeSpotInstanceRequests", "DescribeVolumes"),
    }
)
# Those of the actions with buckets of their own that the product, its stack or its tests may call.
OWN: Mapping[str, tuple[int, float]] = {
    **dict.fromkeys(("CreateVpcEndpoint", "ModifyVpcEndpoint", "DeleteVpcEndpoints"), (4, 0.3)),
    **dict.fromkeys(("CreateTags", "DeleteTags"), (100, 10.0)),
    **dict.fromkeys(
        ("CreateNetworkInterface", "DeleteNetworkInterface", "ModifyNetworkInterfaceAttribute"), (100, 5.0)
    ),
    **dict.fromkeys(("AssociateIamInstanceProfile", "DisassociateIamInstanceProfile"), (100, 5.0)),
    **dict.fromkeys(("RunInstances", "StartInstances"), (5, 2.0)),
    "TerminateInstances": (100, 5.0),
}
PARAMETER_READS = frozenset({"GetParameter", "GetParameters", "GetParametersByPath"})
LISTS = frozenset({"ListCommands", "ListCommandInvocations"})
# A rule, the name of a bucket, its size, and its refill a second.
_Limit = tuple[str, str, float, float]


class Bucket:
    """Holds tokens; every call takes one.

    Args:
        size: most tokens that it holds; it begins full.
        refill: tokens that come back a second.
        now: seconds.
    """

    def __init__(self, size: float, refill: float, now: float) -> None:
        self._size = self._tokens = size
        self._refill = refill
        self._at = now

    def take(self, now: float) -> bool:
        """Take a token; False where there is none."""
        self._tokens = min(self._size, self._tokens + max(0.0, now - self._at) * self._refill)
        self._at = max(self._at, now)
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class Rates:
    """An account's buckets.

    Args:
        harshness: rates of Systems Manager.
        now: clock, in seconds.
    """

    def __init__(self, harshness: Harshness, now: Callable[[], float]) -> None:
        self._harshness = harshness
        self._now = now
        self._buckets: dict[str, Bucket] = {}
        self._lock = threading.Lock()

    def take(self, service: str, operation: str, arguments: Mapping[str, Any]) -> None:
        """Let a call take its token.

        Raises:
            ClientError: there is none; the call has no effect.
        """
        limit = self._limit(service, operation, arguments)
        if limit is None:
            return
        rule, name, size, refill = limit
        with self._lock:
            now = self._now()
            bucket = self._buckets.setdefault(name, Bucket(size, refill, now))
            taken = bucket.take(now)
        if not taken:
            changed(rule)
            raise throttled(service, operation)

    def _limit(self, service: str, operation: str, arguments: Mapping[str, Any]) -> _Limit | None:
        if service == "ssm":
            return self._systems_manager(operation)
        return _ec2(operation, arguments) if service == "ec2" else None

    def _systems_manager(self, operation: str) -> _Limit | None:
        rates = self._harshness
        if operation == "PutParameter":
            return "T1a", operation, rates.put_rate, rates.put_rate
        if operation in PARAMETER_READS:
            return "T1b", "GetParameters", rates.get_rate, rates.get_rate
        return ("T3", operation, rates.list_rate, rates.list_rate) if operation in LISTS else None


def _ec2(operation: str, arguments: Mapping[str, Any]) -> _Limit:
    if operation in OWN:
        return "T4d", operation, *OWN[operation]
    if not operation.startswith(READING):
        return "T4c", operation, *WRITES
    if operation in UNFILTERED and not {"Filters", "MaxResults", "NextToken"} & set(arguments):
        return "T4b", f"{operation} unfiltered", *UNFILTERED_READS
    return "T4a", operation, *READS


def throttled(service: str, operation: str) -> ClientError:
    """Return the error of a call that found no token."""
    code, message, status = ("ThrottlingException", "Rate exceeded", 400)
    if service == "ec2":
        code, message, status = "RequestLimitExceeded", "Request limit exceeded.", 503
    response: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, operation)
