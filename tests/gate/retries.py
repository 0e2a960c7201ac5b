"""What a boto3 client does of itself after an error: botocore's own standard mode, in the world's time."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from types import SimpleNamespace
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.model import OperationModel
from botocore.retries.quota import RetryQuota
from botocore.retries.standard import (
    ExponentialBackoff,
    RetryContext,
    RetryEventAdapter,
    RetryQuotaChecker,
    StandardRetryConditions,
    ThrottlingErrorDetector,
)

# Of an error without one. https://docs.aws.amazon.com/ec2/latest/devguide/errors-overview.html
STATUS: Mapping[str, int] = {"RequestLimitExceeded": 503, "InternalError": 500, "InternalServerError": 500}


class Retries:
    """The retries of one client.

    Args:
        config: of the client; its retries are in mode ``standard``.
        chance: source of the jitter.
    """

    def __init__(self, config: Config, chance: Random) -> None:
        retries: Any = config.retries  # type: ignore[attr-defined]
        if retries["mode"] != "standard":
            raise ValueError(f"the lab knows no retries in mode {retries['mode']}")
        detector = ThrottlingErrorDetector(RetryEventAdapter())
        self.read_timeout: float = config.read_timeout  # type: ignore[attr-defined]
        self._conditions = StandardRetryConditions(max_attempts=retries["total_max_attempts"])
        self._backoff = ExponentialBackoff(random=chance.random, throttling_detector=detector)
        self._quota: Any = RetryQuotaChecker(RetryQuota(), detector)

    def pause(self, model: OperationModel, request: dict[str, Any], attempt: int, error: Exception) -> float | None:
        """Return how many seconds the client waits before its next try; None where it makes none.

        Args:
            model: the operation's.
            request: what is kept of the call from try to try; empty at first.
            attempt: the first is 1.
            error: what the attempt came to.
        """
        context = _context(model, request, attempt, error)
        if not self._conditions.is_retryable(context) or not self._quota.acquire_retry_quota(context):
            return None
        return float(self._backoff.delay_amount(context))

    def succeeded(self, request: dict[str, Any]) -> None:
        """Give back what a call has taken of the client's quota of retries."""
        self._quota.release_retry_quota(request, SimpleNamespace(status_code=200))


def _context(model: OperationModel, request: dict[str, Any], attempt: int, error: Exception) -> RetryContext:
    if not isinstance(error, ClientError):
        return RetryContext(attempt, model, caught_exception=error, request_context=request)
    code = error.response["Error"]["Code"]
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", STATUS.get(code, 400))
    answered = SimpleNamespace(status_code=status, headers={})
    return RetryContext(attempt, model, error.response, answered, request_context=request)
