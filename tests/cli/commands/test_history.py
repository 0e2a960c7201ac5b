"""`history` as a process."""

from __future__ import annotations

import json

from nat_failover.lock.record import LockState, Record
from tests.cli.deployed import Deployment


def test_history_as_a_process_tells_of_a_failover_and_of_the_rearming(deployment: Deployment) -> None:
    tables = (deployment.setting("PRIMARY_ROUTE_TABLE"), deployment.setting("STANDBY_ROUTE_TABLE"))
    done = Record(LockState.FAILED_OVER, "id", 1.7e9, *tables, {"subnet-1": "rtbassoc-1"}, ("i-1",), "why", "ok", 0.8)
    deployment.aws.write_lock(done.text())
    deployment.rearm()
    happened = deployment.command.json("history", "main")["main"]
    assert [each["kind"] for each in happened][-2:] == ["failover", "re-armed"]
    assert happened[-2]["seconds"] == 0.8
    assert happened[-2]["to"] == tables[1]
    shown = deployment.command.run("history", "--limit", "2")
    assert shown.returncode == 0, shown.stderr
    assert "2023-11-14 22:13:20 UTC" in shown.stdout
    assert "1 subnet moved" in shown.stdout
    assert json.dumps(happened)
