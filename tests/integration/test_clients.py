"""The clients' own tries, where a call is throttled."""

from __future__ import annotations

import io
import json
import time
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError

from tests.integration.account import Account


def test_a_call_that_is_throttled_is_tried_again_by_the_client(account: Account) -> None:
    throttled = [json.dumps({"__type": "ThrottlingException"}).encode()]
    sent: list[str] = []

    def throttle(request: Any, **_: object) -> AWSResponse | None:
        sent.append(request.url)
        return _Answer(request.url, throttled.pop()) if throttled else None

    account.ssm.meta.events.register_first("before-send.ssm.GetParameters", throttle)
    assert account.lock is None
    assert len(sent) == 2


def test_a_call_that_is_throttled_for_ever_ends_in_an_error(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    monkeypatch.setattr(time, "sleep", lambda seconds: sent.append(f"{seconds:.0f}") if seconds > 9 else None)

    def throttle(request: Any, **_: object) -> AWSResponse:
        sent.append(request.url)
        return _Answer(request.url, json.dumps({"__type": "ThrottlingException"}).encode())

    account.ssm.meta.events.register_first("before-send.ssm.GetParameters", throttle)
    with pytest.raises(ClientError, match="ThrottlingException"):
        account.parameter("/nat-failover/main/lock")
    assert len(sent) == 4


class _Answer(AWSResponse):
    """SSM's refusal, as it comes over the wire."""

    def __init__(self, url: str, body: bytes) -> None:
        super().__init__(url, 400, HTTPHeaders(), io.BytesIO(body))

    @property
    def content(self) -> bytes:
        """Give the body."""
        return bytes(self.raw.getvalue())
