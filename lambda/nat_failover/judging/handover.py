"""Pure: a NAT whose end AWS has announced, and whether the subnets leave it before.

The NAT still works, so no failure is evidence: a swap has to be known to harm nobody. The passive NAT is proven by what
backends have got through it, and has no end before it that is announced; somebody is left who gains by it.
"""

from __future__ import annotations

from nat_failover.judging import passive_nat
from nat_failover.judging.nat_gone import left_behind
from nat_failover.judging.situation import Situation
from nat_failover.lock.record import LockState
from nat_failover.network.announced import Announced
from nat_failover.probing.survey import Backends
from nat_failover.settings import Handover, Settings


def handover(situation: Situation, backends: Backends, settings: Settings) -> str | None:
    """Return in words that the active NAT is to be left, since its end is near and a swap helps; None where not."""
    active, passive = (side.nat for side in situation.sides(settings))
    end = situation.announced.get(active)
    if end is None or not end.is_due(situation.now) or settings.handover is Handover.TELL:
        return None
    other = situation.announced.get(passive)
    tried = passive_nat.tries(situation.backends, settings)
    proven = [o for o in tried if o.by_passive]
    if (other is not None and not _is_later(other, end)) or not proven:
        return None
    running = left_behind(situation, backends, settings)
    if running is None:
        return None
    return (
        f"{end.in_words}, the active NAT, while {running} backends run, and {len(proven)} of {len(tried)} that have "
        f"tried the passive NAT {passive} got through it"
    )


def _is_later(end: Announced, than: Announced) -> bool:
    return end.at is not None and end.comes_at > than.comes_at


def announced_ends(situation: Situation, settings: Settings) -> tuple[str, ...]:
    """Return what is announced of both NATs, in words; of the passive one not while the pair is locked.

    The NAT that a failover has left is the passive one then, and its end no news.
    """
    active, passive = (side.nat for side in situation.sides(settings))
    nat = situation.nats.get(active)
    sentences = [f"EC2 says that the active NAT {active} is {nat.state}"] if nat is not None and nat.is_going else []
    if active in situation.announced:
        sentences.append(f"{situation.announced[active].in_words}, the active NAT")
    if passive in situation.announced and situation.lock is LockState.ARMED:
        sentences.append(f"{situation.announced[passive].in_words}, the passive NAT: no failover can count on it")
    return tuple(sentences)
