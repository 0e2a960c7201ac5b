"""What is assumed of AWS, by ASSUMPTIONS.md; each assumption holds, or it does not."""

from __future__ import annotations

from pathlib import Path

PAGE = Path(__file__).with_name("ASSUMPTIONS.md")


def assumptions(page: str | None = None) -> list[str]:
    """Return each assumption, as it is written."""
    text = PAGE.read_text(encoding="utf-8") if page is None else page
    rows = [line for line in text.partition("\n## ")[0].splitlines() if line.startswith("| ")]
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
