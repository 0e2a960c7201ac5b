"""``nat-failover failover`` and ``failback``: the subnets' way to the other NAT and back, by a person's hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.text import Text

from nat_failover.cli.account.pairs import Deployed, one
from nat_failover.cli.account.session import Account
from nat_failover.cli.console import confirm
from nat_failover.cli.errors import UNKNOWN, CommandError, Exit, code_of, explained
from nat_failover.cli.operator.by_hand import lines_by_hand
from nat_failover.cli.operator.fitness import bad
from nat_failover.cli.operator.operator import Hand
from nat_failover.cli.operator.outcome import Act, Outcome
from nat_failover.cli.operator.plan import Ended, Passed, Plan
from nat_failover.cli.operator.preview import Ahead, look_ahead
from nat_failover.cli.operator.screen import progress, show_checks
from nat_failover.cli.operator.transfer import Passage
from nat_failover.cli.options import Force, Name, Yes
from nat_failover.lock.held import ClaimLostError
from nat_failover.lock.record import LockState
from nat_failover.telling.formats import counted

ANSWER = "--yes, or --dry-run"

DryRun = Annotated[bool, typer.Option("--dry-run", help="Check, show what would be done, and change nothing.")]


class NatRole(StrEnum):
    """The roles of a pair's NATs, as the configuration gives them."""

    PRIMARY = "primary"
    STANDBY = "standby"


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How the subnets are to be moved.

    Attributes:
        staged: one subnet goes first.
        dry_run: nothing is to be changed.
        force: whatever stands against the NAT.
        yes: without asking the person.
    """

    staged: bool = False
    dry_run: bool = False
    force: bool = False
    yes: bool = False


def failover(
    act: Act,
    pair: Name = None,
    to: Annotated[NatRole | None, typer.Option(help="Where to; the passive NAT if not given.")] = None,
    dry_run: DryRun = False,
    force: Force = False,
    yes: Yes = False,
) -> Exit | None:
    """Move the private subnets to the passive NAT, all at once, as the function does.

    The NAT is checked first, and the move is refused if it is not fit, unless forced. Afterwards the backends are
    asked; if the move has cost any of them the Internet, everything is moved back. The pair is then locked: re-arm it.
    """
    act.require_answer(ANSWER, given=yes or dry_run)
    deployed = one(act.where, pair)
    settings = deployed.settings
    to_table = None
    if to is not None:
        to_table = settings.primary_route_table if to is NatRole.PRIMARY else settings.standby_route_table
    return _move(act, deployed, to_table, Manner(dry_run=dry_run, force=force, yes=yes))


def failback(
    act: Act,
    pair: Name = None,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> Exit | None:
    """Move the private subnets back to the primary NAT, in stages.

    The primary is checked first: Internet, forwarding, masquerading. One subnet then goes first, its backends are
    asked, and the others follow. Trouble at any stage moves everything back. The pair is then locked: re-arm it.
    """
    act.require_answer(ANSWER, given=yes or dry_run)
    deployed = one(act.where, pair)
    table = deployed.settings.primary_route_table
    return _move(act, deployed, table, Manner(staged=True, dry_run=dry_run, yes=yes))


def _move(act: Act, pair: Deployed, to_table: str | None, manner: Manner) -> Exit | None:
    account, console, hand = act.where, act.console, act.takes_in_hand(pair)
    try:
        with progress(console) as say:
            seen = look_ahead(hand, act.command, to_table, say, staged=manner.staged)
    except (ClientError, BotoCoreError) as error:
        raise without_ssm(account, hand, to_table, error) from error
    plan = seen.plan
    if plan is None:
        role = pair.settings.role_of(seen.tables.active or "")
        act.came_to(Outcome.NOTHING, f"all subnets are with the {role} NAT already")
        console.print(f"pair {pair.name}: {act.in_words}: there is nothing to do")
        return None
    act.plans(plan, seen.checks, pair.settings)
    show_checks(console, seen.checks, pair.settings.nat_of(plan.to_table))
    for line in _planned(plan, seen, pair, account):
        console.print(Text(line))
    why = refusal(seen, force=manner.force)
    if why is not None:
        act.why = [why]
        section = "passive-nat-unhealthy" if seen.obstacle is None else "the-lock"
        steps = () if seen.can_be_asked else lines_by_hand(account, hand, plan.to_table)
        raise CommandError(f"refused, and nothing was changed: {why}", steps=steps, section=section)
    if manner.dry_run:
        act.came_to(Outcome.PLANNED, "dry run: nothing was changed")
        console.print(act.in_words)
        return None
    confirm(console, [], f"Move {counted(len(plan.subnets), 'subnet')} of pair {pair.name}?", yes=manner.yes)
    act.begun = True
    passage = None
    try:
        with progress(console) as say:
            passage = Passage(hand, plan, say)
            act.passed(passed := passage.go())
    except (ClaimLostError, ClientError, BotoCoreError) as error:
        if passage is None or not passage.is_under_way:
            raise without_ssm(account, hand, plan.to_table, error) from error
        act.outcome = Outcome.FAILED
        explanation = (
            explained(error, account.service_of, account.region) if not isinstance(error, ClaimLostError) else error
        )
        raise CommandError(
            f"{explanation}. The lock says what is left, and the function finishes it within two minutes: "
            f"nat-failover status {pair.name}{account.options}",
            section="the-lock",
        ) from error
    act.then = f"nat-failover rearm {pair.name}{account.options}"
    return show_result(console, passed, account, act.then)


def without_ssm(account: Account, hand: Hand, to_table: str | None, error: Exception) -> Exception:
    """Return the error for a person, with what can be run all the same where it is Systems Manager that fails."""
    explanation = explained(error, account.service_of, account.region)
    if explanation is None or (isinstance(error, ClientError) and code_of(error) in UNKNOWN):
        return explanation or error
    return CommandError(
        str(explanation), explanation.exit, lines_by_hand(account, hand, to_table), explanation.section or "by-hand"
    )


def refusal(seen: Ahead, *, force: bool) -> str | None:
    """Return why a plan is not followed; None where it is."""
    if seen.obstacle is not None:
        return seen.obstacle
    found = bad(list(seen.checks))
    if not found or force:
        return None
    return "; ".join(f"{check.name}: {check.detail}" for check in found)


def show_result(console: Console, passed: Passed, account: Account, again: str) -> Exit | None:
    """Show what a passage came to, and what to do next."""
    style = {Ended.DONE: "green", Ended.ROLLED_BACK: "yellow", Ended.LEFT: "red"}[passed.ended]
    console.print(Text.assemble((passed.ended.value, style), f": {passed.in_words}"))
    for subnet, why in passed.left.items():
        console.print(Text(f"  {subnet}: {why}"))
    for move in passed.egress.left if passed.egress is not None else ():
        console.print(Text(f"move the address: {move.by_hand}{account.options}"))
    if passed.ended is Ended.DONE:
        console.print(Text(f"nothing fails over until you re-arm: {again}"))
        return None
    console.print(Text(f"the pair stays locked; once the NAT is fixed: {again}"))
    return Exit.TROUBLE


def _planned(plan: Plan, seen: Ahead, pair: Deployed, account: Account) -> Iterator[str]:
    s = pair.settings
    yield (
        f"{plan.name} of pair {pair.name} in {account.region}: from the {s.role_of(plan.from_table)} NAT "
        f"{s.nat_of(plan.from_table)} to the {s.role_of(plan.to_table)} NAT {s.nat_of(plan.to_table)}"
    )
    for subnet in sorted(plan.subnets, key=lambda subnet: subnet not in plan.first):
        hosts = plan.hosts.get(subnet, ())
        online = sum(host.instance in plan.online for host in hosts)
        first = " goes first" if subnet in plan.first else ""
        association = seen.tables.by_id[plan.from_table].associations[subnet]
        yield f"  {subnet} ({association}){first}: {online} of {len(hosts)} backends online now"
    if not plan.hosts:
        yield "  no backend can be asked whether it helped"
    elif not plan.online:
        yield f"  no backend is online through {s.nat_of(plan.from_table)}"
    if s.egress_allocation is not None:
        yield f"  the egress address {s.egress_allocation} follows"
        if s.standby_egress_allocation is not None:
            yield f"  {s.nat_of(plan.from_table)} gets {s.standby_egress_allocation} in its place"
    lock = seen.locks.lock
    if lock.state is not LockState.ARMED:
        yield f"  the lock: {lock.reason}"
