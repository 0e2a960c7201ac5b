"""Writes the table of settings in CONFIGURATION.md from their declarations: `make texts`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import MISSING, Field
from pathlib import Path
from typing import Any

from infra.config.pair import PairConfig
from infra.config.reading import key_of, settings_of

PAGE = Path(__file__).resolve().parents[2] / "infra" / "CONFIGURATION.md"
BEGIN, END = "<!-- settings: written by `make texts` -->\n", "<!-- end of settings -->\n"


def table() -> str:
    """Return the settings of a pair as a Markdown table."""
    rows = [f"| `{key}` | {default} | {purpose} |" for key, default, purpose in _settings(PairConfig, "")]
    return "\n".join(["| setting | default | what it is for |", "|---|---|---|", *rows]) + "\n"


def with_table(page: str) -> str:
    """Return the page with the table between its marks brought up to date.

    Raises:
        ValueError: the marks are missing.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{PAGE.name} has to have the lines {BEGIN!r} and {END!r}")
    return before + begin + "\n" + table() + "\n" + end + after


def _settings(section: type, prefix: str) -> Iterator[tuple[str, str, str]]:
    for f in settings_of(section):
        key = prefix + key_of(f)
        if "section" in f.metadata:
            yield from _settings(f.metadata["section"], f"{key}.")
        else:
            yield key, _default(f), str(f.metadata["doc"]).replace("|", "\\|")


def _default(f: Field[Any]) -> str:
    value = f.default
    if value is MISSING:
        if f.default_factory is MISSING:
            return "**required**"
        value = f.default_factory()
    if value is None or value in ((), "", {}):
        return "none"
    if isinstance(value, tuple):
        return ", ".join(f"`{item}`" for item in value)
    return f"`{str(value).lower()}`" if isinstance(value, bool) else f"`{value}`"


def main() -> int:
    """Rewrite the page; the exit status is 0."""
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
