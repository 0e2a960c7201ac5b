"""How a pair stands on a wide terminal: all of it, in tables."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from nat_failover.cli.console import width_of
from nat_failover.cli.standing.brief import (
    BAD,
    DIM,
    GOOD,
    POOR,
    Row,
    alarms,
    answer,
    brief,
    last_look,
    lock,
    problems,
    rest,
)
from nat_failover.cli.standing.standing import HostStanding, Standing
from nat_failover.telling.formats import duration

# From so many columns on everything is shown, in tables that need them.
WIDE = 140
COLOURS = {
    "REACHABLE": GOOD,
    "UNREACHABLE": BAD,
    "SILENT": BAD,
    "BROKEN": POOR,
    "Online": GOOD,
    "ConnectionLost": BAD,
    "Inactive": BAD,
    "not registered": BAD,
    "running": GOOD,
    "stopped": BAD,
    "gone": BAD,
    "ok": GOOD,
    "active": "bold green",
}


def shown(pairs: Sequence[Standing], console: Console) -> list[RenderableType]:
    """Return how pairs stand, as it is to be printed on a console: a wide terminal has room for tables."""
    width = width_of(console)
    if width is not None and width >= WIDE:
        return [panel(pair, width) for pair in pairs]
    blocks = [Text("\n").join(brief(pair, width)) for pair in pairs]
    return [block if n == 0 else Group(Text(""), block) for n, block in enumerate(blocks)]


def watched(pairs: Sequence[Standing], console: Console, footer: Sequence[Text]) -> RenderableType:
    """Return the same as one screen, with some lines below it: where it is too small, the answers come first."""
    room = console.height - len(footer)
    whole = Group(*shown(pairs, console))
    options = console.options.update(height=None)
    if len(console.render_lines(whole, options, pad=False)) <= room:
        return Group(whole, *footer)
    narrow = min(console.width, WIDE)
    answers = [line for pair in pairs for line in answer(pair, narrow)]
    details = [line for pair in pairs for line in brief(pair, narrow)[len(answer(pair, narrow)) :]]
    lines = [*answers, *details]
    left = len(lines) - (room - 1)
    more = [Text(f"... {left} more lines: nat-failover status", DIM)] if left > 0 else []
    return Group(*lines[: room - len(more)], *more, *footer)


def panel(pair: Standing, width: int = WIDE) -> Panel:
    """Return everything about a pair."""
    inner = width - 4
    rows = [Row("problem", sentence, "red") for sentence in problems(pair)]
    rows += [Row("degraded", sentence, POOR) for sentence in pair.degraded]
    rows += [*lock(pair.lock), last_look(pair)]
    parts: list[RenderableType] = [*answer(pair, inner), Text("")]
    parts += [line for row in rows for line in row.lines(inner)]
    parts += [Text(""), _nats(pair.nats), Text(""), _subnets(pair), Text(""), _backends(pair), Text("")]
    parts += [line for row in (alarms(pair), *rest(pair)) for line in row.lines(inner)]
    title = Text.assemble(
        (f"pair {pair.pair}", "bold"), f"  {pair.region}  {pair.mode}  {pair.at[:19].replace('T', ' ')} UTC"
    )
    return Panel(
        Group(*parts), title=title, title_align="left", border_style=GOOD if pair.protected else "red", padding=(0, 1)
    )


def _nats(nats: Sequence[HostStanding]) -> Table:
    has_health = any(nat.connections is not None for nat in nats)
    table = _table("NAT", "", "id", "name", "state", "checks", "agent", "Internet", "age", "zone", "public")
    for column in ("connections", "free memory") if has_health else ():
        table.add_column(column, overflow="fold")
    for nat in nats:
        share = (_percent(nat.connections), _percent(nat.memory)) if has_health else ()
        table.add_row(
            nat.role,
            _coloured(nat.now or "?"),
            *_named(nat),
            _coloured(nat.state),
            _coloured(nat.checks),
            _coloured(nat.agent),
            _coloured(nat.word),
            _age(nat),
            nat.zone or "",
            nat.public or "",
            *share,
        )
    return table


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.0f} %"


def _age(host: HostStanding) -> Text:
    return Text("" if host.age is None else duration(host.age), style=POOR if host.stale else "")


def _subnets(pair: Standing) -> RenderableType:
    if not pair.subnets:
        return Text(f"subnets    {'not read' if 'view' in pair.unread else 'none'}", style=POOR)
    table = _table("subnet", "name", "network", "zone", "route table", "leads to")
    for subnet in pair.subnets:
        nat = next((nat for nat in pair.nats if nat.id == subnet.nat), None)
        leads = Text.assemble(_coloured(nat.now if nat else "", BAD), " ", (nat.name or nat.id) if nat else subnet.nat)
        table.add_row(subnet.id, subnet.name or "", subnet.cidr or "", subnet.zone or "", subnet.table, leads)
    return table


def _backends(pair: Standing) -> RenderableType:
    if not pair.backends:
        return Text(f"backends   {'not read' if {'view', 'instances'} & pair.unread.keys() else 'none'}", style=POOR)
    table = _table("backend", "name", "state", "agent", "Internet", "age", "subnet", "reported")
    for host in pair.backends:
        table.add_row(
            *_named(host),
            _coloured(host.state),
            _coloured(host.agent),
            _coloured(host.word),
            _age(host),
            host.subnet or "",
            Text(host.detail if host.word != "REACHABLE" else "", overflow="ellipsis", no_wrap=True),
        )
    return table


def _table(*columns: str) -> Table:
    """Return a table in which only names and the like are folded: ids stay whole."""
    table = Table(box=None, pad_edge=False, header_style=DIM, expand=False)
    for column in columns:
        table.add_column(column, no_wrap=column not in ("name", "leads to", "checks"), overflow="fold")
    return table


def _named(host: HostStanding) -> tuple[Text, Text]:
    return Text(host.id), Text(host.name or "", style="bold")


def _coloured(text: str, otherwise: str = "") -> Text:
    return Text(text, style=COLOURS.get(text, otherwise))
