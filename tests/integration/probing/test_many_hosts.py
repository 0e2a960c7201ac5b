"""A sample as large as one may be, in a larger fleet: no request has more hosts than AWS takes."""

from __future__ import annotations

import pytest

from nat_failover.lock.record import ARMED
from nat_failover.probing.run_command import MOST_HOSTS
from tests.integration.account import Account


@pytest.mark.pair(backends=96)
def test_a_failure_that_two_samples_have_met_is_confirmed_by_both_once_the_pair_is_armed(account: Account) -> None:
    account.configure(sample_size=48)
    account.ticks(10)  # the second sample begins to watch before the first has ended
    account.lock = '{"state": "failed-over"}'
    account.cut_off(*account.backends)
    account.ticks(2)
    assert len({h for c in account.run_command.commands for h in c.arguments["InstanceIds"]}) > MOST_HOSTS
    account.lock = ARMED
    assert account.ticks(1)[0].outcome == "failed-over"
