"""Makes a history that breaks a rule smaller, as long as it breaks it still."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from tests.simulation.histories.history import History
from tests.simulation.play import Played, play

T = TypeVar("T")
# A minimised history has been played so often at most.
MOST_TRIES = 200


def minimise(played: Played, again: Callable[[History], Played] = play) -> Played:
    """Leave out steps, and what befalls calls and events, that a violation does not need.

    Args:
        played: a history that breaks a rule.
        again: plays one.

    Returns:
        The smallest that was found to break the same rule.
    """
    rule, left = played.violations[0].rule, [MOST_TRIES]
    best = played

    def breaks(history: History) -> bool:
        nonlocal best
        if left[0] <= 0:
            return False
        left[0] -= 1
        tried = again(history)
        if not tried.violations or tried.violations[0].rule != rule:
            return False
        best = tried
        return True

    for simpler in ({"harsh": 0.0}, {"share": 0.0}, {"storms": ()}, {"events": (0.0, 0.0, 0.0)}):
        breaks(replace(best.history, **simpler))
    _shrink(best.history.steps, lambda kept: breaks(replace(best.history, steps=tuple(kept))))
    before = best.history.spared

    def sparing_all_but(kept: Sequence[str]) -> bool:
        spared = before | (frozenset(strikes) - frozenset(kept))
        return breaks(replace(best.history, spared=spared))

    strikes = tuple(best.strikes)
    _shrink(strikes, sparing_all_but)
    return best


def _shrink(parts: Sequence[T], enough: Callable[[Sequence[T]], bool]) -> None:
    """Leave out ever smaller runs of parts, from halves down to single ones, keeping what is enough."""
    kept = list(parts)
    size = len(kept)
    while size:
        start = 0
        while start < len(kept):
            fewer = kept[:start] + kept[start + size :]
            if enough(fewer):
                kept = fewer
            else:
                start += size
        size //= 2
