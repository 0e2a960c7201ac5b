"""Writes the screens of the command as text files, to be read in the change, and into its page: ``make texts``."""

from __future__ import annotations

import io
import re
from pathlib import Path

import nat_failover.cli
from nat_failover.cli.commands.status import print_all
from nat_failover.cli.console import SafeConsole
from nat_failover.cli.standing.assess import appraise
from tests.unit.cli.screens import APPROVED, CASES, WIDTHS, approved_text, sections

PAGE = Path(nat_failover.cli.__file__).with_name("README.md")
PICTURES, PICTURED = PAGE.parent / "screens", ("healthy", "offline-and-held")
# What stands between such a mark and the end of the block below it is what the command prints.
BLOCK = re.compile(r"(<!-- screen: (\S+), (\d+) columns, (.+?) -->\n```\n).*?(?=```\n)", re.DOTALL)


def with_screens(page: str) -> str:
    """Return the page with its screens brought up to date."""
    return BLOCK.sub(lambda m: f"{m[1]}$ nat-failover {m[4]}\n{sections(m[2], int(m[3]))[m[4]]}", page)


def picture(name: str) -> str:
    """Give what `status` shows on a terminal of 80 columns, in its colours, as SVG."""
    console = SafeConsole(
        file=io.StringIO(), width=80, force_terminal=True, no_color=False, highlight=False, record=True
    )
    print_all([appraise(CASES[name]())], console)
    svg = console.export_svg(title="nat-failover status", unique_id=name)
    return "".join(f"{line.rstrip()}\n" for line in svg.splitlines())


def main() -> None:
    """Write all of them, and take away those that are no more."""
    APPROVED.mkdir(exist_ok=True)
    names = {f"{name}-{width}.txt": (name, width) for name in CASES for width in WIDTHS}
    for stale in {path.name for path in APPROVED.glob("*.txt")} - names.keys():
        (APPROVED / stale).unlink()
    for file, (name, width) in names.items():
        (APPROVED / file).write_text(approved_text(name, width), encoding="utf-8")
    PICTURES.mkdir(exist_ok=True)
    for name in PICTURED:
        (PICTURES / f"{name}.svg").write_text(picture(name), encoding="utf-8")
    PAGE.write_text(with_screens(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
