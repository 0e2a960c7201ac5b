"""Pure checks of the lock."""

from __future__ import annotations

from nat_failover.cli.checks.finding import Findings, error, warning
from nat_failover.cli.snapshot.snapshot import Snapshot
from nat_failover.lock.record import LockState
from nat_failover.telling.formats import ago


def armed(s: Snapshot) -> Findings:
    """A lock that is not armed."""
    if s.lock is None:
        return
    lock, name = s.lock.lock, s.pair.name
    since = "" if s.lock.modified is None else f" for {ago(s.lock.modified, s.now)}"
    match lock.state:
        case LockState.ARMED:
            if s.lock.modified is None:
                yield warning(
                    "lock-missing",
                    f"there is no parameter {s.settings.lock_parameter}",
                    "it counts as armed, but its history is gone",
                    f"nat-failover rearm {name}{s.options}",
                )
        case LockState.PAUSED:
            remedy = f"nat-failover resume {name}{s.options}"
            yield error("paused", f"the pair has been paused{since}", "nothing is watched", remedy)
        case LockState.FAILING_OVER:
            if s.lock.modified is not None and s.now - s.lock.modified > s.settings.claim_lease + 2 * s.settings.period:
                yield error(
                    "stuck",
                    f"a failover has been under way{since} and has not ended",
                    "its subnets may be offline",
                    f"aws logs tail {s.pair.log_group} --since 1h{s.options}",
                )
        case _:
            yield error(
                "locked",
                lock.reason,
                "nothing fails over until it is re-armed",
                f"nat-failover rearm {name}{s.options}",
            )


CHECKS = (armed,)
