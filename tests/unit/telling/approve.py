"""Writes every kind of mail as a text file, to be read in the change: ``make texts``."""

from __future__ import annotations

from tests.unit.telling.messages import APPROVED, examples, text_of


def main() -> None:
    """Write all of them, and take away those that are no more."""
    APPROVED.mkdir(exist_ok=True)
    known = examples()
    for stale in {path.stem for path in APPROVED.glob("*.txt")} - known.keys():
        (APPROVED / f"{stale}.txt").unlink()
    for name, message in known.items():
        (APPROVED / f"{name}.txt").write_text(text_of(message), encoding="utf-8")


if __name__ == "__main__":
    main()
