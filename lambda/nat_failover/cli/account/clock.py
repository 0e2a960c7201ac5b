"""The time by AWS's clock: a claim's lease is judged by the function, whatever this machine's clock says."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from nat_failover.runtime import LambdaRuntime

# The header has whole seconds, and an answer takes a while: what is below this is no difference.
TOLERATED = 2.0


def ahead(answer: Mapping[str, Any], before: float, after: float) -> float:
    """Return how many seconds AWS's clock is ahead of this machine's; 0.0 where it is about right.

    Args:
        answer: of boto3, with the header ``Date``.
        before: this machine's time when it was asked, in seconds since the epoch.
        after: and when it was answered.
    """
    there = answered_at(answer)
    if there is None:
        return 0.0
    difference = there - (before + after) / 2
    return 0.0 if abs(difference) <= TOLERATED else difference


def answered_at(answer: Mapping[str, Any]) -> float | None:
    """Return AWS's time when it answered, to half a second, in seconds since the epoch; None where it is not told.

    Args:
        answer: of boto3, with the header ``Date``, which has whole seconds.
    """
    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    try:
        return parsedate_to_datetime(headers["date"]).timestamp() + 0.5
    except (KeyError, TypeError, ValueError):
        return None


class AwsRuntime(LambdaRuntime):
    """The machine, with its clock put right.

    Args:
        seconds: how much AWS's clock is ahead.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.ahead = seconds

    def now(self) -> float:
        """Return the time in seconds since the epoch, by AWS's clock."""
        return super().now() + self.ahead
