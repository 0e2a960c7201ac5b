"""A table, for the terminal and for Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table as RichTable


@dataclass(frozen=True)
class Table:
    """A table with a sentence or two about it."""

    title: str
    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]

    def markdown(self) -> str:
        """Give it as Markdown, under a heading."""
        return f"### {self.title}\n\n{self.body}"

    @property
    def body(self) -> str:
        """The same without a heading."""
        lines = [f"| {' | '.join(self.head)} |", "|" + "---|" * len(self.head)]
        lines += [f"| {' | '.join(row)} |" for row in self.rows]
        return "\n\n".join(part for part in (self.caption, "\n".join(lines)) if part)


def show(console: Console, tables: Iterable[Table]) -> None:
    """Print tables."""
    for table in tables:
        printed = RichTable(*table.head, title=table.title, caption=table.caption, title_justify="left")
        for row in table.rows:
            printed.add_row(*row)
        console.print(printed)
