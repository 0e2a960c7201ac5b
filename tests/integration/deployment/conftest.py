"""A stack that has been deployed, as far as its guard goes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from nat_failover.deployment.guard import handler
from tests.fakes import Context
from tests.infra.synthesis import made
from tests.integration.account import REGION, Account
from tests.integration.deployment.cloudformation import Bucket, Stack, bucket


def resources(**settings: Any) -> dict[str, Any]:
    """Return the resources of the template of one pair."""
    found: dict[str, Any] = made(**settings).body["Resources"]
    return found


@pytest.fixture
def answers() -> Iterator[Bucket]:
    """Have a bucket that takes answers."""
    with bucket() as taken:
        yield taken


@pytest.fixture
def stack(account: Account, answers: Bucket, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """Have a stack that has been deployed, whose standby is passive."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AWS_REGION", REGION)
    found = Stack(
        lambda request: handler(request, Context(seconds=75)), answers, lambda _: account.standby_table, account.ssm
    )
    found.deploy(resources())
    found.touched.clear()
    return found
