"""Pure: what people are told where a claim that nobody of ours would hold keeps a failover from being made."""

from __future__ import annotations

from nat_failover.judging.conditions import Condition, Findings, Trouble
from nat_failover.judging.decision import Decision
from nat_failover.lock.store import LockView
from nat_failover.network.route_table_pair import Tables


def find_blocked(locks: LockView, decision: Decision, tables: Tables) -> Findings:
    """Return that a failover is blocked; of nothing else it says anything.

    Args:
        locks: as they were read, with a claim.
        decision: the failover.
        tables: of the pair.
    """
    reason = f"{decision.reason}; but a claim is in the way, and no record of a failover appears"
    blocked = Condition(
        Trouble.BLOCKED,
        reason,
        decision.evidence,
        active=tables.active,
        upon=locks.lock.version,
        lasts=locks.lease,
        associations=tables.associations,
    )
    return Findings((blocked,), frozenset(Trouble) - {Trouble.BLOCKED}, decision.reason)
