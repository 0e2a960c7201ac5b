"""``nat-failover rearm``, ``pause`` and ``resume``: whether the function may act."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from nat_failover.cli.account.pairs import Deployed, one
from nat_failover.cli.console import confirm
from nat_failover.cli.errors import CommandError, Exit
from nat_failover.cli.operator.arming import arm, readiness
from nat_failover.cli.operator.arming import pause as write_pause
from nat_failover.cli.operator.outcome import Act, Outcome
from nat_failover.cli.operator.screen import progress, show_checks
from nat_failover.cli.options import Force, Name, Yes
from nat_failover.lock.record import Lock, LockState
from nat_failover.settings import Mode

ANSWER = "--yes"


def rearm(act: Act, pair: Name = None, force: Force = False, yes: Yes = False) -> Exit | None:
    """Let the function fail over again.

    Refused while the passive NAT is dead or unfit, since nothing would be protected, unless forced.
    """
    act.require_answer(ANSWER, given=yes)
    return _arm(act, one(act.where, pair), force=force, yes=yes)


def resume(act: Act, pair: Name = None, force: Force = False, yes: Yes = False) -> Exit | None:
    """End a pause.

    As careful as a re-arm: refused while the passive NAT is dead or unfit, unless forced.
    """
    act.require_answer(ANSWER, given=yes)
    deployed = one(act.where, pair)
    lock = act.takes_in_hand(deployed).lock.read().lock
    if lock.state not in (LockState.PAUSED, LockState.ARMED):
        raise CommandError(
            f"pair {deployed.name} is not paused but {lock.reason}",
            steps=("To arm it:", f"  nat-failover rearm {deployed.name}{act.where.options}"),
            section="the-lock",
        )
    return _arm(act, deployed, force=force, yes=yes)


def pause(
    act: Act,
    pair: Name = None,
    reason: Annotated[str, typer.Option(help="Why, for whoever looks at the lock.")] = "",
    yes: Yes = False,
) -> Exit | None:
    """Keep the function from probing and from failing over, for maintenance.

    Nothing is watched while the pair is paused, and nobody is told of a dead NAT.
    """
    act.require_answer(ANSWER, given=yes)
    deployed = one(act.where, pair)
    console, hand = act.console, act.takes_in_hand(deployed)
    locks = hand.lock.read()
    lock = locks.lock
    if lock.state is LockState.PAUSED:
        act.came_to(Outcome.NOTHING, f"pair {deployed.name} is paused already")
        console.print(act.in_words)
        return None
    if lock.state is LockState.FAILING_OVER:
        raise CommandError(f"nothing was changed: {lock.reason}; it can't be stopped half-way", section="the-lock")
    confirm(console, _so_far(lock), f"Pause pair {deployed.name}?", yes=yes)
    act.begun = True
    with progress(console) as say:
        write_pause(hand, say, locks, reason)
    act.then = f"nat-failover resume {deployed.name}{act.where.options}"
    act.came_to(Outcome.DONE, f"paused: nothing is probed, nothing fails over until {act.then}")
    console.print(Text(act.in_words))
    return None


def _arm(act: Act, pair: Deployed, *, force: bool, yes: bool) -> Exit | None:
    console, hand = act.console, act.takes_in_hand(pair)
    with progress(console) as say:
        found = readiness(hand, say)
    lock = found.locks.lock
    act.checks, act.warnings = found.checks, list(found.warnings)
    if lock.state is LockState.ARMED:
        act.came_to(Outcome.NOTHING, f"pair {pair.name} is armed already")
        console.print(act.in_words)
    if found.checks:
        active = found.tables.active or ""
        show_checks(console, found.checks, pair.settings.nat_of(pair.settings.other_table(active)))
    if pair.settings.mode is Mode.OBSERVE:
        act.warnings.append("the mode is observe: the function decides and tells, but does not move anything")
    if lock.state is LockState.ARMED or force:
        act.warnings += found.refusals
    for warning in act.warnings:
        console.print(Text.assemble(("warning: ", "yellow"), warning))
    if lock.state is LockState.ARMED:
        return Exit.TROUBLE if found.refusals else None
    if lock.state is LockState.FAILING_OVER and not force:
        raise CommandError(
            f"nothing was changed: {lock.reason}; the function finishes it within two minutes. If it does not, --force",
            section="the-lock",
        )
    if found.refusals and not force:
        act.why = list(found.refusals)
        raise CommandError(
            "not armed, because it would not help: " + "; ".join(found.refusals),
            section="passive-nat-unhealthy" if found.checks else "subnets-split",
        )
    confirm(console, _so_far(lock), f"Arm pair {pair.name}?", yes=yes)
    act.begun = True
    with progress(console) as say:
        arm(hand, say, found.locks)
    act.came_to(Outcome.DONE, f"armed: pair {pair.name} may fail over once")
    console.print(Text(act.in_words))
    return None


def _so_far(lock: Lock) -> list[str]:
    lines = [f"the lock: {lock.reason}"]
    if lock.record is not None:
        lines += [f"  {text}" for text in (lock.record.reason, lock.record.outcome) if text]
    return lines
