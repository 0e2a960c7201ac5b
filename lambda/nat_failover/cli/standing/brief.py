"""How a pair stands in plain lines, for a terminal of 80 columns and for whatever reads a pipe: a thing a line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.text import Text

from nat_failover.cli.console import folded
from nat_failover.cli.snapshot.snapshot import CALLED
from nat_failover.cli.standing.answer import headline
from nat_failover.cli.standing.standing import HostStanding, Internet, LockStanding, Standing
from nat_failover.lock.record import DRILL
from nat_failover.telling.formats import duration

GOOD, BAD, POOR, DIM = "green", "bold red", "yellow", "dim"
LABEL = 11
# So many exceptions of the backends are named.
NAMED = 8
FINE = ("", "running", "ok", "Online")


@dataclass(frozen=True)
class Row:
    """A thing: what it is, what there is to say of it, and the style."""

    label: str
    text: str
    style: str = ""

    def lines(self, width: int | None) -> Iterator[Text]:
        """Yield its lines; what does not fit goes on below, broken between words."""
        for line in folded(f"{self.label:<{LABEL}}{self.text}", width, " " * LABEL):
            yield Text(line.rstrip(), self.style)


def brief(p: Standing, width: int | None) -> list[Text]:
    """Return the lines; the first two are the answer.

    Args:
        p: how the pair stands.
        width: of the terminal; None where lines may be as long as they like.
    """
    return [*answer(p, width), Text(""), *(line for row in _rows(p) for line in row.lines(width))]


def answer(p: Standing, width: int | None) -> list[Text]:
    """Return how the pair stands, and what to do next: a line each, where they fit; a command is never broken."""
    style = GOOD if p.protected else BAD
    lines = [Text(line, style) for line in folded(headline(p), width, "  ")]
    step = p.next
    if not step.command:
        return [*lines, *(Text(line) for line in folded(f"{step.note[0].upper()}{step.note[1:]}.", width, "  "))]
    command, note = f"Next: {step.command}", f"({step.note})"
    if width is None or len(command) + 1 + len(note) <= width:
        return [*lines, Text.assemble((command, "bold"), f" {note}")]
    return [*lines, Text(command, "bold"), *(Text(line) for line in folded(f"      {note}", width, "      "))]


def _rows(p: Standing) -> Iterator[Row]:
    for sentence in problems(p):
        yield Row("problem", sentence, "red")
    for sentence in p.degraded:
        yield Row("degraded", sentence, POOR)
    yield from lock(p.lock)
    yield last_look(p)
    for nat in p.nats:
        yield Row(nat.role, _nat(nat))
    yield from _subnets(p)
    yield from _backends(p)
    yield alarms(p)
    yield from rest(p)
    yield Row("checked", f"{p.at[:19].replace('T', ' ')} UTC, in {p.region}, {p.mode} mode", DIM)


def problems(p: Standing) -> list[str]:
    """Return what is wrong, but for what the answer, the lock's line and the backends' say."""
    elsewhere = ["the pair has been paused", f"{p.internet.offline} backends can't reach the Internet"]
    elsewhere += [] if p.lock is None else [p.lock.reason]
    return [sentence for sentence in p.trouble if not sentence.startswith(tuple(elsewhere))]


def lock(found: LockStanding | None) -> Iterator[Row]:
    """Yield how the lock stands, and why it does."""
    if found is None:
        yield Row("lock", "not read", POOR)
        return
    age = "" if found.age is None else f" for {duration(found.age)}"
    by = f", by {found.by}" if found.by else ""
    by += ", in a drill" if found.by_hand == DRILL else ""
    yield Row("lock", f"{found.state}{age}{by}", "" if found.state == "armed" else BAD)
    why = found.reason if found.state == "unreadable" else found.why
    # A record speaks of its own time.
    then = f"  {found.since[11:19]}" if found.evidence and found.since is not None else "  why"
    for label, text in ((then, why), ("  evidence", ", ".join(found.evidence)), ("  outcome", found.outcome)):
        if text:
            yield Row(label, text)


def last_look(p: Standing) -> Row:
    """Return what the function came to when the schedule last had it look."""
    tick = p.last_tick
    if tick is None:
        return Row("last look", "not read" if "decisions" in p.unread else "none in the log", POOR)
    reason = tick.reason if p.lock is None else tick.reason.replace(p.lock.reason, p.lock.state, 1)
    return Row("last look", f"{duration(tick.age)} ago: {tick.decision}, {reason}")


def _nat(nat: HostStanding) -> str:
    connectivity = [] if nat.now != "passive" and nat.word in ("not asked", "REACHABLE") else [_connectivity(nat)]
    name = f" {nat.name}" if nat.name else ""
    return f"{f'{nat.now} ' if nat.now else ''}{nat.id}{name}, {', '.join([*_odd(nat), *connectivity]) or nat.state}"


def _odd(host: HostStanding) -> list[str]:
    """Return in what a host is not as it should be, by AWS's word."""
    odd = (
        "" if host.state in (*FINE, "?") else f"is {host.state}",
        "" if host.checks in (*FINE, "?") else f"checks: {host.checks}",
        "" if host.agent in (*FINE, "?") else f"agent {host.agent}",
    )
    return [each for each in odd if each]


