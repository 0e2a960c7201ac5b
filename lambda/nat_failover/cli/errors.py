"""What a command ends with: exit statuses, and sentences for what AWS or the machine refuses."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from enum import IntEnum

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
)
from botocore.exceptions import (
    ConnectionError as ConnectionFailedError,
)

from nat_failover.lock.held import ClaimLostError, LockChangedError
from nat_failover.network.route_tables import RouteTablesError


class Exit(IntEnum):
    """Exit statuses of every command."""

    FINE = 0
    TROUBLE = 1
    USAGE = 2
    REFUSED = 3
    NO_PAIR = 4
    WARNINGS = 5


MEANINGS = {
    Exit.FINE: "all is well, or done",
    Exit.TROUBLE: "something is wrong with the pair, or what was asked for could not be done",
    Exit.USAGE: "the command line is wrong, or nobody was there to confirm",
    Exit.REFUSED: "AWS can't be asked: credentials, permission, region, network",
    Exit.NO_PAIR: "there is no such pair in this account and region",
    Exit.WARNINGS: "doctor: nothing that stops a failover, but warnings",
}


class CommandError(Exception):
    """A command can't go on; the message says why and what to do.

    Attributes:
        exit: the status to end with.
        steps: what to do, a line each; a command has one of its own.
        section: of the runbook, where to read on; empty where it is about the command line alone.
    """

    def __init__(
        self, message: str, exit_with: Exit = Exit.TROUBLE, steps: Sequence[str] = (), section: str = ""
    ) -> None:
        super().__init__(message)
        self.exit = exit_with
        self.steps = tuple(steps)
        self.section = section


# Codes by which services say that an identity is unknown or out of date, and that it may not do what it asks:
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html and
# https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
UNKNOWN = frozenset(
    {
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "MissingAuthenticationToken",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
NO_PERMISSION = "you have no permission for"
FORBIDDEN = frozenset({"AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation"})
FORBIDDEN_ACTION = re.compile(r"not authorized to perform: ([a-zA-Z0-9-]+:[A-Za-z0-9]+)(?: on resource: (\S+))?")


def is_forbidden(error: Exception) -> bool:
    """Return whether it is that the caller has no permission."""
    return isinstance(error, ClientError) and code_of(error) in FORBIDDEN


def code_of(error: ClientError) -> str:
    """Return the code by which AWS names an error."""
    return str(error.response.get("Error", {}).get("Code", "Unknown"))


def action_of(error: ClientError, service_of: Callable[[str], str | None]) -> str:
    """Return the action, as a policy names it, that a caller may not do.

    Args:
        error: as the service answers it; most say the action themselves.
        service_of: gives the prefix of the service that has an operation.
    """
    found = FORBIDDEN_ACTION.search(str(error))
    if found:
        return found[1]
    service = service_of(error.operation_name)
    return f"{service}:{error.operation_name}" if service else error.operation_name


def explained(error: Exception, service_of: Callable[[str], str | None], region: str | None) -> CommandError | None:
    """Return for a person what an error of boto3, or of the pair, means; None for any other, which is a defect.

    Args:
        error: as it was raised.
        service_of: gives the prefix of the service that has an operation.
        region: that was asked.
    """
    if isinstance(error, CommandError):
        return error
    if isinstance(error, RouteTablesError):
        return CommandError(str(error), section="by-hand")
    if isinstance(error, ClaimLostError | LockChangedError):
        return CommandError(f"{error}; how it stands: nat-failover status", section="the-lock")
    if isinstance(error, ClientError):
        return _refused(error, service_of)
    if not isinstance(error, BotoCoreError):
        return None
    match error:
        case ProfileNotFound():
            message = f"{error}: `aws configure list-profiles` shows which there are"
        case NoRegionError():
            message = "no region is set: add --region, or set AWS_REGION"
        case NoCredentialsError() | PartialCredentialsError():
            message = f"no AWS credentials ({error}): add --profile, or sign in (`aws sso login`, `aws configure`)"
        case ConnectionFailedError() | HTTPClientError():
            message = f"AWS can't be reached: {error}. Is {region!r} a region, and this machine online?"
        case _:
            message = f"{type(error).__name__}: {error}"
    return CommandError(message, Exit.REFUSED)


def _refused(error: ClientError, service_of: Callable[[str], str | None]) -> CommandError:
    code, message = code_of(error), str(error.response.get("Error", {}).get("Message", ""))
    if code in UNKNOWN:
        return CommandError(
            f"AWS does not accept the credentials ({code}: {message}): sign in again, or choose another --profile",
            Exit.REFUSED,
        )
    if code in FORBIDDEN:
        action, which = action_of(error, service_of), FORBIDDEN_ACTION.search(message)
        on = f" on {which[2]}" if which and which[2] else ""
        return CommandError(
            f"{NO_PERMISSION} {action}{on}: ask for it, or choose another --profile",
            Exit.REFUSED,
            section="by-hand",
        )
    return CommandError(f"AWS refuses {error.operation_name} ({code}): {message}", Exit.REFUSED)
