"""Pure: watches that may have ended without their own word, and events that tell so."""

from __future__ import annotations

from nat_failover.events import StatusChange
from nat_failover.judging.view import View
from nat_failover.lock.record import LockState
from nat_failover.probing.invocation import State
from nat_failover.probing.observation import Observation
from nat_failover.probing.rounds import Kind
from nat_failover.probing.signals import LISTENS_AFTER, is_unheard


def is_doubted(watch: Observation, view: View) -> bool:
    """Return whether a watch may have ended, though it is listed as running.

    A result that could not be sent is kept by the agent for minutes, and one that restarts may tell nothing of what it
    ran. Where nobody listens any more at the passive NAT, no backend gets through; and of a backend that watches no
    more the listener hears nothing.
    """
    _, passive = view.nats
    if watch.host == passive:
        return any(
            o.by_passive is False and not o.relayed_by and o.at > watch.asked_at + LISTENS_AFTER for o in view.backends
        )
    return watch.host not in view.settings.nats and is_unheard(watch, view.listeners, view.backends)


def is_broken_off(view: View, event: StatusChange, now: float) -> bool:
    """Return whether an event tells of a watch that has ended without its own word, while nobody is offline.

    The passive NAT tells so of those whom it hears no more. What ends as soon as it begins is asked by ticks only;
    whoever has been asked since is asked again by ticks only, too.
    """
    if view.locks.lock.state is not LockState.ARMED or any(o.state is State.UNREACHABLE for o in view.backends):
        return False
    host = event.instance_id
    watches = [round_ for round_ in view.rounds if round_.kind is Kind.WATCH and host in round_.hosts]
    if watches:
        newest = max(watches, key=lambda round_: round_.asked_at)
        is_old = newest.command_id == event.command_id and now - newest.asked_at >= view.settings.period
        if is_old and any(o.host == host and o.state is State.BROKEN for o in view.by_round[newest.command_id]):
            return True
    _, passive = view.nats
    return host == passive and any(is_doubted(o, view) for o in view.observations if o.running_until is not None)