def _connectivity(host: HostStanding) -> str:
    """Return a host's own last answer, and its age where that is more than a tick."""
    if host.word == "not heard":
        return f"not heard {host.detail}"
    state = "online" if host.word == "REACHABLE" else host.word
    return state if host.age is None or not host.stale else f"{state} {duration(host.age)} ago"


def _subnets(p: Standing) -> Iterator[Row]:
    if "view" in p.unread:
        yield Row("subnets", "not read", POOR)
        return
    counts = Counter(subnet.nat for subnet in p.subnets)
    if len(counts) == 1:
        yield Row("subnets", f"{len(p.subnets)}, through the {p.active_role}")
        return
    for nat in sorted(counts):
        role = next((each.role for each in p.nats if each.id == nat), nat)
        yield Row("subnets", f"through the {role}: {', '.join(s.id for s in p.subnets if s.nat == nat)}", BAD)


def _backends(p: Standing) -> Iterator[Row]:
    if not p.backends:
        yield Row("backends", "not read" if {"view", "instances"} & p.unread.keys() else "none", POOR)
        return
    if "view" in p.unread:
        yield Row("backends", f"{len(p.backends)}; not read whether they are online", POOR)
        return
    online = [host for host in p.backends if host.word == "REACHABLE"]
    odd = [host for host in p.backends if _odd(host) or host.word not in ("REACHABLE", "not asked")]
    rest = len(p.backends) - len({host.id for host in (*online, *odd)})
    not_asked = f", {rest} not asked lately" if rest else ""
    were = "were online" if p.internet.state is Internet.UNKNOWN else "online"
    yield Row("backends", f"{len(online)} of {len(p.backends)} {were}{_ages(online)}{not_asked}", POOR if odd else "")
    for host in odd[:NAMED]:
        name = f" {host.name}" if host.name else ""
        yield Row("", f"{host.id}{name}: {', '.join([*_odd(host), _connectivity(host)])}")
    if len(odd) > NAMED:
        yield Row("", f"and {len(odd) - NAMED} more: nat-failover status {p.pair} --json")


def _ages(hosts: Sequence[HostStanding]) -> str:
    ages = [host.age for host in hosts if host.age is not None]
    if not ages:
        return ""
    first, last = duration(min(ages)), duration(max(ages))
    return f", heard {first} ago" if max(ages) - min(ages) < 1 else f", heard {first} to {last} ago"


def alarms(p: Standing) -> Row:
    """Return which alarms fire."""
    if not p.alarms:
        return Row("alarms", "not read" if "alarms" in p.unread else "none", POOR)
    well = sum(alarm.state == "OK" for alarm in p.alarms)
    firing = [alarm.name for alarm in p.alarms if alarm.state == "ALARM"]
    waiting = sum(alarm.state == "INSUFFICIENT_DATA" for alarm in p.alarms)
    parts = [f"{well} of {len(p.alarms)} OK", *(f"{name} is firing" for name in firing)]
    return Row("alarms", ", ".join([*parts, *([f"{waiting} without data"] if waiting else [])]), BAD if firing else "")


def rest(p: Standing) -> Iterator[Row]:
    """Yield what else there is: route tables, egress address, who is not told, and what could not be read."""
    if "view" in p.unread or p.active is None:
        yield Row("tables", "not compared", POOR)
    elif not p.differences:
        yield Row("tables", "equal but for the default route")
    for difference in p.differences if p.active is not None else ():
        yield Row("tables", f"differ: {difference}", POOR)
    for label, prefix in (("egress", ""), ("egress 2", "standby_")):
        if p.egress is not None and f"{prefix}allocation" in p.egress:
            name = p.egress[f"{prefix}address"] or p.egress[f"{prefix}allocation"]
            yield Row(label, f"{name} with {p.egress[f'{prefix}with']}")
    for sentence in p.mail:
        yield Row("mail", sentence, BAD)
    for what, why in sorted(p.unread.items()):
        yield Row("not read", f"{CALLED.get(what, what)}: {why}", POOR)
