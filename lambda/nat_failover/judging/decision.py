"""Pure: from what is known to a decision, which carries its reason."""

from __future__ import annotations

from collections.abc import Sequence

from nat_failover.judging.causes import Action, Cause, Decision
from nat_failover.judging.evidence import (
    Evidence,
    askable,
    current,
    may_have_died,
    never_online,
    warming_up,
    weigh,
)
from nat_failover.judging.fitness import why_unfit
from nat_failover.judging.handover import handover
from nat_failover.judging.nat_gone import is_still_there, nat_gone
from nat_failover.judging.situation import Situation
from nat_failover.lock.record import LockState
from nat_failover.network.egress_address import unaddressed
from nat_failover.probing.observation import Observation
from nat_failover.probing.signals import HEARD_WITHIN
from nat_failover.probing.survey import Backends, in_words, lost_in_words, survey
from nat_failover.settings import Settings

__all__ = ["Action", "Cause", "Decision", "decide"]

# What is missing is asked for once it has had this many seconds to come by itself.
COMES_WITHIN = 1.5
# After this many it is listened at the passive NAT again, which may have recovered: who is offline goes on signalling.
ASK_AGAIN_AFTER = 5.0


def decide(situation: Situation, settings: Settings) -> Decision:
    """Decide; the first reason to hold that applies is the one given."""
    backends = survey(situation.backends, situation.now, settings)
    hold = _not_allowed(situation, backends)
    if hold is not None:
        return hold
    _, passive = situation.sides(settings)
    gone = nat_gone(situation, backends, settings)
    if gone is not None:
        cause = Cause.HANDOVER if is_still_there(situation, backends, settings) else Cause.NAT_GONE
        return Decision(Action.FAIL_OVER, cause, gone, backends.failing, to_table=passive.table)
    ending = handover(situation, backends, settings)
    if ending is not None:
        return Decision(Action.FAIL_OVER, Cause.HANDOVER, ending, to_table=passive.table)
    decision = _judged(backends, situation, settings)
    if decision.action is Action.FAIL_OVER and not may_have_died(situation, settings):
        return _never_online(backends, situation, settings)
    return decision


def _judged(backends: Backends, situation: Situation, settings: Settings) -> Decision:
    threshold = settings.failure_threshold
    _, passive = situation.sides(settings)
    stale = tuple(f.host for f in backends.failing if f not in backends.fresh)
    if len(backends.failing) >= threshold > len(backends.fresh):
        return Decision(
            Action.HOLD,
            Cause.UNCONFIRMED,
            f"{len(backends.failing)} backends could not reach the Internet when last heard, "
            f"but only {len(backends.fresh)} of them within {settings.freshness:g} s: asking again",
            backends.failing,
            ask=askable((passive.nat, *stale), situation),
        )
    if never_online(situation, backends, settings):
        return _never_online(backends, situation, settings)
    if len(backends.usable) < threshold:
        return _too_few(backends, situation, settings)
    if len(backends.fresh) < threshold:
        return _few_failures(backends, stale, situation, settings)
    return _enough_failures(backends, situation, settings)


def _not_allowed(situation: Situation, backends: Backends) -> Decision | None:
    if situation.lock is not LockState.ARMED:
        reason = f"{situation.lock_reason} ({in_words(backends, situation.moved_at)})"
        return Decision(Action.HOLD, Cause.LOCKED, reason, backends.fresh)
    if situation.active is None:
        if any(situation.subnets.values()):
            where = "; ".join(f"{t}: {', '.join(s) or 'none'}" for t, s in sorted(situation.subnets.items()))
            return Decision(
                Action.HOLD,
                Cause.SPLIT,
                f"the protected subnets are split over both route tables ({where}), and no failover is under way: "
                "associate all of them with one",
            )
        return Decision(
            Action.HOLD,
            Cause.NO_SUBNETS,
            f"no subnet is explicitly associated with {' or '.join(sorted(situation.subnets))}: "
            "associate the private subnets with the primary route table",
        )
    return None


def _never_online(backends: Backends, situation: Situation, settings: Settings) -> Decision:
    active, _ = situation.sides(settings)
    return Decision(
        Action.HOLD,
        Cause.NEVER_ONLINE,
        f"{len(backends.failing)} of {len(backends.latest)} backends {lost_in_words(backends.failing)}, and no backend "
        f"has ever reached the targets ({', '.join(settings.targets)}) through the active NAT {active.nat}: that is no "
        "sign of a dead NAT",
        backends.failing,
    )


def _too_few(backends: Backends, situation: Situation, settings: Settings) -> Decision:
    seen = f"{len(backends.usable)} of {len(backends.latest)} backends asked can be judged"
    if len(backends.usable) + len(backends.waiting) >= settings.failure_threshold:
        ask = askable(sorted(backends.waiting), situation)
        reason = f"{seen}, {len(backends.waiting)} have yet to answer"
        return Decision(Action.HOLD, Cause.WAITING, reason, ask=ask)
    return Decision(
        Action.HOLD,
        Cause.CANNOT_JUDGE,
        f"can't judge: {seen}, {settings.failure_threshold} are needed ({in_words(backends)})",
        backends.failing,
    )


