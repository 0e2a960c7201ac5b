"""What must be reached, and whether it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tests.bench.outage import EVENTS_LOST, NOTICED, OURS, PERIOD, PROMPT, WITHOUT_ENDPOINTS, Sample, offline
from tests.bench.statistics import percentile


@dataclass(frozen=True)
class Bar:
    """One bar: what, how far it may go, how far it went."""

    bar: str
    limit: float
    measured: float
    met: bool

    def told(self) -> dict[str, Any]:
        """Give it for JSON."""
        return asdict(self)


def at_most(bar: str, limit: float, measured: float) -> Bar:
    """Judge what must not be more."""
    return Bar(bar, limit, round(measured, 3), measured <= limit)


def at_least(bar: str, limit: float, measured: float) -> Bar:
    """Judge what must not be less."""
    return Bar(bar, limit, round(measured, 3), measured >= limit)


def of_outages(samples: Sequence[Sample], network: str) -> list[Bar]:
    """Judge the outages on a network, at the latencies as they are."""

    def seconds(who: str, failure: str) -> list[float]:
        return offline(samples, lambda s: (s.who, s.failure, s.network, s.slower) == (who, failure, network, 1.0))

    bars = []
    for failure, late in (*((failure, 6.0) for failure in PROMPT), (WITHOUT_ENDPOINTS, 7.0)):
        found = seconds(OURS, failure)
        bars.append(at_most(f"outage, {network}, {failure}, median, s", 4.5, percentile(found, 50)))
        bars.append(at_most(f"outage, {network}, {failure}, 95th percentile, s", late, percentile(found, 95)))
    slowest = max(seconds(OURS, EVENTS_LOST))
    bars.append(at_most(f"outage, {network}, {EVENTS_LOST}, maximum, s", PERIOD + 10, slowest))
    return bars


def of_ratios(samples: Sequence[Sample], network: str, factors: Mapping[str, float]) -> list[Bar]:
    """Judge how many times shorter ours is at the median, on the same network, after the same failure."""
    bars = []
    for peer, factor in factors.items():
        medians = [
            percentile(
                offline(
                    samples,
                    lambda s, who=who: (s.who, s.failure, s.network, s.slower) == (who, NOTICED[peer], network, 1.0),  # type: ignore[misc]  # noqa: B023
                ),
                50,
            )
            for who in (OURS, peer)
        ]
        bars.append(at_least(f"times shorter than ({peer}), {network}, median", factor, medians[1] / medians[0]))
    return bars


def of_false_failovers(days: Mapping[str, Any]) -> list[Bar]:
    """Judge the virtual days."""
    return [at_most(f"false failovers in {days['days']} virtual days", 0, days["false_failovers"]["ours"])]
