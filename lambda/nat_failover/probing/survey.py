"""Pure: from everything that the hosts have said to what holds of each of them now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import assert_never

from nat_failover.probing.invocation import State
from nat_failover.probing.observation import Observation
from nat_failover.probing.rounds import Round, look_back
from nat_failover.settings import Settings

NOT_SINCE = "not heard since the failover"
# Probes that were at their last try during a swap report their failure up to so many seconds after it.
AFTERMATH = 15.0
# What a host says itself counts as so many seconds later than what a listener says that it has said.
BEFORE_RELAYED = 2.0
# Two failures of a host are one trouble where no more than this many seconds between them went unwatched.
JOINED = 60.0


@dataclass(frozen=True)
class Backends:
    """The latest observation of every backend, sorted by what it is good for.

    Attributes:
        usable: hosts that have said something recently, for better or worse.
        failing: failures not refuted since, fresh or not.
        fresh: failures young enough to be evidence.
        waiting: hosts that have been asked and have said nothing yet.
    """

    latest: Mapping[str, Observation]
    usable: frozenset[str]
    failing: tuple[Observation, ...]
    fresh: tuple[Observation, ...]
    waiting: frozenset[str]


def survey(observations: Sequence[Observation], now: float, settings: Settings) -> Backends:
    """Sort the backends by their latest observation.

    What a host has said holds until the end of its next watch: for as long it has no reason to say anything.
    """
    latest = {host: latest_of(of) for host, of in by_host(observations).items()}
    recent = {host: o for host, o in latest.items() if o.at >= now - look_back(settings)}
    failing = tuple(o for _, o in sorted(recent.items()) if o.state is State.UNREACHABLE)
    return Backends(
        latest=latest,
        usable=frozenset(host for host, o in recent.items() if o.state in (State.REACHABLE, State.UNREACHABLE)),
        failing=failing,
        fresh=tuple(o for o in failing if now - o.at <= settings.freshness),
        waiting=frozenset(host for host, o in recent.items() if o.state is State.PENDING),
    )


def by_host(observations: Sequence[Observation]) -> dict[str, list[Observation]]:
    """Group observations by host."""
    grouped: dict[str, list[Observation]] = {}
    for observation in observations:
        grouped.setdefault(observation.host, []).append(observation)
    return grouped


def has_listened(active: str, observations: Sequence[Observation]) -> bool:
    """Return whether the active NAT is known to have listened: else that nobody got through its port says nothing.

    Its agent may hang, and no probe run there. By its last word it listened, or somebody got through its port.
    """
    if any(o.by_active for o in observations):
        return True
    of_active = [o for o in observations if o.host == active]
    return bool(of_active) and latest_of(of_active).signals is not None


def latest_of(observations: Sequence[Observation]) -> Observation:
    """Return the observation of a host that holds: its latest that says something, else that it is being asked.

    Where it has failed several times on end, its trouble began with the first of them.
    """
    ordered = in_order(observations)
    if not ordered:
        return max(observations, key=lambda o: o.asked_at)
    last = ordered[-1]
    if last.state is not State.UNREACHABLE:
        return last
    earliest = last
    for before in reversed(ordered[:-1]):
        # A probe that was answered before its loss began has seen the end of any trouble before.
        if before.state is not State.UNREACHABLE or earliest.answered_first or earliest.began_at - before.at > JOINED:
            break
        earliest = before
    return replace(last, since=min(last.since, earliest.since))


def in_order(observations: Iterable[Observation]) -> list[Observation]:
    """Sort what has been said by the time that it holds for; silence yields to what has been said.

    A question may have got lost: that does not stand against what the host has itself said to a later one. Nor does it
    against its word that it is offline: whoever is cut off from Systems Manager is silent, and nothing is inferred from
    that. Of a host that signals no more a listener tells when it was heard last. A direct answer outweighs a signal of
    the same time, which only the listener's host vouches for.
    """
    ordered = sorted((o for o in observations if o.state is not State.PENDING), key=_order)
    answered = [o for o in ordered if o.state is not State.SILENT]
    if not answered:
        return ordered
    if answered[-1].state is State.UNREACHABLE:
        return answered
    asked_at = max(o.asked_at for o in answered)
    return [o for o in ordered if o.state is not State.SILENT or o.relayed_by or o.asked_at >= asked_at]


def _order(observation: Observation) -> tuple[float, float]:
    return observation.at - (BEFORE_RELAYED if observation.relayed_by else 0.0), observation.asked_at


def unanswered(observations: Sequence[Observation]) -> frozenset[str]:
    """Return the hosts that have not answered what they were asked last."""
    newest = {host: max(of, key=lambda o: o.asked_at) for host, of in by_host(observations).items()}
    return frozenset(host for host, o in newest.items() if o.state is State.SILENT)


def is_mended(failure: Observation, moved_at: float) -> bool:
    """Return whether a failure is one that a failover has ended, as far as is known.

    Args:
        moved_at: when it had moved the subnets.
    """
    asked_since = failure.asked_at > moved_at and not failure.relayed_by
    return failure.state is State.UNREACHABLE and failure.at <= moved_at + AFTERMATH and not asked_since


def in_words(backends: Backends, moved_at: float = -inf) -> str:
    """Count the backends by their latest observation; what a failover has ended since says nothing of now."""
    counts: dict[str, int] = {}
    for observation in backends.latest.values():
        label = NOT_SINCE if is_mended(observation, moved_at) else _label(observation.state)
        counts[label] = counts.get(label, 0) + 1
    return ", ".join(f"{count} {label}" for label, count in sorted(counts.items())) or "no backend has been asked"


def lost_in_words(failures: Sequence[Observation]) -> str:
    """Say which hosts are offline."""
    return f"can't reach the Internet ({', '.join(o.host for o in failures)})"


def _label(state: State) -> str:
    match state:
        case State.REACHABLE:
            return "reachable"
        case State.UNREACHABLE:
            return "unreachable"
        case State.SILENT:
            return "silent"
        case State.BROKEN:
            return "broken"
        case State.PENDING:
            return "yet to answer"
        case _:
            assert_never(state)


def all_pending(round_: Round) -> tuple[Observation, ...]:
    """Return what is known of the hosts of a round of which nothing has been read: that they have been asked."""
    at = round_.asked_at
    return tuple(
        Observation(
            host, State.PENDING, at, at, at, False, running_until=round_.ends_at, about=(round_.active, round_.passive)
        )
        for host in round_.hosts
    )
