"""Chance that hangs on a seed and a name alone, so that leaving one thing out leaves all else as it was."""

from __future__ import annotations

from collections import Counter
from hashlib import blake2b
from random import Random


def befallen(seed: int, name: str, share: float) -> Random | None:
    """Return a source of chance for something that is befallen; None for what is not, which most is."""
    if share <= 0:
        return None
    # A checksum would do for one, but those of consecutive names hang together.
    lot = int.from_bytes(blake2b(f"{seed} {name}".encode(), digest_size=4).digest())
    return Random(lot) if lot < share * 2**32 else None


class Lots:
    """Decides by a seed, by what it is about, and by how often it was drawn for that before."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._drawn: Counter[str] = Counter()

    def draw(self, about: str, share: float) -> Random | None:
        """Return a source of chance where it is so, in a share of all cases; else None."""
        self._drawn[about] += 1
        return befallen(self._seed, f"{about} {self._drawn[about]}", share)

    def sure(self, about: str) -> Random:
        """Return a source of chance for what is so in any case."""
        self._drawn[about] += 1
        return Random(f"{self._seed} {about} {self._drawn[about]}")
