"""Writes the screens of the command as text files, to be read in the change, and into its page: ``make texts``."""

from __future__ import annotations

import re
from pathlib import Path

import nat_failover.cli
from tests.unit.cli.screens import APPROVED, CASES, WIDTHS, approved_text, sections

PAGE = Path(nat_failover.cli.__file__).with_name("README.md")
# What stands between such a mark and the end of the block below it is what the command prints.
BLOCK = re.compile(r"(<!-- screen: (\S+), (\d+) columns, (.+?) -->\n```\n).*?(?=```\n)", re.DOTALL)


def with_screens(page: str) -> str:
    """Return the page with its screens brought up to date."""
    return BLOCK.sub(lambda m: f"{m[1]}$ nat-failover {m[4]}\n{sections(m[2], int(m[3]))[m[4]]}", page)


def main() -> None:
    """Write all of them, and take away those that are no more."""
    APPROVED.mkdir(exist_ok=True)
    names = {f"{name}-{width}.txt": (name, width) for name in CASES for width in WIDTHS}
    for stale in {path.name for path in APPROVED.glob("*.txt")} - names.keys():
        (APPROVED / stale).unlink()
    for file, (name, width) in names.items():
        (APPROVED / file).write_text(approved_text(name, width), encoding="utf-8")
    PAGE.write_text(with_screens(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
