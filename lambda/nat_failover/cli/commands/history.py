"""``nat-failover history``: what happened, from the versions of the lock parameter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from nat_failover.cli.account.pairs import Deployed, some
from nat_failover.cli.account.session import Account
from nat_failover.cli.console import folded, output, print_json, width_of
from nat_failover.cli.errors import Exit
from nat_failover.cli.lock_history import Happened, Happening, Version, happenings
from nat_failover.cli.options import Json, Names
from nat_failover.foreign_text import printable
from nat_failover.telling.formats import ago, duration, iso, moment

COLOURS = {
    Happened.FAILOVER: "yellow",
    Happened.UNFINISHED: "red",
    Happened.FAILED: "red",
    Happened.GARBLED: "red",
    Happened.ROLLED_BACK: "yellow",
    Happened.REARMED: "green",
    Happened.PAUSED: "cyan",
}
LONGEST, INDENT = max(len(each) for each in Happened), "    "


def history(
    account: Account,
    pairs: Names = None,
    limit: Annotated[int, typer.Option(min=1, help="How many events to show for each pair, newest first.")] = 20,
    as_json: Json = False,
) -> Exit | None:
    """Show what happened: failovers, re-arms, pauses, by whom, and how long each lasted.

    It is read from the versions of the lock parameter, of which Systems Manager keeps a hundred, and all of them only
    as long as nobody deletes the parameter.
    """
    past = {pair.name: read(account, pair)[-limit:] for pair in some(account, pairs or [])}
    if as_json:
        print_json({name: [_json(each) for each in found] for name, found in past.items()})
        return None
    console = output()
    for name, found in past.items():
        show(console, name, found, account.runtime.now())
    return None


def read(account: Account, pair: Deployed) -> list[Happening]:
    """Read a pair's past, oldest first; nothing where there is no lock parameter.

    Raises:
        botocore.exceptions.ClientError: SSM refuses.
    """
    ssm = account.ssm
    pages = ssm.get_paginator("get_parameter_history").paginate(Name=pair.settings.lock_parameter)
    try:
        versions = [
            Version(
                parameter["Version"],
                parameter["LastModifiedDate"].timestamp(),
                parameter.get("LastModifiedUser", ""),
                parameter["Value"],
            )
            for page in pages
            for parameter in page["Parameters"]
        ]
    except ssm.exceptions.ParameterNotFound:
        return []
    return happenings(versions, pair.settings, pair.function)


def show(console: Console, name: str, found: Sequence[Happening], now: float) -> None:
    """Print a pair's past, newest first: what happened on a line each where nobody watches, else folded under it."""
    if not found:
        console.print(Text(f"pair {name}: no lock parameter, which means armed, and no history"))
        return
    width = width_of(console)
    console.print(Text(f"pair {name}", "bold"))
    for each in reversed(found):
        lasted = f"for {duration(each.lasted)}" if each.lasted is not None else f"for {ago(each.at, now)} so far"
        heading = f"{moment(each.at)}  {each.name:<{LONGEST}}  by {each.by}, {lasted}"
        if width is None:
            console.print(Text(f"{heading}: {each.in_words}"), soft_wrap=True)
            continue
        style = COLOURS.get(each.kind, "")
        for line in folded(heading, width, INDENT):
            console.print(Text(line, style))
        for line in folded(INDENT + printable(each.in_words), width, INDENT) if each.in_words != each.name else ():
            console.print(Text(line), soft_wrap=True)


def _json(each: Happening) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "kind": each.kind.value,
        "at": iso(each.at),
        "by": each.by,
        "said": each.in_words,
        "version": each.version,
        "lasted": None if each.lasted is None else round(each.lasted, 3),
    }
    if each.record is not None:
        record = each.record
        fields |= {
            "from": record.from_table,
            "to": record.to_table,
            "subnets": sorted(record.subnets),
            "evidence": list(record.evidence),
            "reason": record.reason,
            "outcome": record.outcome,
            "seconds": record.seconds,
            "byHand": record.by_hand or None,
        }
    return fields
