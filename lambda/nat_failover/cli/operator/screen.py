"""What a person sees while a command works: how it goes, and what was found out of a NAT."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.text import Text

from nat_failover.cli.operator.fitness import Check, Fit

MARKS = {Fit.GOOD: ("✓", "green"), Fit.BAD: ("✗", "red"), Fit.UNKNOWN: ("?", "yellow")}


@contextmanager
def progress(console: Console) -> Iterator[Callable[[str], None]]:
    """Show how it goes: a line for each step, and where somebody watches, that it goes on."""
    with console.status("") as status:

        def say(text: str) -> None:
            console.print(Text(f"  {text}"))
            status.update(Text(text))

        yield say


def show_checks(console: Console, checks: tuple[Check, ...], nat: str) -> None:
    """Show what was found out of a NAT."""
    console.print(Text(f"NAT {nat}"))
    for check in checks:
        mark, style = MARKS[check.fit]
        console.print(Text.assemble(f"  {check.name:26} ", (mark, style), f" {check.detail}"))
