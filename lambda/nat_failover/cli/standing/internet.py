"""Pure: whether the backends are online now, by what they have said and how long ago that was."""

from __future__ import annotations

from nat_failover.cli.checks.backends import is_over, latest
from nat_failover.cli.snapshot.snapshot import Snapshot
from nat_failover.cli.standing.standing import Internet, InternetStanding
from nat_failover.lock.record import LockState
from nat_failover.probing.invocation import State
from nat_failover.probing.observation import Observation
from nat_failover.probing.rounds import look_back
from nat_failover.telling.formats import iso

CONCLUSIVE = (State.REACHABLE, State.UNREACHABLE)


def internet_of(s: Snapshot) -> InternetStanding:
    """Return whether the backends are online now; what was so before the subnets were moved is no sign of it."""
    observations = _observations(s)
    current = {
        host: observation
        for host, observation in observations.items()
        if observation.state in CONCLUSIVE
        and observation.at >= s.now - look_back(s.settings)
        and not is_over(s, observation)
    }
    offline = [observation for observation in current.values() if observation.state is State.UNREACHABLE]
    online = [observation for observation in current.values() if observation.state is State.REACHABLE]
    state = _state(s, len(offline), len(current))
    # What makes the state what it is, and the last that anybody has said where nothing does any more.
    telling = (
        offline or online or [observation for observation in observations.values() if observation.state in CONCLUSIVE]
    )
    heard_at = max((observation.at for observation in telling), default=None)
    since = min((observation.since for observation in offline), default=None) if offline else _moved_at(s)
    return InternetStanding(
        state,
        None if since is None else iso(since),
        None if heard_at is None else iso(heard_at),
        None if heard_at is None else max(0.0, s.now - heard_at),
        heard_at is None or s.now - heard_at > s.settings.period,
        len(online),
        len(offline),
        len(observations),
        s.settings.failure_threshold,
    )


def _observations(s: Snapshot) -> dict[str, Observation]:
    """Return the latest observation of each backend that runs in one of the pair's subnets."""
    return {
        host: observation for host, observation in latest(s).items() if s.view is not None and s.view.is_there(host)
    }


def _state(s: Snapshot, offline: int, answering: int) -> Internet:
    if not answering:
        return Internet.UNKNOWN
    if s.settings.is_enough(offline, answering):
        return Internet.OFFLINE
    if offline:
        return Internet.PARTLY_OFFLINE
    return Internet.ONLINE if answering >= s.settings.failure_threshold else Internet.CANNOT_JUDGE


def _moved_at(s: Snapshot) -> float | None:
    """Return since when the subnets use the NAT that they use, where the lock tells."""
    record = s.lock.lock.record if s.lock is not None else None
    if record is None or record.state is not LockState.FAILED_OVER or s.view is None:
        return None
    there = record.from_table if record.rolled_back and s.view.tables.active != record.to_table else record.to_table
    return record.since + (record.seconds or 0.0) if s.view.tables.active == there else None
