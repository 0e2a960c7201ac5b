"""Re-arming, pausing, resuming: a person's words in the lock, written by whoever holds the claim."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime

from nat_failover.cli.errors import CommandError
from nat_failover.cli.operator.fitness import Check, bad, examine
from nat_failover.cli.operator.operator import Hand, Say
from nat_failover.cli.operator.preview import other_than_active
from nat_failover.cli.operator.public_address import await_address
from nat_failover.lock.record import ARMED, LockState
from nat_failover.lock.store import LockView
from nat_failover.network.route_table_pair import Tables
from nat_failover.probing.invocation import State
from nat_failover.telling.formats import counted

# What people write is shortened to this, or the lock would not hold it.
LONGEST_REASON = 500


@dataclass(frozen=True)
class Readiness:
    """What an armed lock would be worth.

    Attributes:
        locks: lock and claim, as they were read.
        tables: both route tables, as they were read.
        checks: of the passive NAT; none where there is no passive one.
        refusals: why arming would be of no use, a sentence each.
        warnings: what a person should know.
    """

    locks: LockView
    tables: Tables
    checks: tuple[Check, ...]
    refusals: tuple[str, ...]
    warnings: tuple[str, ...]


def readiness(hand: Hand, say: Say) -> Readiness:
    """Find out whether the pair is worth arming.

    Raises:
        botocore.exceptions.ClientError: AWS refuses.
        RouteTablesError: a route table of the pair is missing.
    """
    settings = hand.settings
    locks, tables = hand.runtime.together([hand.lock.read, hand.routes.read])
    refusals: list[str] = []
    warnings: list[str] = []
    checks: list[Check] = []
    backends = [host.instance for host in hand.backends()]
    if tables.active is None:
        try:
            other_than_active(tables, settings)
        except CommandError as why:
            refusals.append(str(why).partition(":")[0])
        observations = hand.ask(backends)
    else:
        passive = settings.other_table(tables.active)
        await_address(hand, settings.nat_of(passive), say)
        say(f"asking the passive NAT {settings.nat_of(passive)}, and {counted(len(backends), 'backend')}")
        checks, observations = hand.runtime.together(
            [lambda: examine(hand, tables, passive), lambda: hand.ask(backends)]
        )
        refusals += [
            f"the passive NAT {settings.nat_of(passive)}: {check.name}: {check.detail}" for check in bad(checks)
        ]
    states = [observation.state for observation in observations.values()]
    usable = [state for state in states if state in (State.REACHABLE, State.UNREACHABLE)]
    if len(usable) < settings.failure_threshold:
        warnings.append(
            f"{len(usable)} backends can be judged, and a failover takes {settings.failure_threshold} that fail"
        )
    offline = states.count(State.UNREACHABLE)
    if offline >= settings.failure_threshold:
        warnings.append(f"{offline} backends are offline now: once armed, the function fails over")
    return Readiness(locks, tables, tuple(checks), tuple(refusals), tuple(warnings))


def arm(hand: Hand, say: Say, expected: LockView) -> None:
    """Write ``armed`` into the lock.

    Args:
        hand: means of the person.
        say: tells the person how it goes.
        expected: the lock as the person has seen it.

    Raises:
        CommandError: it is another by now.
    """
    _write(hand, say, expected, ARMED)


def pause(hand: Hand, say: Say, expected: LockView, reason: str) -> None:
    """Write that the pair is paused, by whom, since when and why.

    Raises:
        CommandError: the lock is another by now.
    """
    fields = {
        "state": LockState.PAUSED.value,
        "by": hand.owner,
        "since": datetime.fromtimestamp(hand.runtime.now(), UTC).isoformat(timespec="seconds"),
        "reason": reason[:LONGEST_REASON],
    }
    _write(hand, say, expected, json.dumps(fields, separators=(",", ":")))


def _write(hand: Hand, say: Say, expected: LockView, text: str) -> None:
    held = hand.claim(say)
    try:
        lock = held.read()
        if lock.text != expected.lock.text:
            raise CommandError(
                f"nothing was changed: somebody has just written the lock ({lock.reason}); run it again",
                section="the-lock",
            )
        held.write_text(text)
    finally:
        # Nothing of EC2 was changed: nobody has to wait for the lease's end.
        held.give_up()
