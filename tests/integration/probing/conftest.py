"""What the tests of this folder are given."""

from __future__ import annotations

import pytest

from nat_failover.probing.run_command import Probe
from tests.integration.account import Account


@pytest.fixture
def probe(account: Account) -> Probe:
    """Return what sends the pair's probe document and reads what comes of it."""
    return Probe(account.clients.ssm, account.settings, account.clock, account.fleet)
