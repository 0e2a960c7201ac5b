"""What must be reached, and whether it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import inf
from typing import Any

from tests.bench.outage import DEATHS, EVENTS_LOST, NOTICED, OURS, PERIOD, Sample, offline
from tests.bench.statistics import percentile


@dataclass(frozen=True)
class Bar:
    """One bar: what, how far it may go, how far it went."""

    bar: str
    limit: float
    measured: float
    met: bool

    def as_json(self) -> dict[str, Any]:
        """Give it for JSON."""
        return asdict(self)


def at_most(bar: str, limit: float, measured: float) -> Bar:
    """Judge what must not be more."""
    return Bar(bar, limit, round(measured, 3), measured <= limit)


def at_least(bar: str, limit: float, measured: float) -> Bar:
    """Judge what must not be less."""
    return Bar(bar, limit, round(measured, 3), measured >= limit)


def of_outages(samples: Sequence[Sample], network: str) -> list[Bar]:
    """Return the bars of the outages on a network, at the latencies as they are."""
    bars = []
    for endpoints in (True, False):
        ours = [s for s in samples if (s.who, s.network, s.slower, s.endpoints) == (OURS, network, 1.0, endpoints)]
        where = f"{network}, {'with' if endpoints else 'no'} endpoints"
        for failure in DEATHS:
            found = offline(ours, lambda s, failure=failure: s.failure == failure)  # type: ignore[misc]
            late = 20.0 if failure == "nat-loses-60-percent" else 6.0 if endpoints else 7.0
            if late < 20.0:
                bars.append(at_most(f"outage, {where}, {failure}, median, s", 4.5, percentile(found, 50)))
            bars.append(at_most(f"outage, {where}, {failure}, 95th percentile, s", late, percentile(found, 95)))
        slowest = max(offline(ours, lambda s: s.failure == EVENTS_LOST))
        bars.append(at_most(f"outage, {where}, {EVENTS_LOST}, maximum, s", PERIOD + 10, slowest))
        took = [_verified_after(s) for s in ours if s.failure in DEATHS]
        bars.append(at_most(f"verification after the swap, {where}, 95th percentile, s", 4.0, percentile(took, 95)))
    return bars


def _verified_after(sample: Sample) -> float:
    """Return the seconds from the swap to the word that every backend is online; endless where it never came."""
    return sample.steps.get("verified", inf) - sample.steps.get("swapped", 0.0)


def of_ratios(samples: Sequence[Sample], network: str, factors: Mapping[str, float]) -> list[Bar]:
    """Return how many times shorter ours is at the median, on the same network, after the same failure."""
    bars = []
    for peer, factor in factors.items():
        alike = [s for s in samples if (s.failure, s.network, s.slower) == (NOTICED[peer], network, 1.0)]
        theirs = percentile(offline(alike, lambda s, peer=peer: s.who == peer), 50)  # type: ignore[misc]
        for endpoints in (True, False):
            chosen = OURS, endpoints
            own = percentile(offline(alike, lambda s, chosen=chosen: (s.who, s.endpoints) == chosen), 50)  # type: ignore[misc]
            what = f"times shorter than ({peer}), {network}, {'with' if endpoints else 'no'} endpoints, median"
            bars.append(at_least(what, factor, theirs / own))
    return bars


def of_days(days: Mapping[str, Any], deaths: Mapping[str, Any]) -> list[Bar]:
    """Return the bars of the virtual days, and of the virtual deaths."""
    return [
        at_most(f"false failovers in {days['days']} virtual days", 0, days["false_failovers"]["ours"]),
        *(
            at_most(f"missed failovers in {kind['deaths']} deaths {circumstances}", 0, kind["missed"])
            for circumstances, kind in deaths.items()
        ),
    ]
