"""``nat-failover rearm``, ``pause`` and ``resume``: whether the function may act."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from nat_failover.cli.act import Force, hand_of, progress, show_checks
from nat_failover.cli.arming import arm, readiness
from nat_failover.cli.arming import pause as write_pause
from nat_failover.cli.console import confirm, output
from nat_failover.cli.errors import CommandError, Exit
from nat_failover.cli.options import Name, Yes
from nat_failover.cli.pairs import Deployed, one
from nat_failover.cli.session import Account
from nat_failover.record import Lock, LockState
from nat_failover.settings import Mode


def rearm(account: Account, pair: Name = None, force: Force = False, yes: Yes = False) -> Exit | None:
    """Let the function fail over again.

    Refused while the protection would be of no use, the passive NAT being dead or unfit, unless forced.
    """
    return _arm(account, one(account, pair), force=force, yes=yes)


def resume(account: Account, pair: Name = None, force: Force = False, yes: Yes = False) -> Exit | None:
    """End a pause.

    As careful as a re-arm: refused while the passive NAT is dead or unfit, unless forced.
    """
    deployed = one(account, pair)
    lock = hand_of(account, deployed).lock.read().lock
    if lock.state not in (LockState.PAUSED, LockState.ARMED):
        raise CommandError(f"pair {deployed.name} is not paused but {lock.reason}: see nat-failover rearm")
    return _arm(account, deployed, force=force, yes=yes)


def pause(
    account: Account,
    pair: Name = None,
    reason: Annotated[str, typer.Option(help="Why, for whoever looks at the lock.")] = "",
    yes: Yes = False,
) -> Exit | None:
    """Keep the function from probing and from failing over, for maintenance.

    Nothing is watched while the pair is paused, and nobody is told of a dead NAT.
    """
    deployed = one(account, pair)
    console, hand = output(), hand_of(account, deployed)
    locks = hand.lock.read()
    lock = locks.lock
    if lock.state is LockState.PAUSED:
        console.print(f"pair {deployed.name} is paused already")
        return None
    if lock.state is LockState.FAILING_OVER:
        raise CommandError(f"nothing was changed: {lock.reason}; it can't be stopped half-way")
    confirm(console, _so_far(lock), f"Pause pair {deployed.name}?", yes=yes)
    with progress(console) as say:
        write_pause(hand, say, locks, reason)
    console.print(
        Text(
            f"paused: nothing is probed, nothing fails over until nat-failover resume {deployed.name}{account.options}"
        )
    )
    return None


def _arm(account: Account, pair: Deployed, *, force: bool, yes: bool) -> Exit | None:
    console, hand = output(), hand_of(account, pair)
    with progress(console) as say:
        found = readiness(hand, say)
    lock = found.locks.lock
    if lock.state is LockState.ARMED:
        console.print(f"pair {pair.name} is armed already")
    if found.checks:
        active = found.tables.active or ""
        show_checks(console, found.checks, pair.settings.nat_of(pair.settings.other_table(active)))
    _warn(console, found.warnings)
    if pair.settings.mode is Mode.OBSERVE:
        _warn(console, ("the mode is observe: the function decides and tells, but does not move anything",))
    if lock.state is LockState.ARMED:
        _warn(console, found.refusals)
        return Exit.TROUBLE if found.refusals else None
    if lock.state is LockState.FAILING_OVER and not force:
        raise CommandError(
            f"nothing was changed: {lock.reason}; the function finishes it within two minutes. If it does not, --force"
        )
    if found.refusals and not force:
        raise CommandError("not armed, for it would be of no use: " + "; ".join(found.refusals))
    confirm(console, _so_far(lock), f"Arm pair {pair.name}?", yes=yes)
    with progress(console) as say:
        arm(hand, say, found.locks)
    console.print(Text(f"armed: pair {pair.name} may fail over once"))
    return None


def _so_far(lock: Lock) -> list[str]:
    said = [f"the lock: {lock.reason}"]
    if lock.record is not None:
        said += [f"  {text}" for text in (lock.record.reason, lock.record.outcome) if text]
    return said


def _warn(console: Console, warnings: tuple[str, ...]) -> None:
    for warning in warnings:
        console.print(Text.assemble(("warning: ", "yellow"), warning))
