"""What an error means for another try: as botocore itself would have it, and never for what is refused for good."""

from __future__ import annotations

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)

from nat_failover.aws_errors import has_failed, is_passing, may_be_done

URL = "https://ssm.eu-central-1.amazonaws.com/"


def answered(code: str, status: int) -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": ""}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
        "PutParameter",
    )


@pytest.mark.parametrize(
    "error",
    [
        answered("InternalServerError", 500),
        answered("Unavailable", 503),
        # What stands between answers without a body that botocore could read.
        answered("502", 502),
        answered("504", 504),
        ReadTimeoutError(endpoint_url=URL),
        ConnectionClosedError(endpoint_url=URL),
        ConnectTimeoutError(endpoint_url=URL),
        EndpointConnectionError(endpoint_url=URL),
    ],
)
def test_what_failed_by_the_way_is_worth_another_try_and_may_have_been_done(error: Exception) -> None:
    assert is_passing(error)
    assert may_be_done(error)


@pytest.mark.parametrize(
    "error",
    [
        answered("ThrottlingException", 400),
        answered("TooManyRequestsException", 429),
        answered("RequestLimitExceeded", 503),
        answered("TooManyUpdates", 400),
    ],
)
def test_what_is_refused_for_its_rate_is_worth_another_try_and_was_not_done(error: ClientError) -> None:
    assert is_passing(error)
    assert not may_be_done(error)
    assert not has_failed(error)


@pytest.mark.parametrize("code", ["AccessDeniedException", "ParameterAlreadyExists", "ParameterLimitExceeded"])
def test_what_is_refused_for_good_is_not_tried_again(code: str) -> None:
    assert not is_passing(answered(code, 400))
    assert not may_be_done(answered(code, 400))
    assert not has_failed(answered(code, 400))


def test_credentials_that_are_missing_are_missing_the_next_time_too() -> None:
    assert not is_passing(NoCredentialsError())
