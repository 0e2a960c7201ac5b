"""What is told while the pair is locked, of backends that have said nothing since the failover."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nat_failover.lock.record import LockState
from nat_failover.probing.survey import AFTERMATH
from tests.examples import NOW, PRIMARY_TABLE, RECORD, STANDBY_TABLE, TICK
from tests.fuzz.function import FAILED_AT, HOSTS, LOCK, Function


@pytest.mark.parametrize(("after", "offline"), [(1.0, False), (-AFTERMATH - 2, True)])
def test_who_was_offline_before_the_failover_and_is_silent_since_is_not_called_offline(
    after: float, offline: bool
) -> None:
    function = Function()
    function.account.holdings.associations = {
        association: (subnet, STANDBY_TABLE)
        for association, (subnet, table) in function.account.holdings.associations.items()
        if table == PRIMARY_TABLE
    }
    moved = replace(RECORD, state=LockState.FAILED_OVER, since=FAILED_AT + after, seconds=0.5, outcome="moved")
    function.put(LOCK, moved.text())
    function.clock.time = NOW + 20
    result = function.invoke(TICK)
    assert result["cause"] == "LOCKED"
    assert ("OfflineWhileLocked" in function.measured.getvalue()) is offline
    in_words = f"({len(HOSTS)} {'unreachable' if offline else 'not heard since the failover'})"
    assert in_words in str(result["reason"])
    unreachable = len(HOSTS) if offline else 0
    assert f'"BackendsUnreachable":[{unreachable}.0]' in function.measured.getvalue().replace(" ", "")
