"""Pure: whether the passive NAT carries the backends' traffic, by what they have tried."""

from __future__ import annotations

from collections.abc import Sequence

from nat_failover.probing.invocation import State
from nat_failover.probing.observation import Observation
from nat_failover.probing.signals import HEARD_WITHIN
from nat_failover.probing.survey import latest_of
from nat_failover.settings import Settings


def tries(backends: Sequence[Observation], settings: Settings) -> tuple[Observation, ...]:
    """Return the latest word of each backend that has tried the passive NAT, its own or a signal that was heard.

    What a quick check did not get through says nothing beside watches: the NAT may have begun to listen after it.
    """
    tried: dict[str, Observation] = {}
    for o in backends:
        sure = o.by_passive or o.relayed_by or o.elapsed >= HEARD_WITHIN or not settings.watches
        if o.by_passive is None or not sure:
            continue
        if o.host not in tried or tried[o.host].at < o.at:
            tried[o.host] = o
    return tuple(tried[host] for host in sorted(tried))


def trouble(
    nat: str, listeners: Sequence[Observation], backends: Sequence[Observation], settings: Settings
) -> str | None:
    """Return what the passive NAT, or what backends have tried through it, says against it; None for nothing.

    Args:
        nat: its instance id.
        listeners: what it has said.
        backends: every observation of a backend, direct or relayed.
        settings: of the pair.
    """
    if not listeners:
        return None
    latest = latest_of(listeners)
    if latest.state not in (State.REACHABLE, State.PENDING):
        return f"the passive NAT {nat} runs, but is {latest.state.value}"
    if latest.deaf:
        return f"the passive NAT {nat} can't listen to the backends: {latest.deaf}"
    tried = tries(backends, settings)
    failed = [o for o in tried if not o.by_passive]
    if not settings.is_enough(len(failed), len(tried)):
        return None
    return (
        f"the passive NAT {nat} runs, but {len(failed)} of {len(tried)} backends did not reach the Internet through it"
    )
