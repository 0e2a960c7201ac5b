"""``nat-failover status``: how the pairs stand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.live import Live
from rich.panel import Panel
from rich.text import Text

from nat_failover.aws_errors import error_in_words
from nat_failover.cli.account.pairs import some
from nat_failover.cli.account.session import Account
from nat_failover.cli.console import folded, output, print_json
from nat_failover.cli.errors import CommandError, Exit
from nat_failover.cli.options import Json, Names
from nat_failover.cli.snapshot.collect import FOR_STATUS, Gatherer
from nat_failover.cli.standing.assess import appraise
from nat_failover.cli.standing.render import shown, watched
from nat_failover.cli.standing.standing import Standing


def status(
    account: Account,
    pairs: Names = None,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Refresh until you press Ctrl-C.")] = False,
    every: Annotated[float, typer.Option(min=1, help="With --watch: seconds between refreshes.")] = 5.0,
    as_json: Json = False,
) -> Exit | None:
    """Show how the pairs stand: which NAT is active, lock, NATs, subnets, backends, alarms, route tables, last look.

    The exit status is 1 if a pair is not protected.
    """
    gatherers = [Gatherer(account, pair) for pair in some(account, pairs or [])]

    def look() -> list[Standing]:
        return [appraise(gatherer.gather(FOR_STATUS)) for gatherer in gatherers]

    if watch and as_json:
        raise CommandError("--watch is for people, --json for programs: choose one", Exit.USAGE)
    seen = look()
    if as_json:
        print_json({pair.pair: pair.json for pair in seen})
    elif watch:
        seen = _watch(account, look, seen, every)
    else:
        print_all(seen, output())
    return Exit.FINE if all(pair.protected for pair in seen) else Exit.TROUBLE


def print_all(seen: Sequence[Standing], console: Console) -> None:
    """Print how pairs stand."""
    for part in shown(seen, console):
        console.print(part, soft_wrap=not isinstance(part, Panel))


def _watch(account: Account, look: Callable[[], list[Standing]], seen: list[Standing], every: float) -> list[Standing]:
    """Show it again and again; a look that fails is told, and the next one comes."""
    hint = Text(f"every {every:g} s; Ctrl-C ends", style="dim")
    console = output()
    try:
        with Live(
            watched(seen, console, [hint]), console=console, auto_refresh=False, screen=console.is_terminal
        ) as live:
            while True:
                live.refresh()
                account.runtime.sleep(every)
                footer = [hint]
                try:
                    seen = look()
                except (ClientError, BotoCoreError) as error:
                    what = f"as of {seen[0].at[11:19]} UTC; the last look failed: {error_in_words(error)}"
                    footer = [*(Text(line, "bold red") for line in folded(what, console.width, "  ")), hint]
                live.update(watched(seen, console, footer))
    except KeyboardInterrupt:
        return seen
