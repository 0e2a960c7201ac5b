"""Pure: from everything that the hosts have said to what holds of each of them now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from nat_failover.probing.observation import Observation, State
from nat_failover.settings import Settings

# Two failures of a host are one trouble where no more than this many seconds between them went unwatched.
JOINED = 60.0


@dataclass(frozen=True)
class Backends:
    """The latest word of every backend, sorted by what it is good for.

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
    """Sort the backends by their latest word."""
    latest = {host: latest_word(of) for host, of in by_host(observations).items()}
    recent = now - settings.period - settings.freshness
    words = {host: word for host, word in latest.items() if word.at >= recent}
    failed = _failed_states(words.values(), settings)
    failing = tuple(word for _, word in sorted(words.items()) if word.state in failed)
    return Backends(
        latest=latest,
        usable=frozenset(host for host, word in words.items() if word.state in {State.REACHABLE, *failed}),
        failing=failing,
        fresh=tuple(word for word in failing if now - word.at <= settings.freshness),
        waiting=frozenset(host for host, word in words.items() if word.state is State.PENDING),
    )


def _failed_states(words: Iterable[Observation], settings: Settings) -> frozenset[State]:
    """Return which states count as failures.

    Silence counts only where the NAT is the one way to SSM, and then only while no host is heard to be online:
    a dead NAT silences all of them, while agents that restart or machines that go away leave others talking.
    """
    if not settings.count_silence or any(w.state is State.REACHABLE for w in words):
        return frozenset({State.UNREACHABLE})
    return frozenset({State.UNREACHABLE, State.SILENT})


def by_host(observations: Sequence[Observation]) -> dict[str, list[Observation]]:
    """Group observations by host."""
    grouped: dict[str, list[Observation]] = {}
    for observation in observations:
        grouped.setdefault(observation.host, []).append(observation)
    return grouped


def latest_word(observations: Sequence[Observation]) -> Observation:
    """Return the word of a host that holds: its latest that says something, else that it is being asked.

    Where it has failed several times on end, its trouble began with the first of them.
    """
    words = in_order(observations)
    if not words:
        return max(observations, key=lambda o: o.asked_at)
    last = words[-1]
    if last.state is not State.UNREACHABLE:
        return last
    earliest = last
    for word in reversed(words[:-1]):
        # A probe that was answered before its loss began has seen the end of any trouble before.
        if word.state is not State.UNREACHABLE or earliest.answered_first or earliest.began_at - word.at > JOINED:
            break
        earliest = word
    return replace(last, since=min(last.since, earliest.since))


def in_order(observations: Iterable[Observation]) -> list[Observation]:
    """Sort what has been said by the time that it holds for; what is inferred yields to later answers.

    A watch that says nothing may have lost its process, a question may have got lost: neither stands against what the
    host has itself said to a later question. Where it has said that it is well, a watch that goes on says so, too.
    """
    words = [o for o in observations if o.state is not State.PENDING]
    answer = max((o for o in words if o.explicit), key=lambda o: (o.asked_at, o.at), default=None)
    standing = [
        o
        for o in words
        if o.explicit or answer is None or o.asked_at >= answer.asked_at or o.state is answer.state is State.REACHABLE
    ]
    return sorted(standing, key=lambda o: (o.at, o.asked_at))


def in_words(backends: Backends) -> str:
    """Count the backends by their latest word."""
    counts: dict[str, int] = {}
    for word in backends.latest.values():
        counts[_word(word.state)] = counts.get(_word(word.state), 0) + 1
    return ", ".join(f"{count} {word}" for word, count in sorted(counts.items())) or "no backend has been asked"


def lost_in_words(failures: Sequence[Observation]) -> str:
    """Say of failures what has been seen of them: of one that is silent, nothing but that."""
    offline = [o.host for o in failures if o.state is not State.SILENT]
    silent = [o.host for o in failures if o.state is State.SILENT]
    said = [f"can't reach the Internet ({', '.join(offline)})"] if offline or not silent else []
    return " or ".join([*said, f"do not answer ({', '.join(silent)})"] if silent else said)


def _word(state: State) -> str:
    match state:
        case State.REACHABLE:
            return "reachable"
        case State.UNREACHABLE:
            return "unreachable"
        case State.WARMING_UP:
            return "warming up"
        case State.SILENT:
            return "silent"
        case State.BROKEN:
            return "broken"
        case State.PENDING:
            return "yet to answer"
        case _:
            assert_never(state)
