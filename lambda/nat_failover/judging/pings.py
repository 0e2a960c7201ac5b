"""Pure: whether backends are online by connections alone, since their pings are lost."""

from __future__ import annotations

from collections.abc import Iterable

from nat_failover.probing.invocation import State
from nat_failover.probing.observation import Observation
from nat_failover.settings import Settings

# Of fewer pings, as a quick check sends them, no share is told.
LEAST = 3


def without_pings(observations: Iterable[Observation], settings: Settings) -> tuple[Observation, ...] | None:
    """Return the latest reports of backends that are online and have lost most of their pings, where these are most.

    Args:
        observations: every one of a backend. Of pings only its own report tells, at the end of a watch.
        settings: of the pair.

    Returns:
        None where too few have reported to tell; empty where pings are answered.
    """
    reports: dict[str, Observation] = {}
    for o in observations:
        if o.state is State.REACHABLE and not o.relayed_by and o.pings[1] >= LEAST:
            reports[o.host] = max(o, reports.get(o.host, o), key=lambda each: each.at)
    if len(reports) < settings.failure_threshold:
        return None
    lost = tuple(o for _, o in sorted(reports.items()) if 2 * o.pings[0] < o.pings[1])
    return lost if settings.is_enough(len(lost), len(reports)) else ()
