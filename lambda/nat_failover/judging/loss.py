"""Pure: how much of what backends send through the active NAT is lost, while they are online."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median

from nat_failover.probing.invocation import State
from nat_failover.probing.observation import Observation
from nat_failover.probing.probe_report import Lately
from nat_failover.settings import Settings

# Of fewer no share is told.
LEAST_SENT = 20


def loss(observations: Iterable[Observation], settings: Settings) -> float | None:
    """Return how much backends lose, in per cent: the median, so that the trouble of a few is none of the NAT.

    Args:
        observations: every one of a backend.
        settings: of the pair.

    Returns:
        None where too few have told.
    """
    reports: dict[str, Observation] = {}
    for o in observations:
        if o.state is State.REACHABLE and o.lately is not None:
            reports[o.host] = max(o, reports.get(o.host, o), key=lambda each: each.at)
    known = [lost for o in reports.values() if o.lately is not None and (lost := lost_of(o.lately)) is not None]
    return median(known) if len(known) >= settings.failure_threshold else None


def lost_of(lately: Lately) -> float | None:
    """Return how much a backend has lost, in per cent; none where only pings, or only connections, were lost.

    Targets may answer few pings, and something on the way may block either: a NAT loses both alike. Of means that never
    come through nothing is concluded; where connections don't, nothing at all.
    """
    if not lately.connections:
        return None
    means = [(lately.connections, lately.connections_made)]
    if lately.pings:
        means.append((lately.pings, lately.pings_sent))
    sent = sum(made for _, made in means)
    if sent < LEAST_SENT:
        return None
    lost = 100.0 * (sent - sum(came for came, _ in means)) / sent
    return lost if all(100.0 * (made - came) / made >= lost / 2 for came, made in means) else 0.0
