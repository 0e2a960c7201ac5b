"""``nat-failover doctor``: everything that would make a failover fail or never happen, before it is needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from nat_failover.cli.account.pairs import some
from nat_failover.cli.account.session import Account
from nat_failover.cli.checks import CHECKS, examine
from nat_failover.cli.checks.finding import Finding, Gravity, is_command
from nat_failover.cli.checks.proof import evidence
from nat_failover.cli.console import folded, output, print_json, width_of
from nat_failover.cli.errors import Exit
from nat_failover.cli.options import Json, Names
from nat_failover.cli.snapshot.collect import Gatherer

INDENT = " " * 9
COLOURS = {Gravity.ERROR: "bold red", Gravity.WARNING: "yellow", Gravity.UNKNOWN: "cyan"}


Hosts = Annotated[bool, typer.Option("--hosts/--no-hosts", help="Ask both NATs whether they forward and translate.")]


def doctor(account: Account, pairs: Names = None, hosts: Hosts = True, as_json: Json = False) -> Exit | None:
    """Find everything that would make a failover fail or never happen, before it is needed.

    For each: what is the matter, why it matters, and the command that fixes it, on a line of its own. Nothing is
    changed. Both NATs are asked what their kernels do, by a document of the pair's that only reads; --no-hosts
    skips that. What the hosts last reported to the function is looked at in any case.

    error: a failover would fail or never happen (exit status 1); warning: it would be slower, or less, than it could
    be, or nobody would know (5); unknown: it could not be looked at (5).
    """
    seen = {pair.name: Gatherer(account, pair, asks_nats=hosts).gather() for pair in some(account, pairs or [])}
    found = {name: examine(snapshot) for name, snapshot in seen.items()}
    if as_json:
        print_json({name: [_json(finding) for finding in findings] for name, findings in found.items()})
    else:
        console = output()
        for name, findings in found.items():
            show(console, name, findings, evidence(seen[name]))
    return status_of(found)


def status_of(found: Mapping[str, Sequence[Finding]]) -> Exit:
    """Return the exit status for what was found."""
    severities = {finding.severity for findings in found.values() for finding in findings}
    if Gravity.ERROR in severities:
        return Exit.TROUBLE
    return Exit.WARNINGS if severities else Exit.FINE


def show(console: Console, name: str, findings: Sequence[Finding], known: Sequence[str] = ()) -> None:
    """Show what was found, and below it what is ``known`` of the NATs, a sentence each."""
    if findings:
        _show_all(console, name, findings)
    else:
        console.print(Text.assemble((f"pair {name}: ", "bold"), ("OK", "bold green"), f" ({len(CHECKS)} checks)"))
    for sentence in known:
        for line in folded(f"  {sentence[:1].upper()}{sentence[1:]}.", width_of(console), " " * 4):
            console.print(Text(line, "dim"), soft_wrap=True)


def _show_all(console: Console, name: str, findings: Sequence[Finding]) -> None:
    counts = [
        (f"{count} {severity.value}{'s' if count > 1 and severity is not Gravity.UNKNOWN else ''}", COLOURS[severity])
        for severity in Gravity
        if (count := sum(finding.severity is severity for finding in findings))
    ]
    title = Text.assemble((f"pair {name}: ", "bold"))
    title.append_text(Text(", ").join(Text(text, style=colour) for text, colour in counts))
    console.print(title)
    for finding in findings:
        for text, style in _lines(finding, width_of(console)):
            console.print(Text(text, style), soft_wrap=True)


def _lines(finding: Finding, width: int | None) -> Iterator[tuple[str, str]]:
    """Yield a finding, a thing a line: what is the matter, why it matters, and each step of its remedy.

    A command is never broken, however long it is: a terminal that folds it has it copied whole.
    """
    colour = COLOURS[finding.severity]
    label = f"{finding.severity.value:<8} "
    first, *rest = folded(label + finding.what[:1].upper() + finding.what[1:] + ".", width, INDENT)
    yield first, colour
    for line in rest:
        yield line, colour
    texts = [f"{finding.why}", *finding.steps]
    for text in texts:
        if is_command(text):
            yield INDENT + text, "bold"
        else:
            for line in folded(
                INDENT + text[:1].upper() + text[1:] + ("" if text.endswith(":") else "."), width, INDENT
            ):
                yield line, ""


def _json(finding: Finding) -> dict[str, str | list[str]]:
    return {
        "check": finding.check,
        "severity": finding.severity.value,
        "what": finding.what,
        "why": finding.why,
        "remedy": " ".join(finding.steps),
        "commands": finding.commands,
    }
