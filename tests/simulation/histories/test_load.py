"""Much at once, and for long: many invocations at the same time, events a thousand times over, a virtual day."""

from __future__ import annotations

from tests.simulation.histories.generator import day
from tests.simulation.histories.history import History, Step
from tests.simulation.play import Played, play

DIES = Step("the active NAT fails", 20.0, ("rules flushed",))


def played(*steps: Step) -> Played:
    of = play(History(1, environment={"NAT_FAILOVER_WARM_UP": "60"}, steps=(DIES, *steps), lasts=90.0))
    assert of.violations == []
    return of


def test_of_fifty_invocations_at_once_one_fails_over() -> None:
    at_once = played(*(Step("a tick comes too", 0.0, upon=("PutParameter claim", 1)) for _ in range(49)))
    assert at_once.seen["a tick comes too"] == 49
    # The second is that of the end, after a person has re-armed.
    assert (at_once.seen["failovers begun"], at_once.seen["lock: failed-over"]) == (2, 2)
    assert at_once.calls["ec2:ReplaceRouteTableAssociation"] == 4


def test_an_event_that_comes_a_thousand_times_over_moves_nothing_twice() -> None:
    again = played(Step("an old event comes again", 0.0, (1000, 60.0), ("ReplaceRouteTableAssociation", 1)))
    assert again.seen["invocations by event"] > 1000
    assert (again.seen["failovers begun"], again.calls["ec2:ReplaceRouteTableAssociation"]) == (2, 4)


def test_a_virtual_day_of_troubles_breaks_no_rule() -> None:
    of = play(day(1))
    assert of.violations == []
    assert of.seconds > 86400
    assert of.seen["failovers begun"] >= 2
