"""``nat-failover drill``: a game day on the real deployment."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from nat_failover.cli.account.pairs import one
from nat_failover.cli.console import confirm_by_name
from nat_failover.cli.errors import CommandError, Exit
from nat_failover.cli.gameday.gameday import GameDay
from nat_failover.cli.gameday.notification_log import mailed_since
from nat_failover.cli.gameday.obstacles import why_not
from nat_failover.cli.gameday.place import place_of
from nat_failover.cli.gameday.result import Failure
from nat_failover.cli.gameday.summary import figures_of, report_of
from nat_failover.cli.operator.outcome import Act, Outcome
from nat_failover.cli.operator.screen import progress
from nat_failover.cli.options import Name
from nat_failover.cli.report.page import page
from nat_failover.telling.formats import counted


def drill(
    act: Act,
    pair: Name = None,
    failure: Annotated[
        Failure, typer.Option(help="Let the active NAT stop forwarding, or only move the subnets by hand.")
    ] = Failure.FORWARDING,
    report: Annotated[Path | None, typer.Option(dir_okay=False, help="File for a report, one HTML page.")] = None,
    confirmed: Annotated[
        str | None, typer.Option("--confirm", metavar="PAIR", help="The pair's name again, instead of typing it.")
    ] = None,
) -> Exit | None:
    """Hold a game day: fail over on purpose, measure the outage, go back, arm again.

    Every backend watches for itself. The active NAT stops forwarding, the function has to see it and to fail over; then
    the NAT forwards again, the subnets go back in stages, and the pair is armed. Servers behind it are offline for
    some seconds, and established connections break, twice. It never starts without the pair's name as confirmation.
    """
    act.require_answer("--confirm and the pair's name", given=confirmed is not None)
    account = act.where
    deployed = one(account, pair)
    _can_be_written(report)
    console, hand = act.console, act.takes_in_hand(deployed)
    with progress(console) as say:
        why = why_not(hand, failure, say)
    if why:
        act.why = why
        raise CommandError(
            "no drill now, and nothing was changed: " + "; ".join(why),
            section="the-lock",
        )
    settings = deployed.settings
    what = [
        f"a drill on pair {deployed.name} in {account.region}, now and for real:",
        "  every private subnet of the pair loses the Internet until the function has failed over"
        if failure is Failure.FORWARDING
        else "  every private subnet of the pair is moved to the other NAT",
        "  established connections break, and break again when the subnets go back",
        "  it takes about four minutes",
    ]
    confirm_by_name(console, what, settings.pair, confirmed)
    act.begun, begun = True, time.monotonic()
    with progress(console) as say:
        day = GameDay(hand, failure, say).play()
    mailed = mailed_since(account.client("logs"), deployed.log_group, day.begun)
    day.not_sent = [sentence for _, sentence in mailed.not_taken]
    made = report_of(day, settings, place_of(hand), time.time(), mailed)
    act.seconds, act.why, act.parts = time.monotonic() - begun, day.problems, [figures_of(part) for part in day.parts]
    for play in made.plays:
        figures = ", ".join(f"{name} {value}" for name, value in play.figures)
        console.print(Text(f"{play.name}: {figures}"))
    for problem in day.problems:
        console.print(Text.assemble(("problem: ", "red"), problem))
    for command in day.left:
        console.print(Text(f"left to do: {command}"))
    act.then = day.left[0] if day.left else None
    if mailed.unread:
        console.print(Text(f"what was sent is not known: {mailed.unread}"))
    for sent in mailed.sent:
        console.print(Text(f"sent {sent.by}: {sent.subject}"))
    if report is not None:
        report.write_text(page(made), encoding="utf-8")
        act.report = str(report)
        console.print(Text(f"report written to {report}"))
    if day.problems:
        act.came_to(Outcome.FAILED, counted(len(day.problems), "problem"))
        return Exit.TROUBLE
    act.came_to(Outcome.DONE, "failed over, went back, and armed again")
    return None


def _can_be_written(report: Path | None) -> None:
    """Make sure of it before the servers lose the Internet, rather than find out after it.

    Raises:
        CommandError: there can be no such file.
    """
    if report is None:
        return
    try:
        report.parent.mkdir(parents=True, exist_ok=True)
        with report.open("a", encoding="utf-8"):
            pass
    except OSError as error:
        raise CommandError(f"the report can't be written: {error}; nothing was changed", Exit.USAGE) from error
