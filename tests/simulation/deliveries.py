"""What befalls the events on their way: lost, twice, late."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

# How late an event may be that is late, and the second copy after the first; in seconds.
LATE, SECOND = 60.0, 5.0
TROUBLES = ("an event is lost", "an event comes twice", "an event is late")


class Deliveries:
    """Decides how late each copy of an event is, by the seed and by how many events there have been.

    Args:
        shares: of the events that are lost, that come twice, and that are late.
        spared: events that nothing befalls, by name.
        told: called with the name of each event that something befalls, and with what that is.
    """

    def __init__(
        self,
        seed: int,
        shares: tuple[float, float, float],
        spared: frozenset[str],
        told: Callable[[str, list[str]], None],
    ) -> None:
        self._seed = seed
        self.shares = shares
        self._spared = spared
        self._told = told
        self._events = 0

    def copies(self) -> tuple[float, ...]:
        """Give how many seconds late each copy of the next event is; none where it is lost."""
        self._events += 1
        name = f"event {self._events}"
        if name in self._spared or not any(self.shares):
            return (0.0,)
        chance = Random(f"{self._seed} {name}")
        lost, twice, late = (chance.random() < share for share in self.shares)
        befallen = [
            what for what, so in zip(TROUBLES, (lost, twice and not lost, late and not lost), strict=True) if so
        ]
        if befallen:
            self._told(name, befallen)
        if lost:
            return ()
        first = chance.uniform(0, LATE) if late else 0.0
        return (first, first + chance.uniform(0, SECOND)) if twice else (first,)
