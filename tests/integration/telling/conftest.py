"""What the tests of this folder are given."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.account import Account, pair_in_moto


@pytest.fixture
def account() -> Iterator[Account]:
    """Have a pair with four backends in moto that has been watched for two minutes."""
    with pair_in_moto() as account:
        account.ticks(2)
        yield account
