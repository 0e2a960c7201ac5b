"""Pure: from what is known to a decision, which carries its reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from nat_failover.judging.control import control_is_missing, from_before_the_recovery, latest_answer, warming_up
from nat_failover.judging.situation import Situation, why_unfit
from nat_failover.lock.record import LockState
from nat_failover.network.egress_address import unaddressed
from nat_failover.probing.observation import Observation, State
from nat_failover.probing.survey import Backends, in_words, lost_in_words, survey
from nat_failover.settings import Settings

# A control that has said no is asked again after this many seconds: it may have recovered.
ASK_AGAIN_AFTER = 5.0


class Action(StrEnum):
    """What is to be done."""

    HOLD = "HOLD"
    FAIL_OVER = "FAIL_OVER"


class Cause(StrEnum):
    """Why, for machines; the reason says it for people."""

    LOCKED = "LOCKED"
    SPLIT = "SPLIT"
    NO_SUBNETS = "NO_SUBNETS"
    CANNOT_JUDGE = "CANNOT_JUDGE"
    WAITING = "WAITING"
    HEALTHY = "HEALTHY"
    FEW_FAILURES = "FEW_FAILURES"
    UNCONFIRMED = "UNCONFIRMED"
    CONTROL_DOWN = "CONTROL_DOWN"
    WARM_UP = "WARM_UP"
    ENOUGH_FAILURES = "ENOUGH_FAILURES"


# What a person must mend, or nothing will be protected.
ALARMING = frozenset({Cause.SPLIT, Cause.NO_SUBNETS, Cause.CANNOT_JUDGE, Cause.UNCONFIRMED, Cause.CONTROL_DOWN})


@dataclass(frozen=True)
class Decision:
    """What is to be done and why.

    Attributes:
        evidence: the failures that it rests on.
        ask: hosts whose answer is missing: with it the decision may become another.
        to_table: where to, for FAIL_OVER.
    """

    action: Action
    cause: Cause
    reason: str
    evidence: tuple[Observation, ...] = ()
    control: Observation | None = None
    ask: tuple[str, ...] = ()
    to_table: str | None = None

    @property
    def alarming(self) -> bool:
        """Whether a person has to look."""
        return self.cause in ALARMING


def decide(situation: Situation, settings: Settings) -> Decision:
    """Decide; the first reason to hold that applies is the one given."""
    backends = survey(situation.backends, situation.now, settings)
    hold = _not_allowed(situation, backends)
    if hold is not None:
        return hold
    threshold = settings.failure_threshold
    stale = tuple(f.host for f in backends.failing if f not in backends.fresh)
    if len(backends.failing) >= threshold > len(backends.fresh):
        return Decision(
            Action.HOLD,
            Cause.UNCONFIRMED,
            f"{len(backends.failing)} backends {_could_not(backends.failing)}, "
            f"but only {len(backends.fresh)} of them within {settings.freshness:g} s: asking again",
            backends.failing,
            ask=_askable(stale, situation.backends, situation, settings),
        )
    if len(backends.usable) < threshold:
        return _too_few(backends, settings)
    if len(backends.fresh) < threshold:
        return _few_failures(backends, stale, situation, settings)
    return _enough_failures(backends, situation, settings)


def _not_allowed(situation: Situation, backends: Backends) -> Decision | None:
    if situation.lock is not LockState.ARMED:
        reason = f"{situation.lock_reason} ({in_words(backends)})"
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


def _too_few(backends: Backends, settings: Settings) -> Decision:
    heard = f"{len(backends.usable)} of {len(backends.latest)} backends asked can be judged"
    if len(backends.usable) + len(backends.waiting) >= settings.failure_threshold:
        return Decision(Action.HOLD, Cause.WAITING, f"{heard}, {len(backends.waiting)} have yet to answer")
    return Decision(
        Action.HOLD,
        Cause.CANNOT_JUDGE,
        f"can't judge: {heard}, {settings.failure_threshold} are needed ({in_words(backends)})",
        backends.failing,
    )


def _few_failures(backends: Backends, stale: tuple[str, ...], situation: Situation, settings: Settings) -> Decision:
    count = len(backends.failing)
    if count == 0:
        return Decision(Action.HOLD, Cause.HEALTHY, f"all is well ({in_words(backends)})")
    passive = _passive_nat(situation, settings)
    ask = (passive,) if backends.fresh and control_is_missing(backends.fresh, situation, settings) else ()
    return Decision(
        Action.HOLD,
        Cause.FEW_FAILURES,
        f"{count} of {len(backends.usable)} backends {lost_in_words(backends.failing)}, "
        f"{settings.failure_threshold} are needed to fail over",
        backends.failing,
        ask=_askable((*ask, *stale), (*situation.backends, *situation.control), situation, settings),
    )


def _enough_failures(backends: Backends, situation: Situation, settings: Settings) -> Decision:
    seen = f"{len(backends.fresh)} of {len(backends.usable)} backends {lost_in_words(backends.fresh)}"
    # Of silent ones "can" would say that it can answer.
    silent = any(o.state is State.SILENT for o in backends.fresh)
    can = "can reach the Internet" if silent else "can"
    passive = _passive_nat(situation, settings)
    unfit = why_unfit(situation.passive_route, passive, situation.nats)
    if unfit is not None:
        reason = f"{seen}, but {unfit}: a swap would help nobody"
        return Decision(Action.HOLD, Cause.CONTROL_DOWN, reason, backends.fresh)
    control, covered = latest_answer(backends.fresh, situation, settings)
    if control is None or control.state is not State.REACHABLE:
        return _unproven((seen, can), control, backends, situation, settings)
    warm = warming_up(control, situation, settings)
    if warm is not None:
        return Decision(Action.HOLD, Cause.WARM_UP, f"{seen}, but {warm}", backends.fresh, control)
    doubtful = from_before_the_recovery(covered, situation)
    if len(covered) - len(doubtful) < settings.failure_threshold:
        return Decision(
            Action.HOLD,
            Cause.UNCONFIRMED,
            f"{seen}, but until just now neither could the passive NAT {passive}, which {can} again: asking once more",
            backends.fresh,
            control,
            ask=_askable(doubtful, situation.backends, situation, settings),
        )
    assert situation.active is not None  # noqa: S101 - _not_allowed has returned otherwise # nosec B101
    return Decision(
        Action.FAIL_OVER,
        Cause.ENOUGH_FAILURES,
        f"{seen}, while the passive NAT {passive} {can}",
        covered,
        control,
        to_table=settings.other_table(situation.active),
    )


def _could_not(failures: Sequence[Observation]) -> str:
    if all(o.state is State.SILENT for o in failures):
        return "did not answer when last asked"
    silent = " or did not answer" if any(o.state is State.SILENT for o in failures) else ""
    return f"could not reach the Internet{silent} when last heard"


def _unproven(
    words: tuple[str, str], control: Observation | None, backends: Backends, situation: Situation, settings: Settings
) -> Decision:
    """Hold, since the passive NAT has not said that it has what the backends have lost.

    Args:
        words: what the backends have lost, and that the passive NAT can do it.
    """
    seen, can = words
    passive = _passive_nat(situation, settings)
    nat = situation.nats.get(passive)
    # Only here: what it says itself since the trouble began proves more than EC2's word, which may be a little old.
    without = None if nat is None else unaddressed(nat, settings)
    if without is not None:
        return Decision(Action.HOLD, Cause.CONTROL_DOWN, f"{seen}, but {without}", backends.fresh, control)
    if control is None:
        return Decision(
            Action.HOLD,
            Cause.UNCONFIRMED,
            f"{seen}; waiting for the passive NAT {passive} to say whether it {can}",
            backends.fresh,
            ask=_askable((passive,), situation.control, situation, settings),
        )
    again = (passive,) if situation.now - control.at > ASK_AGAIN_AFTER else ()
    return Decision(
        Action.HOLD,
        Cause.CONTROL_DOWN,
        f"{seen}, but neither can the passive NAT {passive} be relied on, it is {control.state.value}: "
        "the Internet or the standby is what is broken, a swap would help nobody",
        backends.fresh,
        control,
        ask=_askable(again, situation.control, situation, settings),
    )


def _passive_nat(situation: Situation, settings: Settings) -> str:
    assert situation.active is not None  # noqa: S101 - _not_allowed has returned otherwise # nosec B101
    return settings.nat_of(settings.other_table(situation.active))


def _askable(
    hosts: Sequence[str], observations: Sequence[Observation], situation: Situation, settings: Settings
) -> tuple[str, ...]:
    """Leave out those who have been asked just now and may still answer.

    A watch that has just begun tells of a backend's failure soon enough; of the control a quick answer is wanted.
    """
    control = {o.host for o in situation.control}
    asked = {
        o.host
        for o in observations
        if o.state is State.PENDING
        and (o.answers_soon or o.host not in control)
        and situation.now - o.asked_at < settings.silence_after
    }
    return tuple(host for host in hosts if host not in asked)
