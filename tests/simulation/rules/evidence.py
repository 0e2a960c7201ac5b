"""What a failover has to rest on: enough backends that failed lately, most of those heard, and a way out for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nat_failover.probing.rounds import look_back
from nat_failover.probing.signals import HEARD_WITHIN
from nat_failover.settings import Settings
from tests.gate.harshness import Harshness
from tests.simulation.account.account import ModelAccount
from tests.simulation.account.weather import SLOW, STALE_BY
from tests.simulation.histories.history import History
from tests.simulation.rules.actor import Actor
from tests.simulation.rules.truth import Truth

# The longest that an agent which can't reach Systems Manager may be late with a command, and with its answer.
DELIVERY = 30.0
# After so many seconds a backend that is well has been heard: two ticks.
UNHEARD = 120.0
# Kinds of steps that keep the function from asking or hearing.
HINDERING = frozenset(
    {
        *("ticks are lost", "a tick is late", "a permission is missing", "the function is killed", "a host lies"),
        *("an agent restarts", "a backend reboots", "backends come up cut off", "a backend is replaced"),
        *("a person pauses", "a person scribbles in the lock", "a clock is wrong"),
    }
)
# From what an invocation reads of EC2 to its record, where it waits for others first, in seconds.
AT_MOST = 60.0
# Whoever is back says so only after so many seconds: three answers in a row.
BACK = 5.0
# Calls that an invocation makes one after the other before it decides, beside those that it waits by.
TO_LOOK = 8


@dataclass(frozen=True)
class Tolerance:
    """How far what the function knows may be from what is so, without its fault; in seconds.

    Attributes:
        stale: the age of an answer.
        slow: what a call may take beyond the usual.
        call: what a call usually takes at most.
        clock: the error of a time that hosts tell.
        all_answered: whoever can answer has been asked, and its answer has been read.
    """

    stale: float
    slow: float
    call: float
    clock: float
    all_answered: bool = False

    @staticmethod
    def of(history: History) -> Tolerance:
        """Give that of a history."""
        wrong_times = any(step.kind in ("a clock is wrong", "a host lies") for step in history.steps)
        delivery = 1.5 * history.slower
        return Tolerance(
            STALE_BY if history.may_be("stale") else Harshness().stale_for[1] * bool(history.harsh),
            SLOW[1] if history.may_be("slow") else 0.0,
            0.25 * history.slower,
            (DELIVERY if wrong_times else 0.0) + delivery,
            history.share == 0 and not history.storms and HINDERING.isdisjoint(step.kind for step in history.steps),
        )

    @property
    def of_a_call(self) -> float:
        """Between the beginning of a call and its effect."""
        return self.call

    @property
    def of_reading(self) -> float:
        """Between what a reading tells of, and what is done by it at once."""
        return self.stale + self.slow + self.call

    @property
    def of_a_reading_before_a_write(self) -> float:
        """Between the reading before a record, and the record."""
        # The second half of the one call and the first of the other; those of Systems Manager take half as long.
        return self.stale + self.slow + 0.52 * self.call


def missing_evidence(
    truth: Truth,
    account: ModelAccount,
    actor: Actor,
    record: Mapping[str, Any],
    decided_at: float,
    tolerance: Tolerance,
) -> tuple[int, str] | None:
    """Give the rule that a failover breaks by its beginning, and why; None where there is nothing to object.

    Args:
        actor: that has begun it.
        record: that it has written.
        decided_at: when it was decided, seconds since the epoch.
    """
    settings = actor.settings
    late = tolerance.stale + tolerance.slow + tolerance.call
    # What is older than a few seconds may be over by now, unless it was heard while the invocation looked.
    young = min(settings.freshness, max(HEARD_WITHIN, decided_at - actor.begun) + BACK)
    since = decided_at - young - tolerance.clock - late
    # Calls may take less than the longest, and what they tell of may be as young as this.
    latest = decided_at + tolerance.of_a_call
    failing = truth.failing(since, latest)
    if len(failing) < settings.failure_threshold:
        return (
            3,
            f"a failover begins though only {failing or 'nobody'} may have failed just before",
        )
    if not _way_out_since(truth, settings, str(record["to"]), since, latest, tolerance):
        return 2, f"a failover begins though no packet would have got out by {record['to']} since the failures"
    if objection := _of_the_active_nat(truth, account, settings, record, (since, decided_at, tolerance.stale)):
        return 3, f"a failover begins, though {objection}"
    well = truth.well(since - UNHEARD, decided_at) if tolerance.all_answered else []
    if len(failing) * 100 <= (len(failing) + len(well)) * settings.failure_share:
        return 3, f"a failover begins though of {len(failing) + len(well)} backends {well} are well"
    active = settings.nat_of(str(record["from"]))
    launched = account.holdings.instances[active].launched_at
    runs_for = decided_at - launched
    # An invocation looks once, and may then wait for what it lacks.
    warming = settings.confirm_for + TO_LOOK * tolerance.call + late < runs_for < settings.warm_up - late
    if warming and not truth.online_since(launched, decided_at):
        return 3, f"a failover begins {runs_for:.0f} s after {active} was started, and nobody was online since"
    return None


def rests_on_ec2(
    truth: Truth, settings: Settings, record: Mapping[str, Any], claimed_at: float, tolerance: Tolerance
) -> bool:
    """Tell whether EC2 has called the NAT that is left going or gone, which takes no failures.

    What the passive NAT says of itself, and backends of the way through it, is as old as a watch may be.
    """
    left, to = str(record["from"]), str(record["to"])
    since = claimed_at - AT_MOST - tolerance.stale - tolerance.slow
    active, passive = settings.nat_of(left), settings.nat_of(to)
    return (
        not truth.warned_of_both(active, passive, claimed_at)
        and truth.has_forwarded(passive, since - look_back(settings), claimed_at)
        and truth.leads(to, passive, since, claimed_at)
        and truth.ec2_says_gone(active, passive, since, claimed_at)
    )


def _of_the_active_nat(
    truth: Truth,
    account: ModelAccount,
    settings: Settings,
    record: Mapping[str, Any],
    times: tuple[float, float, float],
) -> str | None:
    """Give what speaks for the NAT that is left: that it carries, or that it never has."""
    since, decided_at, stale = times
    table = str(record["from"])
    if not truth.liars and truth.carried(table, since - stale, decided_at):
        return f"what {table} leads to has carried all the time"
    active = settings.nat_of(table)
    if not truth.has_worked(active, decided_at) and _has_run_since(account, active, since):
        return f"no backend was ever online through {active}"
    return None


def _has_run_since(account: ModelAccount, nat: str, since: float) -> bool:
    """Tell whether EC2 has called an instance running ever since: of one that is gone no backend has to tell."""
    known = account.holdings.instances.get(nat)
    return known is not None and known.state == "running" and known.launched_at < since


def _way_out_since(
    truth: Truth, settings: Settings, table: str, since: float, until: float, tolerance: Tolerance
) -> bool:
    """Tell whether the table carried at a moment by which enough backends had begun to fail."""
    return any(
        len(truth.failing(since, min(spell.until, until) + tolerance.clock)) >= settings.failure_threshold
        for spell in truth.spells("carries", table, since - tolerance.stale, until)
    )
