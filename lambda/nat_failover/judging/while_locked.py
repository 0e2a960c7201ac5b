"""Pure: failures of backends while the pair is locked."""

from __future__ import annotations

from nat_failover.lock.record import Lock, LockState
from nat_failover.probing.observation import Observation
from nat_failover.probing.survey import Backends

# Probes that were at their last try during a swap report their failure up to so many seconds after it.
AFTERMATH = 15.0


def offline_though_locked(lock: Lock, backends: Backends) -> tuple[Observation, ...]:
    """Return the failures that a failover has not just mended."""
    record = lock.record
    if record is None or lock.state is not LockState.FAILED_OVER:
        return backends.failing
    moved = record.since + (record.seconds or 0.0) + AFTERMATH
    return tuple(o for o in backends.failing if o.at > moved)
