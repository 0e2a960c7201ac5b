"""What is assumed of AWS, as the README has it; each assumption holds, or it does not."""

from __future__ import annotations

from tests.e2e.account import ROOT

HEADING = "## What is assumed of AWS"


def assumptions(readme: str | None = None) -> list[str]:
    """Give each assumption, as it is written."""
    text = (ROOT / "README.md").read_text(encoding="utf-8") if readme is None else readme
    section = text.partition(HEADING)[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")]
    return [row.split(" | ")[0].removeprefix("| ") for row in rows[1:]]


class DoesNotHoldError(Exception):
    """AWS does not do what is assumed; the message has what it does."""


def hold(so: bool, otherwise: str) -> None:
    """Go on if something is so.

    Raises:
        DoesNotHoldError: it is not; ``otherwise`` says what is.
    """
    if not so:
        raise DoesNotHoldError(otherwise)
