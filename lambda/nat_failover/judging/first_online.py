"""Pure: whether the pair's backends have ever been online through a NAT, by the means that they are judged by now.

Backends that never reached a target, since nothing lets them, look like those behind a dead NAT. So a swap away from a
NAT takes that it has worked: a backend was online by the route while it was the active one, or got through its proof
port while it was the passive one. Each NAT has a mark, made of all that this hangs on; when that changes, so does the
mark, and what was seen before counts no more. The marks of the NATs that have worked are kept with what has been sent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from math import inf

from nat_failover.foreign_text import read_json
from nat_failover.probing.invocation import State
from nat_failover.probing.observation import Observation
from nat_failover.probing.signals import HEARD_WITHIN
from nat_failover.settings import Settings

# Where they are kept: the name of a field of the memory, see telling/memory.py.
FIELD = "online"
MARK_LENGTH = 16
# Marks by role, ``primary`` or ``standby``.
Marks = Mapping[str, str]


def mark(table: str, settings: Settings) -> str:
    """Return the mark of a route table's NAT: of the table, the NAT and the targets, in whatever order."""
    nat = settings.interface_of(table) or settings.nat_of(table)
    text = " ".join((table, nat, *sorted(settings.targets)))
    return hashlib.sha256(text.encode()).hexdigest()[:MARK_LENGTH]


def marks_of(text: str | None) -> dict[str, str]:
    """Return the marks in a parameter's value; none where there are none, or none that make sense."""
    try:
        marks = read_json(text or "").get(FIELD)
    except (ValueError, AttributeError):
        return {}
    if not isinstance(marks, dict):
        return {}
    found = {role: marks.get(role) for role in ("primary", "standby")}
    return {role: each for role, each in found.items() if isinstance(each, str) and len(each) == MARK_LENGTH}


def worked(
    observations: Iterable[Observation],
    active: str,
    addresses: tuple[str, str],
    settings: Settings,
    until: float = inf,
) -> dict[str, str]:
    """Return the marks of the NATs that backends have been online through.

    Args:
        observations: of backends, direct or relayed.
        active: the route table that the subnets use.
        addresses: private addresses of the active and the passive NAT; empty where they are not known.
        settings: of the pair.
        until: who says later that it is online, does not count; see ``before_failures``.
    """
    passive = settings.other_table(active)
    by_address = {address: table for address, table in zip(addresses, (active, passive), strict=True) if address}
    tables = set()
    every = tuple(observations)
    begun = _begun(every)
    for o in every:
        # A round that named them the other way round is from before the last swap.
        if o.about[1] == addresses[1] and o.about[0] in (addresses[0], "") and _was_online(o, begun, until):
            tables.add(active)
        if o.by_passive and o.about[1] in by_address:
            tables.add(by_address[o.about[1]])
    return {settings.role_of(table): mark(table, settings) for table in tables}


def _begun(observations: Iterable[Observation]) -> Mapping[tuple[str, float], float]:
    """Return when each host is known to have watched, by its own word, in each round: by host and time of asking."""
    begun: dict[tuple[str, float], float] = {}
    for o in observations:
        if not o.relayed_by and o.state in (State.REACHABLE, State.UNREACHABLE):
            begun[o.host, o.asked_at] = min(o.at, begun.get((o.host, o.asked_at), o.at))
    return begun


def before_failures(observations: Iterable[Observation]) -> float:
    """Return until when a first word that a host is online tells that the NAT had worked before hosts were offline.

    Where all come online for the first time, not everybody says so in the same second, and who has yet to do so looks
    as if the NAT had worked and died.
    """
    return max((o.at for o in observations if o.state is State.UNREACHABLE), default=inf) - HEARD_WITHIN


def _was_online(o: Observation, begun: Mapping[tuple[str, float], float], until: float) -> bool:
    """Return whether a host was online by the route during a round, at its end or before.

    A signal shows it only of a host that has begun to watch in that round: before, it may take the listener for the
    active NAT, from before a swap, and what it then tries there looks like a signal.
    """
    if o.relayed_by:
        return o.state is State.REACHABLE and begun.get((o.host, o.asked_at), inf) <= o.at <= until
    if o.state is State.REACHABLE:
        return o.at <= until
    return o.state is State.UNREACHABLE and o.pings[0] > 0