def _few_failures(backends: Backends, stale: tuple[str, ...], situation: Situation, settings: Settings) -> Decision:
    count = len(backends.failing)
    if count == 0:
        return Decision(Action.HOLD, Cause.HEALTHY, f"all is well ({in_words(backends)})")
    return Decision(
        Action.HOLD,
        Cause.FEW_FAILURES,
        f"{count} of {len(backends.usable)} backends {lost_in_words(backends.failing)}, "
        f"{settings.failure_threshold} are needed to fail over",
        backends.failing,
        ask=askable(stale, situation),
    )


def _enough_failures(backends: Backends, situation: Situation, settings: Settings) -> Decision:
    found = weigh(backends.fresh, situation)
    counted = found.counted | _hosts(backends.fresh)
    seen = f"{len(backends.fresh)} of {len(counted)} backends {lost_in_words(backends.fresh)}"
    if len(found.offline) < settings.failure_threshold:
        reason = (
            f"{seen}, but {', '.join(sorted(_hosts(found.elsewhere)))} can through the active NAT's proof port: the "
            "NAT works, and a failover would not help"
        )
        return Decision(Action.HOLD, Cause.NOT_THE_NAT, reason, backends.fresh)
    if not found.is_share(found.offline, settings):
        return _too_small_a_share(seen, found, backends, situation, settings)
    _, passive = situation.sides(settings)
    unfit = why_unfit(situation.passive_route, passive.nat, situation.nats)
    if unfit is not None:
        reason = f"{seen}, but {unfit}: a failover would not help"
        return Decision(Action.HOLD, Cause.CONTROL_DOWN, reason, backends.fresh)
    if not found.is_enough(found.proven, settings):
        return _unproven(seen, found, backends, situation, settings)
    return _proven(seen, found, situation, settings)


def _proven(seen: str, found: Evidence, situation: Situation, settings: Settings) -> Decision:
    """Fail over, unless machines have only just booted, or it may be over by now."""
    _, passive = situation.sides(settings)
    warm = warming_up(situation, settings)
    if warm is not None:
        return Decision(Action.HOLD, Cause.WARM_UP, f"{seen}, but {warm}", found.offline)
    still = current(found.proven, situation)
    if len(still) < settings.failure_threshold:
        reason = f"{seen}, but only {len(still)} were heard within the last {HEARD_WITHIN:g} s: asking again"
        ask = askable((passive.nat, *(o.host for o in found.proven if o not in still)), situation)
        return Decision(Action.HOLD, Cause.UNCONFIRMED, reason, found.proven, ask=ask)
    return Decision(
        Action.FAIL_OVER,
        Cause.ENOUGH_FAILURES,
        f"{seen}, while {len(found.proven)} of them can through the passive NAT {passive.nat}",
        found.proven,
        to_table=passive.table,
    )


def _too_small_a_share(
    seen: str, found: Evidence, backends: Backends, situation: Situation, settings: Settings
) -> Decision:
    """Hold: others behind the same NAT are online, or may be; whoever has not said it is asked."""
    _, passive = situation.sides(settings)
    late = situation.now - max(f.at for f in backends.fresh) > COMES_WITHIN
    return Decision(
        Action.HOLD,
        Cause.FEW_FAILURES,
        f"{seen}, but a failover takes more than {settings.failure_share} % of them",
        backends.fresh,
        ask=askable((passive.nat, *sorted(found.silent)), situation) if late else (),
    )


def _unproven(seen: str, found: Evidence, backends: Backends, situation: Situation, settings: Settings) -> Decision:
    """Hold, since too few have got through the passive NAT."""
    _, passive = situation.sides(settings)
    nat = situation.nats.get(passive.nat)
    without = None if nat is None else unaddressed(nat, settings)
    if without is not None:
        return Decision(Action.HOLD, Cause.CONTROL_DOWN, f"{seen}, but {without}", backends.fresh)
    untried = len(found.offline) - len(found.proven) - len(found.unproven)
    if len(found.proven) + untried >= settings.failure_threshold and untried:
        return Decision(
            Action.HOLD,
            Cause.UNCONFIRMED,
            f"{seen}; whether they can through the passive NAT {passive.nat} is not known yet",
            backends.fresh,
            ask=askable((passive.nat, *sorted(_hosts(found.offline))), situation),
        )
    deaf = max(situation.listeners, key=lambda o: o.at, default=None)
    why = f", which can't listen: {deaf.deaf}" if deaf is not None and deaf.deaf else ""
    latest = max((f.at for f in found.unproven), default=situation.now)
    again = (passive.nat,) if situation.now - latest > ASK_AGAIN_AFTER else ()
    return Decision(
        Action.HOLD,
        Cause.CONTROL_DOWN,
        f"{seen}, and {len(found.unproven)} of them can't through the passive NAT {passive.nat} either{why}: "
        "the Internet or the standby is broken, and a failover would not help",
        backends.fresh,
        ask=askable(again, situation),
    )


def _hosts(observations: Sequence[Observation]) -> frozenset[str]:
    return frozenset(o.host for o in observations)
