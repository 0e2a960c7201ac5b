"""With --debug every AWS call is logged, and nothing by which somebody else could make one."""

from __future__ import annotations

import io
import logging

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError

from nat_failover.cli.debug_log import handler

TOKEN, SECRET = "IQoJb3JpZ2luX2VjE/+aaa=", "wJalrXUtnFEMI/K7MDENG"


def test_a_call_is_logged_without_what_it_was_signed_with() -> None:
    stream, logger = io.StringIO(), logging.getLogger("botocore")
    logs, before = handler(stream), logger.level
    logger.addHandler(logs)
    logger.setLevel(logging.DEBUG)
    try:
        client = boto3.client(
            "ec2",
            "eu-west-1",
            endpoint_url="http://127.0.0.1:1",
            aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
            aws_secret_access_key=SECRET,
            aws_session_token=TOKEN,
            config=Config(retries={"total_max_attempts": 1}),
        )
        with pytest.raises(EndpointConnectionError):
            client.describe_instances()
    finally:
        logger.removeHandler(logs)
        logger.setLevel(before)
    assert "DescribeInstances" in stream.getvalue()
    assert "Sending http request" in stream.getvalue()
    for secret in (TOKEN, SECRET, "Signature="):
        assert secret not in stream.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        f"b'<Credentials><SecretAccessKey>{TOKEN}</SecretAccessKey></Credentials>'",
        f'{{"roleCredentials": {{"secretAccessKey": "{TOKEN}", "sessionToken": "{TOKEN}"}}}}',
        f"{{'accessToken': '{TOKEN}', 'refresh_token': '{TOKEN}', 'clientSecret': '{TOKEN}'}}",
        f"headers={{'x-amz-sso_bearer_token': '{TOKEN}', 'Authorization': b'Bearer {TOKEN}'}}",
    ],
)
def test_nor_is_what_an_answer_gives_to_sign_with(text: str) -> None:
    assert TOKEN not in _logged(text)


def test_what_others_have_written_is_logged_without_what_a_terminal_obeys() -> None:
    assert _logged("a\x1b]52;c;cm0=\x07b\x9b2J\nc").endswith("a ]52;c;cm0= b 2J\nc\n")


def _logged(text: str) -> str:
    stream = io.StringIO()
    handler(stream).emit(logging.LogRecord("botocore.parsers", logging.DEBUG, "x", 1, text, None, None))
    return stream.getvalue()
