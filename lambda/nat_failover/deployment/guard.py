"""Entry point of what a deployment asks; and whether it may replace the stack's standby NAT just now.

A custom resource whose logical id changes with whatever would replace or stop the instance, as the launch template's
does; the instance depends on it. So each such change makes a new one, and CloudFormation asks before it touches the
instance. It asks at no other time: a rollback deletes the new one, and deletes nothing of the old, for that comes after
an update has succeeded. Nothing that a rollback or a removal asks is ever refused, else the stack would be stuck.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref.html
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from nat_failover.aws_errors import error_in_words
from nat_failover.deployment.answer import Outcome, answer
from nat_failover.deployment.document import hashed
from nat_failover.deployment.patience import patiently
from nat_failover.names import DOCUMENT_CHECK
from nat_failover.runtime import LambdaRuntime, Runtime

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

log = logging.getLogger(__name__)

# What of the function's time is left to the last try of the answer, in seconds.
TO_ANSWER = 10.0
CONFIG = Config(retries={"mode": "standard", "total_max_attempts": 2}, connect_timeout=2, read_timeout=6)


class Context(Protocol):
    """What is used of Lambda's context object."""

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds that are left until Lambda ends the invocation."""
        ...


def handler(request: Mapping[str, Any], context: Context) -> None:
    """Answer a request of CloudFormation.

    Raises:
        OSError: CloudFormation has not taken the answer; Lambda tries again.
    """
    runtime = LambdaRuntime(threads=1)
    ends_at = runtime.now() + context.get_remaining_time_in_millis() / 1000 - TO_ANSWER
    if request["ResourceType"] == DOCUMENT_CHECK:
        outcome = hashed(request, boto3.client("ssm", config=CONFIG), runtime)
    else:
        ec2 = boto3.client("ec2", config=CONFIG)
        outcome = Outcome(refusal(request, ec2, os.environ.get("AWS_REGION", ""), runtime))
    answer(request, outcome, ends_at, runtime)


def refusal(request: Mapping[str, Any], ec2: EC2Client, region: str, runtime: Runtime) -> str | None:
    """Return why the standby must not be replaced now; None where it may be.

    Args:
        request: of CloudFormation, with ``Pair`` and ``RouteTableId``, which leads to the standby.
        ec2: boto3 client.
        region: for the command to fail back.
        runtime: time and chance.
    """
    if request["RequestType"] != "Create":
        return None
    properties = request["ResourceProperties"]
    pair, table = properties["Pair"], properties["RouteTableId"]
    try:
        subnets = _subnets(table, ec2, runtime)
    except (ClientError, BotoCoreError) as error:
        return (
            f"EC2 does not say whether the standby NAT of pair {pair} is active ({error_in_words(error)}), and this "
            "deployment would replace or stop it. It is as it was. Deploy again."
        )
    if not subnets:
        return None
    sentence = (
        f"The standby NAT of pair {pair} is active: {', '.join(subnets)} use its route table {table}. This deployment "
        "would replace or stop it, and take them offline. It is as it was. Fail back first: "
        f"nat-failover failback {pair} --region {region}. Then deploy again."
    )
    log.warning(sentence)
    return sentence


def _subnets(table: str, ec2: EC2Client, runtime: Runtime) -> list[str]:
    """Return the subnets that use a route table; none where there is no such table (any more)."""
    # With a filter a table that was only just made, and has no subnet yet, is no error.
    pages = ec2.get_paginator("describe_route_tables").paginate(Filters=[{"Name": "route-table-id", "Values": [table]}])
    tables = patiently(lambda: [found for page in pages for found in page["RouteTables"]], runtime)
    return sorted(a["SubnetId"] for found in tables for a in found["Associations"] if "SubnetId" in a)
