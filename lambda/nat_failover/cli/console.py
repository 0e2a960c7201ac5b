"""The terminal: what is printed where, and the question before anything is changed."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from textwrap import wrap

import typer
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from nat_failover.cli.errors import CommandError, Exit
from nat_failover.foreign_text import all_printable, printable

# Where nobody watches, a table must not be folded to 80 columns.
WIDTH = 160


class SafeConsole(Console):
    """A console that prints no text which the terminal would obey, whoever it is from; its own styles stay.

    Attributes:
        goes_on: what is under way is finished though nobody reads any more; else the command ends then.
    """

    goes_on = False

    def on_broken_pipe(self) -> None:
        """Print no more; whoever moves subnets has to finish that, whatever becomes of ``| head``."""
        if not self.goes_on:
            super().on_broken_pipe()
        self.quiet = True
        # What is still in the stream's buffer would fail once more at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), self.file.fileno())

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Yield what is printed of something; see ``Console.render``."""
        for segment in super().render(renderable, options):
            text, style, control = segment
            yield segment if control else Segment(printable(text, "\n"), style)


def output() -> SafeConsole:
    """Return the console of standard output."""
    console = SafeConsole(highlight=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = WIDTH
    return console


def errors() -> SafeConsole:
    """Return the console of standard error."""
    return SafeConsole(stderr=True, highlight=False, soft_wrap=True)


def width_of(console: Console) -> int | None:
    """Return how wide lines may be; None where nobody watches: what reads them takes each thing as one line."""
    return console.width if console.is_terminal else None


def folded(text: str, width: int | None, indent: str) -> list[str]:
    """Return a text of others, with lines of at most a width, broken between words only: an id stays whole.

    Args:
        text: may have been written by anybody.
        width: of a line; None for no limit.
        indent: of all lines but the first.
    """
    line = printable(text)
    if width is None or len(line) <= width:
        return [line]
    return wrap(line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def print_json(answer: object) -> None:
    """Print JSON, for programs."""
    sys.stdout.write(json.dumps(all_printable(answer, "\n\t"), indent=2, ensure_ascii=False) + "\n")
    sys.stdout.flush()  # that nobody reads it is noticed here, and not when Python ends


def print_error(message: str, steps: Iterable[str] = ()) -> None:
    """Print what went wrong, and what to do, a line each."""
    console = errors()
    console.print(Text.assemble(("error: ", "bold red"), message))
    for step in steps:
        console.print(Text(step))


def confirm(console: Console, what: Iterable[str], question: str, *, yes: bool) -> None:
    """Say what is about to be done, and ask.

    Args:
        console: where it is said.
        what: a sentence a line.
        question: that yes or no answers.
        yes: the answer was given on the command line.

    Raises:
        CommandError: nobody is there to answer.
        typer.Abort: the answer is no.
    """
    for line in what:
        console.print(Text(line))
    if yes:
        return
    if not sys.stdin.isatty():
        raise CommandError("nobody is there to confirm: add --yes", Exit.USAGE)
    typer.confirm(question, abort=True)


def confirm_by_name(console: Console, what: Iterable[str], name: str, given: str | None) -> None:
    """Say what is about to be done, and have the name of what it is done to typed.

    Args:
        console: where it is said.
        what: a sentence a line.
        name: that has to be typed.
        given: what was given on the command line instead.

    Raises:
        CommandError: nobody is there to type, or it is another name.
    """
    for line in what:
        console.print(Text(line))
    if given is None:
        if not sys.stdin.isatty():
            raise CommandError(f"nobody is there to confirm: add --confirm {name}", Exit.USAGE)
        given = typer.prompt(f"Type {name} to begin", default="", show_default=False)
    if given != name:
        raise CommandError(f"not confirmed: {given!r} is not {name!r}; nothing was changed", Exit.USAGE)
