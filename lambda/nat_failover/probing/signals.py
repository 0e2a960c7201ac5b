"""Pure: what hosts have said by their signals to a listener."""

from __future__ import annotations

from collections.abc import Mapping

from nat_failover.probing.invocation import State
from nat_failover.probing.observation import Observation
from nat_failover.probing.probe_report import Signal

# Whoever has said nothing for longer is not counted among those heard, in seconds: a host that is online signals every
# five.
HEARD_WITHIN = 6.0


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


def _state(signal: Signal) -> State:
    """Return what a signal says; a host that was online and has signalled no more since is taken for well no longer."""
    if not signal.online:
        return State.UNREACHABLE
    return State.REACHABLE if signal.age <= HEARD_WITHIN else State.SILENT
