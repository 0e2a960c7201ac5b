"""Shows how a pair stands."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from nat_failover.cli.standing.standing import HostStanding, LockStanding, Standing
from nat_failover.telling.formats import duration

GOOD, BAD, POOR, DIM = "green", "bold red", "yellow", "dim"
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
    "OK": GOOD,
    "ALARM": BAD,
    "armed": GOOD,
    "paused": POOR,
    "active": "bold green",
}


def panel(pair: Standing) -> Panel:
    """Return everything about a pair."""
    degraded = [Text(f"degraded   {sentence}", style=POOR) for sentence in pair.degraded]
    parts: list[RenderableType] = [_verdict(pair), *degraded, _lock(pair.lock), _last_tick(pair), Text("")]
    parts += [_nats(pair.nats), Text(""), _subnets(pair), Text(""), _backends(pair.backends), Text("")]
    parts += [_alarms(pair), *_rest(pair)]
    title = Text.assemble(
        (f"pair {pair.pair}", "bold"), f"  {pair.region}  {pair.mode}  {pair.at[:19].replace('T', ' ')}Z"
    )
    return Panel(
        Group(*parts), title=title, title_align="left", border_style=GOOD if pair.protected else "red", padding=(0, 1)
    )


def _verdict(pair: Standing) -> RenderableType:
    if pair.protected:
        passive = next(nat for nat in pair.nats if nat.now == "passive")
        return Text.assemble(
            ("protected", "bold green"), f": if the active NAT dies, the subnets move to {passive.name or passive.id}"
        )
    if pair.proof is not None and pair.proof.said and not pair.trouble and pair.mode == "automatic":
        todo = f"or look at the passive NAT now: nat-failover failover {pair.pair} --dry-run"
        return Text.assemble((pair.proof.said, POOR), f",\n{todo}")
    lines = [
        Text.assemble(("NOT PROTECTED", BAD), "" if pair.trouble or pair.mode == "automatic" else f": {pair.mode} mode")
    ]
    lines += [Text(f"  - {sentence}", style="red") for sentence in pair.trouble]
    return Group(*lines)


def _lock(lock: LockStanding | None) -> RenderableType:
    if lock is None:
        return Text("lock       ?")
    age = "" if lock.age is None else f" for {duration(lock.age)}"
    lines = [Text.assemble("lock       ", _coloured(lock.state, BAD), age)]
    for label, said in (
        ("why", lock.why),
        ("by", lock.by),
        ("evidence", ", ".join(lock.evidence)),
        ("outcome", lock.outcome),
    ):
        if said:
            lines.append(Text(f"  {label:<9}{said}"))
    if lock.seconds is not None:
        lines.append(Text(f"  took     {lock.seconds:.1f} s"))
    return Group(*lines)


def _last_tick(pair: Standing) -> Text:
    tick = pair.last_tick
    if tick is None:
        return Text("last look  ? (none in the log)", style=POOR)
    return Text(f"last look  {duration(tick.age)} ago: {tick.decision}, {tick.reason}")


def _nats(nats: Sequence[HostStanding]) -> Table:
    head = ("NAT", "", "instance", "state", "checks", "agent", "Internet", "age", "zone", "public address")
    table = _table(*head, "connections", "free memory")
    for nat in nats:
        table.add_row(
            nat.role,
            _coloured(nat.now or "?"),
            _named(nat),
            _coloured(nat.state),
            _coloured(nat.checks),
            _coloured(nat.agent),
            _coloured(nat.word if nat.now != "active" or nat.word != "not asked" else "its backends tell"),
            "" if nat.age is None else duration(nat.age),
            nat.zone or "",
            nat.public or "",
            _percent(nat.connections),
            _percent(nat.memory),
        )
    return table


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.0f} %"


def _subnets(pair: Standing) -> Table:
    table = _table("subnet", "name", "network", "zone", "route table", "leads to")
    for subnet in pair.subnets:
        nat = next((nat for nat in pair.nats if nat.id == subnet.nat), None)
        leads = Text.assemble(_coloured(nat.now if nat else "", BAD), " ", (nat.name or nat.id) if nat else subnet.nat)
        table.add_row(subnet.id, subnet.name or "", subnet.cidr or "", subnet.zone or "", subnet.table, leads)
    return table


def _backends(backends: Sequence[HostStanding]) -> Table:
    table = _table("backend", "state", "agent", "Internet", "age", "subnet", "said")
    for host in backends:
        table.add_row(
            _named(host),
            _coloured(host.state),
            _coloured(host.agent),
            _coloured(host.word),
            "" if host.age is None else duration(host.age),
            host.subnet or "",
            Text(host.detail if host.word != "REACHABLE" else "", overflow="ellipsis", no_wrap=True),
        )
    return table


def _alarms(pair: Standing) -> Text:
    if not pair.alarms:
        return Text("alarms     ?" if "alarms" in pair.unread else "alarms     none", style=POOR)
    well = sum(alarm.state == "OK" for alarm in pair.alarms)
    line = Text(f"alarms     {well} of {len(pair.alarms)} OK")
    for alarm in pair.alarms:
        if alarm.state == "ALARM":
            line.append(f", {alarm.name} fires", style=BAD)
    waiting = [alarm.name for alarm in pair.alarms if alarm.state == "INSUFFICIENT_DATA"]
    if waiting:
        line.append(f", {len(waiting)} without data", style=DIM)
    return line


def _rest(pair: Standing) -> list[RenderableType]:
    differ = "; ".join(pair.differences)
    lines: list[RenderableType] = [
        Text(f"tables     differ: {differ}", style=POOR)
        if differ
        else Text("tables     equal but for the default route")
    ]
    if pair.egress is not None:
        for label, prefix in (("egress ", ""), ("standby", "standby_")):
            if f"{prefix}allocation" in pair.egress:
                name = pair.egress[f"{prefix}address"] or pair.egress[f"{prefix}allocation"]
                lines.append(Text(f"{label}    {name} with {pair.egress[f'{prefix}with']}"))
    lines += [Text(f"mail       {sentence}", style=BAD) for sentence in pair.mail]
    lines += [Text(f"unread     {what}: {why}", style=DIM) for what, why in sorted(pair.unread.items())]
    return lines


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style=DIM, expand=False)
    for column in columns:
        table.add_column(column, no_wrap=column in ("age", "state", "agent", "Internet", "NAT", ""), overflow="fold")
    return table


def _named(host: HostStanding) -> Text:
    return Text.assemble((host.name or "", "bold"), " " if host.name else "", host.id)


def _coloured(word: str, otherwise: str = "") -> Text:
    return Text(word, style=COLOURS.get(word, otherwise))
