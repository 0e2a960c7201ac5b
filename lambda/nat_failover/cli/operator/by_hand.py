"""What a person is told who is refused, or whose way by Systems Manager fails: what to run, and where to read on."""

from __future__ import annotations

from botocore.exceptions import BotoCoreError, ClientError

from nat_failover.cli.account.session import Account
from nat_failover.cli.errors import NO_PERMISSION, CommandError, Exit
from nat_failover.cli.operator.operator import Hand
from nat_failover.network.route_tables import RouteTablesError
from nat_failover.settings import Settings
from nat_failover.telling.alarm_description import runbook_section
from nat_failover.telling.commands import move_subnet

WITHOUT_CHECKS = "By hand, without Systems Manager; nothing is looked at before, and nothing undone after:"


def remedy(account: Account, settings: Settings, error: CommandError) -> tuple[str, ...]:
    """Return the lines for whoever was refused: by the pair's state, or by AWS.

    Args:
        account: where the pair is.
        settings: of the pair.
        error: by which it was refused.
    """
    runbook = f"Runbook: {runbook_section(settings.runbook, error.section)}"
    pair = f"{settings.pair}{account.options}"
    if str(error).startswith(NO_PERMISSION):
        return "A policy with all the permissions that it takes:", f"  nat-failover policy operator {pair}", runbook
    if error.exit is Exit.REFUSED:
        return (runbook,)
    return "See what is wrong, and the commands that fix it:", f"  nat-failover doctor {pair}", runbook


def lines_by_hand(account: Account, hand: Hand, to_table: str | None) -> tuple[str, ...]:
    """Return the lines that move the subnets with EC2 alone; none where EC2 does not tell how they stand.

    Args:
        account: where the pair is.
        hand: means of the person.
        to_table: where the subnets are to go; None for the NAT that has none of them.
    """
    s = hand.settings
    try:
        tables = hand.routes.read()
    except (ClientError, BotoCoreError, RouteTablesError):
        return ()
    if to_table is None:
        if tables.active is None:
            return ()
        to_table = s.other_table(tables.active)
    left = tables.by_id[s.other_table(to_table)].associations
    region = f" --region {s.region}"
    moves = [move_subnet(s, to_table, association).removesuffix(region) for _, association in sorted(left.items())]
    return (WITHOUT_CHECKS, *(f"  {move}{account.options}" for move in moves)) if moves else ()
