"""Pure: when a host came to its answer, by the clock of AWS, from what the host has measured itself.

Systems Manager tells no time of its own but that of the asking. Nothing bounds how late an agent starts a command: what
waits behind other commands starts however late, and a result that could not be sent comes minutes later. Start and end
of an invocation are by the host's wall clock, which may be wrong.

Nobody sets a host's uptime. Of each invocation it is known that it did not end before it was asked for and had run: so
the host's boot, by the clock of AWS, was no earlier than that less its uptime then. The latest of these bounds, that of
the invocation that was delivered soonest, is within that delivery's time of the truth, and it holds for every other
invocation of the same boot.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from nat_failover.probing.observation import Observation, held_clock

# A bound that is older than this by the host's uptime is forgotten: no clock is so exact for ever.
KEPT = 3600.0


@dataclass(frozen=True)
class Boot:
    """A host's boot: when it was at the earliest, by the clock of AWS, and at which uptime that was learnt."""

    at: float
    learnt: float


# By host and the boot's id.
Boots = Mapping[tuple[str, str], Boot]
NONE: Boots = {}


def boots_of(observations: Iterable[Observation], known: Boots = NONE) -> dict[tuple[str, str], Boot]:
    """Return the boots of all hosts that have said which it is, with those known before."""
    found = dict(known)
    for observation in sorted(
        (o for o in observations if o.measured), key=lambda o: o.measured.uptime if o.measured else 0.0
    ):
        measured = observation.measured
        if measured is None or not measured.boot:
            continue
        key = observation.host, measured.boot
        boot = Boot(observation.asked_at + observation.elapsed - measured.uptime, measured.uptime)
        before = found.get(key)
        if before is None or boot.at >= before.at or measured.uptime - before.learnt > KEPT:
            found[key] = boot
    return found


def dated(observations: Iterable[Observation], known: Boots = NONE) -> list[Observation]:
    """Return the observations with each answer's time as near the truth as the host's other answers allow."""
    every = list(observations)
    boots = boots_of(every, known)
    return [_dated(o, boots) for o in every]


def _dated(observation: Observation, boots: Boots) -> Observation:
    measured = observation.measured
    boot = boots.get((observation.host, measured.boot)) if measured is not None else None
    if measured is None or boot is None:
        return observation
    earliest = max(observation.answered_from, min(boot.at + measured.uptime, measured.seen_at))
    at = held_clock(measured, earliest)
    return replace(observation, at=at, since=max(observation.asked_at, at - measured.lost_for), earliest=earliest)
