"""Scenarios in which the end of a NAT is known before it comes."""

from __future__ import annotations

from tests.lab.lab import Lab
from tests.lab.scenarios import demands
from tests.lab.scenarios.scenario import FAIL_OVER, HOLD, Scenario, Step
from tests.lab.scenarios.steps import stop


def stops_slowly(nat: str, seconds: float = 12.0) -> Step:
    """Give the step by which a NAT is stopped whose machine forwards on while its services stop, for so long."""

    def step(lab: Lab) -> None:
        lab.functions.late = lambda: (0.0,)
        lab.cloud.stop_instance(nat, "stopping")
        lab.functions.tell_state(lab.cloud.instances[nat], "stopping")
        lab.wait(seconds)
        stop(nat)(lab)
        lab.functions.tell_state(lab.cloud.instances[nat], "stopped")
        lab.wait(seconds)

    return step


def all_stop(*order: str) -> Step:
    """Give the step by which everything is stopped: ``active`` and passive NAT, the backends, ``some`` before others.

    A scheduler stops all of a kind by one call.
    """

    def step(lab: Lab) -> None:
        groups = {"active": ["nat01"], "passive": ["nat02"], "backends": lab.backends, "some": lab.backends[:4]}
        for name in order:
            hosts = groups[name]
            for host in hosts:
                lab.cloud.stop_instance(host, "stopping")
                lab.functions.tell_state(lab.cloud.instances[host], "stopping")
            lab.wait(lab.world.random.uniform(0.2, 1.5))
        lab.wait(8)
        for host in (*lab.backends, "nat01", "nat02"):
            stop(host)(lab)

    return step


HANDOVERS: tuple[Scenario, ...] = (
    Scenario(
        "nat-stopping",
        "a person stops the NAT, whose machine forwards on for twelve seconds",
        FAIL_OVER,
        stops_slowly("nat01"),
        problems=demands.without_outage,
    ),
    *(
        Scenario(
            f"environment-stops-for-the-night-{order}-first",
            f"the whole environment stops for the night, {told}",
            HOLD,
            step,
            problems=demands.nothing_moved,
        )
        for order, told, step in (
            ("backends", "the NATs after the backends", all_stop("backends", "active", "passive")),
            ("nat", "the backends a moment after the active NAT", all_stop("active", "backends", "passive")),
            ("some", "the NATs among the backends", all_stop("some", "active", "passive", "backends")),
        )
    ),
)
