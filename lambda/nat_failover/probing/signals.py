"""Pure: what hosts have said by their signals to a listener."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from nat_failover.probing.invocation import State
from nat_failover.probing.observation import Observation
from nat_failover.probing.probe_report import Signal

# Whoever has said nothing for longer is not counted among those heard, in seconds: a host that is online signals every
# five.
HEARD_WITHIN = 6.0
# A NAT listens, and a backend signals, so many seconds after it was asked, at the latest.
LISTENS_AFTER = 10.0
# A list of so many signals may be cut off: the probe writes 2,100 characters of them, and of one 26 at most.
FEWEST_OF_CUT_OFF = 80


def relayed(listener: Observation, hosts: Mapping[str, str]) -> list[Observation]:
    """Return what hosts have said by their signals to a listener.

    Args:
        listener: of a NAT; what it has heard is as old as it says.
        hosts: by private address. Who has none of these addresses is left out.
    """
    return [
        Observation(
            hosts[signal.address],
            _state(signal),
            max(listener.asked_at, listener.at - signal.age),
            max(listener.asked_at, listener.at - signal.age),
            listener.asked_at,
            explicit=True,
            detail=f"by a signal to {listener.host}, {signal.age:.1f} s before it told",
            by_active=None if signal.online else False,
            by_passive=signal.through,
            relayed_by=listener.host,
            about=listener.about,
        )
        for signal in listener.signals or ()
        if signal.address in hosts
    ]


def is_unheard(watch: Observation, listeners: Iterable[Observation], backends: Iterable[Observation]) -> bool:
    """Return whether a listener that would have heard a backend's watch has heard nothing of it, by its latest word.

    Where it has heard nobody, nobody may get through to it.

    Args:
        watch: of a backend, listed as running.
        listeners: what the passive NAT has said.
        backends: what the backends have said, by signals, too.
    """
    since = watch.asked_at + LISTENS_AFTER + HEARD_WITHIN
    spoken = [o for o in listeners if o.signals is not None and o.at >= since and o.elapsed >= HEARD_WITHIN]
    if not spoken:
        return False
    latest = max(spoken, key=lambda o: o.at)
    if not 0 < len(latest.signals or ()) < FEWEST_OF_CUT_OFF:
        return False
    heard = {State.REACHABLE, State.UNREACHABLE}
    return not any(
        o.host == watch.host
        and o.state in heard
        and (o.relayed_by == latest.host or o.asked_at == watch.asked_at)
        and o.at >= latest.at - HEARD_WITHIN
        for o in backends
    )


def _state(signal: Signal) -> State:
    """Return what a signal says; a host that was online and has signalled no more since is taken for well no longer."""
    if not signal.online:
        return State.UNREACHABLE
    return State.REACHABLE if signal.age <= HEARD_WITHIN else State.SILENT
