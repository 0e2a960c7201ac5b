"""Pure: what backends that are offline say of both NATs, and whether it is enough."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from nat_failover.judging.situation import Situation
from nat_failover.probing.invocation import State
from nat_failover.probing.observation import SILENCE_AFTER, Observation
from nat_failover.probing.signals import HEARD_WITHIN
from nat_failover.probing.survey import Backends
from nat_failover.settings import Settings


@dataclass(frozen=True)
class Evidence:
    """What failures come to.

    Attributes:
        counted: hosts that count, whatever they say.
        silent: those of them that count only since they may be watching: they have said nothing of late.
        elsewhere: failures of hosts that get through the active NAT's proof port, and of which EC2 says nothing that
            explains it: it is not the NAT.
        offline: the others.
        proven: those of them that get through the passive NAT.
        unproven: those of them that have tried the passive NAT, and don't.
    """

    counted: frozenset[str]
    silent: frozenset[str]
    elsewhere: tuple[Observation, ...]
    offline: tuple[Observation, ...]
    proven: tuple[Observation, ...]
    unproven: tuple[Observation, ...]

    def is_enough(self, failures: tuple[Observation, ...], settings: Settings) -> bool:
        """Return whether failures are as many as it takes, and a large enough share of those heard."""
        return settings.is_enough(len(failures), len(self.counted))

    def is_share(self, failures: tuple[Observation, ...], settings: Settings) -> bool:
        """Return whether failures are a large enough share of those heard."""
        return settings.is_share(len(failures), len(self.counted))


def weigh(failures: Iterable[Observation], situation: Situation) -> Evidence:
    """Return what fresh failures come to.

    A host that is watching, and of which nothing is known, may be online: it counts as long as no listener has spoken
    that would have heard it, and unless it has not answered a quick check either. A quick look hears those that are
    offline, who signal every second, but few of the others.

    Args:
        failures: the latest observations of hosts that are offline.
        situation: of the pair.
    """
    fresh = tuple(failures)
    # A proof port is an address of the NAT's own: a check that is on, or a route that is gone, does not touch it.
    offline = tuple(f for f in fresh if f.by_active is not True or situation.active_unfit)
    latest = max((f.at for f in offline or fresh), default=situation.now)
    spoken_at = [o.at for o in situation.listeners if o.signals is not None and o.elapsed >= HEARD_WITHIN]
    complete_at = [at for at in spoken_at if at >= latest - HEARD_WITHIN]
    since = min([latest, *complete_at]) - HEARD_WITHIN
    spoken = {State.REACHABLE, State.UNREACHABLE}
    # A direct answer that outweighs a later signal must not hide that its host was heard.
    spoke = {o.host for o in situation.backends if (o.state in spoken or o.relayed_by) and o.at >= since}
    silent = frozenset() if complete_at else frozenset(_may_watch(situation.backends) - spoke)
    return Evidence(
        frozenset(spoke | silent),
        silent,
        tuple(f for f in fresh if f not in offline),
        offline,
        tuple(f for f in offline if f.by_passive),
        tuple(f for f in offline if f.by_passive is False),
    )


def _may_watch(observations: Iterable[Observation]) -> set[str]:
    """Return the hosts with a watch under way, but those that have not answered a quick check since it was sent."""
    answers: dict[str, Observation] = {}
    watching: dict[str, float] = {}
    for o in observations:
        if o.running_until is not None and not o.answers_soon:
            watching[o.host] = max(o.asked_at, watching.get(o.host, o.asked_at))
        elif o.state is not State.PENDING and not o.relayed_by and answers.get(o.host, o).asked_at <= o.asked_at:
            answers[o.host] = o
    silent = {host: o.asked_at for host, o in answers.items() if o.state is State.SILENT}
    return {host for host, asked_at in watching.items() if silent.get(host, asked_at) <= asked_at}


def current(failures: Iterable[Observation], situation: Situation) -> tuple[Observation, ...]:
    """Return the failures that still hold, as far as can be known.

    A host that is offline signals every second, and goes on after its verdict. What is older than a few seconds was
    held up: in a queue, by a late event, by an invocation that waited. It may be over, unless it was heard since this
    invocation began to look: a slow answer to its own question is no older than the question.
    """
    return tuple(
        f for f in failures if situation.now - f.at <= HEARD_WITHIN or situation.looking_since <= f.at <= situation.now
    )


def warming_up(situation: Situation, settings: Settings) -> str | None:
    """Return in words that the active NAT was started less than the warm-up ago; None once it was seen to work."""
    active, _ = situation.sides(settings)
    nat = situation.nats.get(active.nat)
    if nat is None or nat.launched_at is None or situation.now - nat.launched_at >= settings.warm_up:
        return None
    started = nat.launched_at
    if any(o.state is State.REACHABLE and o.at > started for o in situation.backends):
        return None
    return (
        f"the active NAT {active.nat} was started {situation.now - started:.0f} s ago, less than {settings.warm_up} s: "
        "machines that start together come up in any order"
    )


def may_have_died(situation: Situation, settings: Settings) -> bool:
    """Return whether the active NAT has ever carried what backends send, or EC2 itself says that it is gone."""
    active, _ = situation.sides(settings)
    nat = situation.nats.get(active.nat)
    return situation.has_worked or (nat is not None and (nat.is_leaving or nat.is_lost))


def never_online(situation: Situation, backends: Backends, settings: Settings) -> bool:
    """Return whether backends are offline, and none was ever online through the active NAT, though EC2 says it runs.

    It takes a large enough share of all that have been asked: who has yet to answer may be the first that was online.
    """
    if may_have_died(situation, settings):
        return False
    enough = len(backends.fresh) >= settings.failure_threshold or not backends.waiting
    return enough and settings.is_share(len(backends.failing), len(backends.usable | backends.waiting))


def askable(hosts: Iterable[str], situation: Situation) -> tuple[str, ...]:
    """Leave out those who have been asked just now and may still answer.

    Only by a quick check: a watch may be under way for minutes, and it says nothing of now that it is.
    """
    pending = {
        o.host
        for o in (*situation.backends, *situation.listeners)
        if o.state is State.PENDING and o.answers_soon and situation.now - o.asked_at < SILENCE_AFTER
    }
    return tuple(host for host in hosts if host not in pending)
