"""What CloudFormation is told about a custom resource: one PUT to the URL that its request names."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.error import URLError
from urllib.request import HTTPHandler, HTTPSHandler, OpenerDirector, Request

from nat_failover.runtime import Runtime

log = logging.getLogger(__name__)

# In ASCII, of which JSON may double each: the whole body may have 4,096 bytes.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref.html
LONGEST_REASON = 1500
# How long the bucket is given to answer, and the pauses between tries, in seconds.
TRY_FOR, TRY_AGAIN = 5.0, (0.5, 1.5)


@dataclass(frozen=True)
class Outcome:
    """What a check has come to.

    Attributes:
        refusal: why CloudFormation may not go on; None where it may.
        attributes: of the custom resource, for the template's ``Fn::GetAtt``.
    """

    refusal: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)


def answer(request: Mapping[str, Any], outcome: Outcome, ends_at: float, runtime: Runtime) -> None:
    """Tell CloudFormation what a check has come to; try again until it has taken the answer.

    The fields are those of the response object: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref.html

    Args:
        request: as CloudFormation has sent it.
        outcome: of the check.
        ends_at: when the last try may begin, in seconds since the epoch.
        runtime: time and chance.

    Raises:
        OSError: no try was taken. Lambda then invokes the function again, twice:
            https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
    """
    body = {
        "Status": "SUCCESS" if outcome.refusal is None else "FAILED",
        # Beside the refusal this is what a stack's events show of an answer, and it must not be empty.
        "Reason": (outcome.refusal or "checked").encode("ascii", "replace").decode()[:LONGEST_REASON],
        # One that changes has CloudFormation delete the resource that had the other.
        "PhysicalResourceId": request.get("PhysicalResourceId") or request["LogicalResourceId"],
        "StackId": request["StackId"],
        "RequestId": request["RequestId"],
        "LogicalResourceId": request["LogicalResourceId"],
        "Data": dict(outcome.attributes),
    }
    while True:
        try:
            _put(request["ResponseURL"], json.dumps(body).encode())
        except OSError as error:  # also what an HTTP status means, and a timeout
            if runtime.now() >= ends_at:
                raise
            # Not the URL: whoever has it may answer in the function's name.
            log.warning("CloudFormation has not taken the answer", extra={"error": type(error).__name__})
            runtime.sleep(runtime.random.uniform(*TRY_AGAIN))
        else:
            return


def _put(url: str, body: bytes) -> None:
    """Write to a presigned URL of S3, which was signed without a content type."""
    # Handlers for HTTP alone: another scheme has none, and is refused.
    opener = OpenerDirector()
    for handler in (HTTPHandler(), HTTPSHandler()):
        opener.add_handler(handler)
    request = Request(url, data=body, method="PUT", headers={"Content-Type": ""})  # noqa: S310 - see above
    response = opener.open(request, timeout=TRY_FOR)
    if response is None:
        raise URLError("only HTTP is spoken")
    with response:
        if response.status >= 300:
            raise URLError(f"status {response.status}")
