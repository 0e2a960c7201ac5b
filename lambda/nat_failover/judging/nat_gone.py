"""Pure: EC2's own word that the active NAT is going or gone, which no backend has to confirm.

It is taken at ticks and at the event that a NAT goes, when all instances have just been described, the backends' with
the NATs': an environment that stops for the night stops its backends, too, and nothing is moved then. Somebody must be
left who gains by it: a backend that runs, by EC2's word, and was heard a moment ago. A watch says only at its end that
all was well, so that moment is as long as what a host has said holds: until its next watch has ended (``look_back``,
twelve minutes by default).
"""

from __future__ import annotations

from nat_failover.judging.evidence import weigh
from nat_failover.judging.fitness import why_unfit
from nat_failover.judging.situation import Situation
from nat_failover.lock.record import EC2_SAYS
from nat_failover.network.egress_address import unaddressed
from nat_failover.network.instances import UNKNOWN
from nat_failover.probing.survey import Backends
from nat_failover.settings import Handover, Settings


def nat_gone(situation: Situation, backends: Backends, settings: Settings) -> str | None:
    """Return in words that EC2 has the active NAT stopping, stopped or terminated, and a swap helps; None where not."""
    active, passive = (side.nat for side in situation.sides(settings))
    nat = situation.nats.get(active)
    if nat is None or not nat.is_leaving:
        return None
    if is_still_there(situation, backends, settings) and settings.handover is Handover.TELL:
        return None
    running = left_behind(situation, backends, settings)
    if running is None:
        return None
    return (
        f"{EC2_SAYS} {active} is {nat.state}, while {running} backends run, and nothing is known against the passive "
        f"NAT {passive}"
    )


def left_behind(situation: Situation, backends: Backends, settings: Settings) -> str | None:
    """Return how many backends run, as ``4 of 5``; None where nobody would gain by a swap, or nobody is known to.

    That is: nobody was heard a moment ago, most of them go as well, or something is known against the passive NAT.
    """
    _, passive = situation.sides(settings)
    running = [instance for instance in situation.fleet if instance.state == "running"]
    # What is not listed any more has ended a while ago, and what EC2 can't tell of may have.
    ended = [each for each in situation.fleet if each.is_leaving or each.is_lost or each.state == UNKNOWN]
    if not running or not backends.usable:
        return None
    if 2 * len(ended) > len(situation.fleet) or not _is_fit(passive.nat, situation, backends, settings):
        return None
    return f"{len(running)} of {len(situation.fleet)}"


def is_still_there(situation: Situation, backends: Backends, settings: Settings) -> bool:
    """Return whether the active NAT is on its way down, and nobody has missed it yet: then it is handed over."""
    active, _ = situation.sides(settings)
    nat = situation.nats.get(active.nat)
    return nat is not None and nat.is_going and not backends.failing


def _is_fit(passive: str, situation: Situation, backends: Backends, settings: Settings) -> bool:
    """Return whether neither EC2, nor the passive NAT, nor backends that have just tried it speak against it."""
    known = situation.nats.get(passive)
    if known is None or unaddressed(known, settings) or situation.passive_trouble:
        return False
    tried = weigh(backends.fresh, situation)
    proven_otherwise = bool(tried.unproven) and len(tried.unproven) >= len(tried.proven)
    return not proven_otherwise and why_unfit(situation.passive_route, passive, situation.nats) is None
