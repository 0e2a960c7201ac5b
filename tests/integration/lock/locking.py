"""What the tests of lock and claim do with them, and read beside them."""

from __future__ import annotations

import json
from dataclasses import replace

from nat_failover.lock.held import HeldLock
from nat_failover.lock.record import LockState, Record
from nat_failover.lock.store import LockStore
from tests.integration.account import Account


def taken(store: LockStore, owner: str = "request-1") -> HeldLock:
    """Take the claim, which has to succeed."""
    held = store.take(owner)
    assert held is not None
    return held


def taken_as_well(store: LockStore, owner: str = "request-2") -> HeldLock:
    """Take the claim though another has it, as nobody should."""
    seen = store.read()
    assert seen.claim is not None
    held = store.take(owner, replace(seen, claim=replace(seen.claim, until=0.0)))
    assert held is not None
    return held


def record(account: Account, state: LockState = LockState.FAILING_OVER, owner: str = "request-1") -> Record:
    """Write down a failover."""
    tables = account.primary_table, account.standby_table
    return Record(state, owner, account.clock.now(), *tables, {"subnet-a": "rtbassoc-a"}, ("i-1 UNREACHABLE",), "why")


def claim(account: Account) -> dict[str, object]:
    """Read the claim's value."""
    found: dict[str, object] = json.loads(account.parameter(account.settings.claim_parameter) or "null")
    return found


def put_claim(account: Account, value: str) -> int:
    """Write the claim's value, and give its version."""
    name = account.settings.claim_parameter
    return int(account.ssm.put_parameter(Name=name, Value=value, Type="String", Overwrite=True)["Version"])
