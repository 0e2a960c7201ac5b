"""Pure: failures of backends while the pair is locked."""

from __future__ import annotations

from math import inf

from nat_failover.lock.record import Lock, LockState
from nat_failover.probing.observation import Observation
from nat_failover.probing.survey import AFTERMATH, Backends, is_mended


def moved_at(lock: Lock) -> float:
    """Return when the failover in the lock had moved the subnets; minus infinity where there was none."""
    record = lock.record
    if record is None or lock.state is not LockState.FAILED_OVER:
        return -inf
    return record.since + (record.seconds or 0.0)


def offline_now(lock: Lock, backends: Backends) -> tuple[Observation, ...]:
    """Return the failures that a failover has not ended."""
    return tuple(o for o in backends.failing if not is_mended(o, moved_at(lock)))


def offline_though_locked(lock: Lock, backends: Backends) -> tuple[Observation, ...]:
    """Return those of them that are younger than what the failover's own message has told."""
    return tuple(o for o in backends.failing if o.at > moved_at(lock) + AFTERMATH)
