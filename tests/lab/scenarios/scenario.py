"""A scenario: what is broken when, and what must come of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.lab.lab import Lab, MakeCloud
from tests.lab.network.layout import Layout

FAIL_OVER, HOLD, FAILED = "fail-over", "hold", "failed"
# How long a lab is watched after its fault where nothing must happen, in seconds: real ones are waited for by people.
HOLD_FOR = {"namespaces": 25.0, "simulated": 200.0}
# The same where a tick, or what a tick has found, has to come meanwhile.
HOLD_FOR_A_TICK = {**HOLD_FOR, "namespaces": 75.0}
RECOVERS_WITHIN = 150.0

Step = Callable[[Lab], None]


def nothing(lab: Lab) -> None:
    del lab


@dataclass(frozen=True)
class Scenario:
    """One scenario.

    Attributes:
        expected: ``fail-over``, ``hold`` or ``failed``.
        before: what is so before the function runs for the first time.
        fault: what breaks; it lasts as long as the step takes, or on.
        after: what is done once the failover is over.
        settings: of the pair.
        causes: of which at least one decision must have been, where nothing must be swapped.
        problems: further checks; a sentence for each thing that is wrong.
        ends_on: role of the NAT that is active at the end of a failover.
        backends: how many there are, unless there is a layout.
        layout: the VPC; the standard one where not given.
        cloud: makes the account; the drill's where not given.
        fails_until: what has to be built before it can pass; empty where it passes today.
    """

    name: str
    description: str
    expected: str
    fault: Step = nothing
    before: Step = nothing
    after: Step = nothing
    settings: Mapping[str, object] = field(default_factory=dict)
    causes: frozenset[str] = frozenset()
    problems: Callable[[Lab], list[str]] = lambda lab: []  # noqa: ARG005
    ends_on: str = "standby"
    hold_for: Mapping[str, float] = field(default_factory=lambda: HOLD_FOR)
    backends: int = 6
    layout: Layout | None = None
    cloud: MakeCloud | None = None
    fails_until: str = ""

    def play(self, lab: Lab, second_tick_within: float | None = None) -> None:
        """Play it; ``before`` has been done."""
        lab.begin(second_tick_within)
        lab.wait(lab.world.random.uniform(2, 12))
        lab.broken()
        self.fault(lab)
        if self.expected == HOLD:
            lab.wait(self.hold_for[lab.network.name])
            return
        lab.wait_until(lambda: over(lab, self.expected), RECOVERS_WITHIN)
        self.after(lab)
        lab.wait(2)


def over(lab: Lab, expected: str) -> bool:
    """Tell whether what is expected has come about: all are online again, or the failover has failed."""
    if expected == FAILED:
        return lab.lock_state() == "failed"
    everybody = set(lab.standing()) <= set(lab.online())
    return lab.lock_state() == "failed-over" and everybody and bool(lab.results("failed-over"))
