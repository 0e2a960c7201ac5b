"""One call of the self-test: made, and what it came to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from botocore.exceptions import BotoCoreError, ClientError

from nat_failover.aws_errors import error_in_words
from nat_failover.network.route_tables import RouteTablesError


class Verdict(StrEnum):
    """What a call came to."""

    WORKS = "works"
    REFUSED = "refused"
    NOT_TRIED = "not tried"


@dataclass(frozen=True)
class Tried:
    """One call: ``service:Action``, the verdict, and what was seen, for people."""

    call: str
    verdict: Verdict
    seen: str


def attempt(call: str, make: Callable[[], str], as_good: Mapping[str, str] | None = None) -> Tried:
    """Make a call; ``as_good`` has the errors that say that it works, and what they mean."""
    try:
        return Tried(call, Verdict.WORKS, make())
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if as_good and code in as_good:
            return Tried(call, Verdict.WORKS, as_good[code])
        return Tried(call, Verdict.REFUSED, error_in_words(error))
    except (BotoCoreError, RouteTablesError, ValueError) as error:
        return Tried(call, Verdict.REFUSED, error_in_words(error))


def dry(call: Callable[..., object]) -> str:
    """Make a call of EC2 with DryRun, which ends in an error whatever comes of it."""
    call(DryRun=True)
    raise ValueError("EC2 has done it, though it was asked with DryRun: see what has changed")
