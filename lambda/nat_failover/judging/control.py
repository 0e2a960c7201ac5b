"""Pure: what the passive NAT has said, and what that is worth as a control."""

from __future__ import annotations

from math import inf

from nat_failover.judging.situation import Situation
from nat_failover.probing.observation import Observation, State
from nat_failover.probing.survey import in_order
from nat_failover.settings import Settings


def latest_answer(
    failures: tuple[Observation, ...], situation: Situation, settings: Settings
) -> tuple[Observation | None, tuple[Observation, ...]]:
    """Return the control's latest answer that is later than the beginning of enough failures, and those failures.

    An answer from before the trouble says nothing about it: if the whole Internet is gone, it was there before.
    """
    answers = [o for o in in_order(situation.control) if o.explicit or o.state is State.SILENT]
    for answer in reversed(answers):
        if situation.now - answer.at > settings.freshness:
            break
        covered = tuple(f for f in failures if f.since <= answer.answered_from)
        if len(covered) >= settings.failure_threshold:
            return answer, covered
    return None, ()


def from_before_the_recovery(failures: tuple[Observation, ...], situation: Situation) -> tuple[str, ...]:
    """Return the hosts whose failure the passive NAT has shared, and who have not been asked since it recovered.

    What both have lost was the Internet, and they may have it again by now, the one as well as the other.
    """
    answers = [o for o in in_order(situation.control) if o.explicit]
    shared_until = max((o.at for o in answers if o.state is State.UNREACHABLE), default=-inf)
    recovered = min(
        (o.answered_from for o in answers if o.state is State.REACHABLE and o.at > shared_until), default=situation.now
    )
    return tuple(f.host for f in failures if f.since <= shared_until and f.asked_at < recovered)


def control_is_missing(failures: tuple[Observation, ...], situation: Situation, settings: Settings) -> bool:
    """Return whether the passive NAT has said nothing since the last of these failures, or too long ago."""
    latest = max((o.answered_from for o in situation.control if o.explicit), default=-inf)
    return latest < max(f.since for f in failures) or situation.now - latest > settings.freshness


def warming_up(control: Observation, situation: Situation, settings: Settings) -> str | None:
    """Return which NAT was started less than the warm-up ago, in words; None where none was."""
    if control.uptime is not None and control.uptime < settings.warm_up:
        return f"the passive NAT {control.host} has booted {control.uptime:.0f} s ago, less than {settings.warm_up} s"
    for instance in settings.nats:
        nat = situation.nats.get(instance)
        if nat is not None and nat.launched_at is not None and situation.now - nat.launched_at < settings.warm_up:
            return (
                f"the NAT {instance} was started {situation.now - nat.launched_at:.0f} s ago, "
                f"less than {settings.warm_up} s: machines that boot may come in any order"
            )
    return None
