"""Scenarios in which the end of a NAT is known before it comes."""

from __future__ import annotations

from functools import partial

from nat_failover.judging.conditions import Trouble
from tests.lab.cloud.template import EGRESS_PLACE
from tests.lab.lab import Lab
from tests.lab.network.layout import TARGETS
from tests.lab.scenarios import demands
from tests.lab.scenarios.scenario import FAIL_OVER, HOLD, Scenario, Step
from tests.lab.scenarios.steps import stop

# Between two connections of a backend, in seconds.
PAUSE = 0.2
# An Elastic IP that moves carries nothing for six seconds at most in this lab, once EC2 has taken a second to move it.
LIFTED = 7.0


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


def of_spot(lab: Lab) -> None:
    """Both NATs are Spot instances."""
    lab.cloud.spot |= {lab.cloud.instances[nat] for nat in ("nat01", "nat02")}


def interrupted(nat: str, seconds: float = 120.0, *, event_sent: bool = True) -> Step:
    """Give the step by which EC2 interrupts a Spot instance, two minutes after its warning.

    On real packets sooner: twenty seconds after it, or just after the next tick where the event is lost.
    """

    def step(lab: Lab) -> None:
        lab.functions.late = lambda: (0.0,)
        lab.cloud.warn(nat)
        if event_sent:
            lab.functions.tell_warning(lab.cloud.instances[nat])
        sooner = 20.0 if event_sent else 65.0
        lab.wait(seconds if lab.network.name == "simulated" else sooner)
        stop(nat)(lab)
        lab.wait(20)

    return step


def maintained(nat: str, ahead: float) -> Step:
    """Give the step by which maintenance of a NAT is announced, and stops it when its time has come."""

    def step(lab: Lab) -> None:
        lab.cloud.maintenance[lab.cloud.instances[nat]] = lab.world.now() + ahead
        lab.wait(ahead)
        stop(nat)(lab)
        lab.wait(20)

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


def under_traffic(step: Step, seconds: float) -> Step:
    """Give a step during which, and for so long after, every backend makes connections several times a second."""

    def busy(lab: Lab) -> None:
        over: list[bool] = []

        def connect(host: str) -> None:
            while not over:
                lab.connected.append(lab.network.reaches(host, lab.world.random.choice(TARGETS), 443))
                lab.wait(PAUSE)

        callers = [lab.world.spawn(partial(connect, host), f"traffic of {host}") for host in lab.backends]
        step(lab)
        lab.wait(seconds)
        over.append(True)
        for caller in callers:
            caller.join()

    return busy


HANDOVERS: tuple[Scenario, ...] = (
    Scenario(
        "nat-stopping",
        "a person stops the NAT, whose machine forwards on for twelve seconds",
        FAIL_OVER,
        stops_slowly("nat01"),
        problems=demands.without_outage,
    ),
    Scenario(
        "planned-move-under-traffic",
        "the same, while every backend makes new connections all the time",
        FAIL_OVER,
        under_traffic(stops_slowly("nat01"), 5),
        problems=demands.nothing_lost,
    ),
    Scenario(
        "planned-move-with-egress-address",
        "the same with an Elastic IP that follows: nobody is offline for longer than the address is",
        FAIL_OVER,
        under_traffic(stops_slowly("nat01"), 5),
        settings={"egressAddress": EGRESS_PLACE},
        problems=demands.within(LIFTED),
    ),
    Scenario(
        "spot-warning",
        "EC2 interrupts the NAT, a Spot instance, two minutes after it has said so by an event",
        FAIL_OVER,
        interrupted("nat01"),
        before=of_spot,
        problems=demands.without_outage,
    ),
    Scenario(
        "spot-warning-lost",
        "the same, and the event is lost: the next tick asks",
        FAIL_OVER,
        interrupted("nat01", event_sent=False),
        before=of_spot,
        problems=demands.without_outage,
    ),
    Scenario(
        "spot-warning-of-the-passive-nat",
        "EC2 interrupts the passive NAT: people are told, and nothing is moved",
        HOLD,
        interrupted("nat02"),
        before=of_spot,
        problems=lambda lab: demands.nothing_moved(lab) + demands.notified_of(Trouble.NAT_ENDING)(lab),
    ),
    Scenario(
        "spot-warning-told-only",
        "handover is set to tell: people are told, and the NAT fails over once it is stopped",
        FAIL_OVER,
        interrupted("nat01"),
        before=of_spot,
        settings={"handover": "tell"},
        problems=lambda lab: demands.one_swap(lab) + demands.notified_of(Trouble.NAT_ENDING, Trouble.FAILED_OVER)(lab),
    ),
    Scenario(
        "maintenance-announced",
        "EC2 announces maintenance of the NAT in half an hour, and stops it then",
        FAIL_OVER,
        maintained("nat01", 1800.0),
        problems=lambda lab: demands.without_outage(lab) + demands.notified_of(Trouble.NAT_ENDING)(lab),
    ),
    *(
        Scenario(
            f"environment-stops-for-the-night-{order}-first",
            f"the whole environment stops for the night, {how}",
            HOLD,
            step,
            problems=demands.nothing_moved,
        )
        for order, how, step in (
            ("backends", "the NATs after the backends", all_stop("backends", "active", "passive")),
            ("nat", "the backends a moment after the active NAT", all_stop("active", "backends", "passive")),
            ("some", "the NATs among the backends", all_stop("some", "active", "passive", "backends")),
        )
    ),
)
