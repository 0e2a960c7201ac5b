"""Somebody writes claims again and again while a NAT is dead: no rule is broken, and the failover comes."""

from __future__ import annotations

import pytest

from tests.simulation.histories.history import History, Step
from tests.simulation.histories.people import FORGED
from tests.simulation.play import Played, play

DIES = Step("the active NAT fails", 20.0, ("rules flushed",))


def played(form: int, every: float, seed: int = 1, *steps: Step) -> Played:
    """Play a history whose claims are forged from before the NAT dies until long after."""
    forging = Step("somebody forges claims", 5.0, (form, every))
    environment = {"NAT_FAILOVER_WARM_UP": "60"}
    of = play(History(seed, environment=environment, steps=(DIES, forging, *steps), lasts=260.0))
    assert of.violations == []
    return of


@pytest.mark.parametrize("form", range(len(FORGED)))
@pytest.mark.parametrize("every", [1.5, 20.0, 90.0])
def test_the_failover_comes_while_claims_are_forged(form: int, every: float) -> None:
    of = played(form, every)
    # The first is made while they are; the second is that of the end, after a person has re-armed.
    assert (of.seen["failovers begun"], of.seen["lock: failed-over"]) == (2, 2)


@pytest.mark.parametrize("seed", range(4))
def test_of_many_invocations_that_ignore_forged_claims_one_fails_over(seed: int) -> None:
    many = [Step("a tick comes too", 150.0 + second, ()) for second in range(0, 60, 2)]
    of = played(seed % len(FORGED), 10.0, seed, *many)
    assert of.seen["failovers begun"] == 2
