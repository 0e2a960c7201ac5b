"""Pure: what an error of AWS means: for another try, and for people."""

from __future__ import annotations

import re

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError  # noqa: A004 - not the built-in one

# Refused for certain, and worth another try:
# https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
# https://docs.aws.amazon.com/systems-manager/latest/APIReference/CommonErrors.html
REFUSED_FOR_NOW = frozenset(
    {"ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded", "TooManyUpdates"}
)
# It may have been done none the less.
OUTCOME_UNKNOWN = frozenset(
    {"InternalServerError", "InternalError", "InternalFailure", "ServiceUnavailable", "Unavailable"}
)
# From here on the service has failed, and not the request.
SERVER_ERROR = 500


def has_failed(error: ClientError) -> bool:
    """Return whether AWS itself has failed; throttling, which EC2 answers with the status 503, is none of that."""
    code = error.response["Error"]["Code"]
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return code in OUTCOME_UNKNOWN or (status >= SERVER_ERROR and code not in REFUSED_FOR_NOW)


def is_passing(error: Exception) -> bool:
    """Return whether a call that has ended with an error is worth another try."""
    if isinstance(error, ClientError):
        return error.response["Error"]["Code"] in REFUSED_FOR_NOW or has_failed(error)
    # Two kinds, neither of which is the other: an answer that was lost, and a connection that was never made.
    return isinstance(error, HTTPClientError | ConnectionError)


def may_be_done(error: Exception) -> bool:
    """Return whether a write may have taken effect though it has ended with an error."""
    return not isinstance(error, ClientError) or has_failed(error)


# In the ARNs that IAM refuses with: it goes into the log, the lock and the mail.
ACCOUNT_ID = re.compile(r"(?<![\w-])[0-9]{12}(?![\w-])")


def error_in_words(error: Exception) -> str:
    """Return what EC2 said, or what kept it from answering, in a few words and without the account's id."""
    if isinstance(error, ClientError):
        details = error.response.get("Error", {})
        text = f"{details.get('Code', 'Unknown')}: {details.get('Message', '')}"
    else:
        text = f"{type(error).__name__}: {error}"
    return ACCOUNT_ID.sub("ACCOUNT", text)[:300]
