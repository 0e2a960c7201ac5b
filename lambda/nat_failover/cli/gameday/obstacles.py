"""Why a drill can't be held now."""

from __future__ import annotations

from nat_failover.cli.gameday.result import Failure
from nat_failover.cli.operator.arming import readiness
from nat_failover.cli.operator.operator import Hand, Say
from nat_failover.lock.record import LockState
from nat_failover.settings import Mode


def why_not(hand: Hand, failure: Failure, say: Say) -> list[str]:
    """Return why a drill can't be held now; nothing is changed.

    Raises:
        botocore.exceptions.ClientError: AWS refuses.
    """
    found = readiness(hand, say)
    lock = found.locks.lock
    why = [*found.refusals, *found.warnings]
    if lock.state is not LockState.ARMED:
        why.append(f"the pair is not armed: {lock.reason}")
    if failure is Failure.FORWARDING and hand.settings.mode is Mode.OBSERVE:
        why.append("the mode is observe: the function would leave the servers offline; --failure swap moves them")
    return why
