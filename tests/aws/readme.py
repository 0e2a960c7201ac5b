"""Pure: the README's table of what is assumed of AWS."""

from __future__ import annotations

from tests.e2e.account import ROOT

HEADING = "## What is assumed of AWS"


def assumptions(readme: str | None = None) -> list[str]:
    """Give each assumption, as it is written."""
    text = (ROOT / "README.md").read_text(encoding="utf-8") if readme is None else readme
    section = text.partition(HEADING)[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")]
    return [row.split(" | ")[0].removeprefix("| ") for row in rows[1:]]
