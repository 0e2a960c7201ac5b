"""What befalls events on their way to the function: lost, twice, late."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from tests.gate.harshness import Range
from tests.gate.rules.rule import changed

# How late the second copy is after the first, in seconds.
SECOND = 5.0
TROUBLES = ("an event is lost", "an event comes twice", "an event is late")
RULES = ("T8a", "T8b", "T8c")


class Deliveries:
    """Decides how late each copy of an event is, by the seed and by how many events there have been.

    Args:
        shares: of the events that are lost, that come twice, and that are late.
        late_by: by how many seconds.
        spared: events that nothing befalls, by name.
        on_trouble: called with the name of each event that something befalls, and with what that is.
    """

    def __init__(
        self,
        seed: int,
        shares: tuple[float, float, float],
        late_by: Range,
        spared: frozenset[str] = frozenset(),
        on_trouble: Callable[[str, list[str]], None] = lambda event, troubles: None,  # noqa: ARG005
    ) -> None:
        self._seed = seed
        self.shares = shares
        self._late_by = late_by
        self._spared = spared
        self._on_trouble = on_trouble
        self._events = 0

    def copies(self) -> tuple[float, ...]:
        """Give how many seconds late each copy of the next event is; none where it is lost."""
        self._events += 1
        name = f"event {self._events}"
        if name in self._spared or not any(self.shares):
            return (0.0,)
        chance = Random(f"{self._seed} {name}")
        lost, twice, late = (chance.random() < share for share in self.shares)
        befallen = (lost, twice and not lost, late and not lost)
        for rule in (rule for rule, so in zip(RULES, befallen, strict=True) if so):
            changed(rule)
        if any(befallen):
            self._on_trouble(name, [what for what, so in zip(TROUBLES, befallen, strict=True) if so])
        if lost:
            return ()
        first = chance.uniform(*self._late_by) if late else 0.0
        return (first, first + chance.uniform(0, SECOND)) if twice else (first,)
