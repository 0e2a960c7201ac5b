"""What the tests of this folder are given; a module that needs it otherwise has its own by the same name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.integration.account import Account, pair_in_moto
from tests.integration.acting import Acting
from tests.integration.behind_a_nat import Network


@pytest.fixture
def account() -> Iterator[Account]:
    """Have a pair in moto."""
    with pair_in_moto() as account:
        yield account


@pytest.fixture
def acting(account: Account) -> Acting:
    """Be an invocation."""
    return Acting(account)


@pytest.fixture
def network() -> Iterator[Network]:
    """Have a machine that is to become a NAT, a host behind it, and an Internet."""
    with ExitStack() as stack:
        yield Network(stack)


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """Have the machine's disk."""
    return tmp_path / "disk"
