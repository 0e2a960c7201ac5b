"""What has happened to a pair that does not exist, as `history` has it."""

from __future__ import annotations

from dataclasses import replace

from nat_failover.cli.lock_history import Happening, Version, happenings
from nat_failover.cli.snapshot.snapshot import Snapshot
from nat_failover.lock.record import LockState, Record
from tests.examples import NOW, PRIMARY_TABLE, STANDBY, STANDBY_TABLE, settings

SUBNETS = ("subnet-0aaaaaaaaaaaaaaa1", "subnet-0aaaaaaaaaaaaaaa2")
ROLE = "arn:aws:sts::123456789012:assumed-role/nat-failover-Role-1A2B/nat-failover-main"
ALICE = "arn:aws:iam::123456789012:user/alice"


def past(s: Snapshot) -> list[Happening]:
    """Give what has happened before: a drill, and the way back; and what the lock says last."""
    ways = (PRIMARY_TABLE, STANDBY_TABLE)
    subnets = {subnet: f"rtbassoc-{n}" for n, subnet in enumerate(SUBNETS, 1)}
    why = f"4 of 4 backends can't reach the Internet, while 4 of them can through the passive NAT {STANDBY}"
    drill = Record(LockState.FAILED_OVER, "request-1", NOW - 3_900, *ways, subnets, (), why, "", 0.6, by_hand="drill")
    back = replace(drill, owner=ALICE, since=NOW - 3_620, reason=f"failback in a drill: {ALICE}")
    texts = [
        (NOW - 700_000, "arn:aws:iam::123456789012:user/deploy", "armed"),
        (NOW - 3_899, ROLE, drill.text()),
        (NOW - 3_610, ALICE, replace(back, from_table=ways[1], to_table=ways[0]).text()),
        (NOW - 3_600, ALICE, "armed"),
    ]
    lock = s.lock
    if lock is not None and lock.lock.text not in (None, "armed"):
        texts.append((lock.modified or NOW, ALICE if "paused" in str(lock.lock.text) else ROLE, str(lock.lock.text)))
    return happenings([Version(n, *text) for n, text in enumerate(texts, 1)], settings(), "nat-failover-main")
