"""Scenarios of backends that are not all alike: other platforms, states and tags, agents in trouble."""

from __future__ import annotations

from tests.lab.lab import Lab
from tests.lab.scenarios import demands, standing, steps
from tests.lab.scenarios.scenario import FAIL_OVER, HOLD, HOLD_FOR, Scenario, Step

# So long that a host which were sent a watch at each tick would have a dozen of them.
LONG = {**HOLD_FOR, "simulated": 1800.0}


def _among(name: str, told: str, what: Step, who: str = "backend6") -> Scenario:
    """Have one, from the beginning, that AWS refuses to ask."""
    return Scenario(name, told, FAIL_OVER, steps.flush, before=what, problems=demands.left_out(who))


def _later(name: str, told: str, what: Step) -> Scenario:
    """Have one backend that AWS refuses to ask once it has been asked with the others."""

    def fault(lab: Lab) -> None:
        what(lab)
        lab.wait(1)
        steps.flush(lab)

    return Scenario(name, told, FAIL_OVER, fault, problems=demands.one_swap)


FLEETS: tuple[Scenario, ...] = (
    _among("windows-among-backends", "one backend runs Windows", standing.runs_windows("backend6")),
    _among("stopped-among-backends", "one backend is stopped", standing.stopped("backend6")),
    _among("terminated-among-backends", "one backend was terminated", standing.terminated("backend6")),
    _among("untagged-among-backends", "one backend has no tag", standing.untagged("backend6")),
    _among("hybrid-among-backends", "a server outside EC2 carries the tag", standing.hybrid, standing.HYBRID),
    _later("stopped-later", "one backend stops right before the NAT dies", standing.stopped("backend6")),
    _later("terminated-later", "one is terminated right before the NAT dies", standing.terminated("backend6")),
    _later("untagged-later", "one loses its tag right before the NAT dies", standing.untagged("backend6")),
    Scenario(
        "mixed-fleet",
        "of six backends only three can be asked: the others are on Windows, stopped, without the tag",
        FAIL_OVER,
        steps.flush,
        before=standing.mixed,
        problems=demands.left_out("backend4", "backend5", "backend6"),
    ),
    Scenario(
        "standby-silent",
        "the standby's agent answers nothing",
        HOLD,
        before=standing.silent("nat02"),
        hold_for=LONG,
        problems=demands.few_watches("nat02"),
    ),
    Scenario(
        "backend-silent",
        "a backend's agent answers nothing",
        HOLD,
        before=standing.silent("backend6"),
        hold_for=LONG,
        problems=demands.few_watches("backend6"),
    ),
    Scenario(
        "standby-stopped",
        "the standby is stopped",
        HOLD,
        before=standing.stopped("nat02"),
        hold_for=LONG,
        problems=demands.left_out("nat02"),
    ),
)
