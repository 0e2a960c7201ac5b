"""Pure: what is lost of what backends send through the active NAT while they are online: packets, or pings alone."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median

from nat_failover.probing.invocation import State
from nat_failover.probing.observation import Observation
from nat_failover.probing.probe_report import Lately
from nat_failover.settings import Settings

# From how many per cent on people are told.
LOSSY = 10
# Of fewer no share is told.
LEAST_SENT = 20
# Of fewer pings, as a quick check sends them, no share is told.
LEAST_PINGS = 3


def loss(observations: Iterable[Observation], settings: Settings) -> float | None:
    """Return how much backends lose, in per cent: the median, so that the trouble of a few is none of the NAT.

    Args:
        observations: every one of a backend.
        settings: of the pair.

    Returns:
        None where too few have told.
    """
    reports = _latest(o for o in observations if o.state is State.REACHABLE and o.lately is not None)
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


def without_pings(observations: Iterable[Observation], settings: Settings) -> tuple[Observation, ...] | None:
    """Return the latest reports of backends that are online and have lost most of their pings, where these are most.

    Args:
        observations: every one of a backend. Of pings only its own report tells, at the end of a watch.
        settings: of the pair.

    Returns:
        None where too few have reported to tell; empty where pings are answered.
    """
    reports = _latest(
        o for o in observations if o.state is State.REACHABLE and not o.relayed_by and o.pings[1] >= LEAST_PINGS
    )
    if len(reports) < settings.failure_threshold:
        return None
    lost = tuple(o for _, o in sorted(reports.items()) if 2 * o.pings[0] < o.pings[1])
    return lost if settings.is_enough(len(lost), len(reports)) else ()


def _latest(observations: Iterable[Observation]) -> dict[str, Observation]:
    """Return each host's latest observation."""
    found: dict[str, Observation] = {}
    for o in observations:
        found[o.host] = max(o, found.get(o.host, o), key=lambda each: each.at)
    return found
