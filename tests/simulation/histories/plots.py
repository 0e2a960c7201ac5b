"""What chance alone brings together too seldom: troubles that hurt only one upon the other, in the right order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random

from tests.lab.cloud.template import EGRESS_PLACE, ENDPOINT_PLACE
from tests.simulation.histories.history import Argument, Step
from tests.simulation.histories.machines import DEATHS

FAILS = "the active NAT fails"
# What may come upon a failover whose invocation has just died with the record written, or with the first subnet moved.
UPON_A_DEATH: Mapping[str, Callable[[Random], tuple[Argument, ...]]] = {
    "the standby's route table is replaced": lambda _: (),
    "the mode becomes observe": lambda chance: (round(chance.uniform(60, 200), 2),),
    "a person pauses": lambda _: (),
    "a person swaps by hand": lambda _: (),
    "a person re-arms": lambda _: (),
    "the passive NAT fails for a while": lambda chance: (chance.choice(DEATHS), round(chance.uniform(5, 90), 2)),
    "the function is deployed anew": lambda _: (),
}


@dataclass(frozen=True)
class Plot:
    """Part of a history.

    Attributes:
        steps: what happens.
        settings: of the pair; empty for any.
        environment: variables that have to be so.
        storms: see ``History``; empty for any.
        events: see ``History``; None for any.
        lasts: seconds that the history has to last at least.
        others: steps that are not of the plot, at most.
        fair: nothing befalls any call but by ``storms``.
    """

    steps: tuple[Step, ...]
    settings: Mapping[str, object] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    storms: tuple[tuple[str, float, tuple[str, ...]], ...] = ()
    events: tuple[float, float, float] | None = None
    lasts: float = 0.0
    others: int = 2
    fair: bool = False


def drawn(chance: Random, low: float, high: float) -> float:
    """Draw a moment, or how long something lasts, in seconds."""
    return round(chance.uniform(low, high), 2)


def active_dies(chance: Random, low: float, high: float) -> Step:
    """Let the active NAT fail at a moment between two others."""
    return Step(FAILS, drawn(chance, low, high), (chance.choice(DEATHS),))


def _death_of_the_function(chance: Random) -> Plot:
    """The invocation that acts dies, and before the next one finishes, something else changes."""
    call = (chance.choice(("PutParameter lock", "ReplaceRouteTableAssociation")), 1)
    kind = chance.choice(list(UPON_A_DEATH))
    upon = Step(kind, drawn(chance, 0.5, 20), UPON_A_DEATH[kind](chance), call)
    steps = (active_dies(chance, 6, 20), Step("the function is killed", 0.0, (), call), upon)
    return Plot(steps, lasts=chance.choice((0.0, 200.0)), others=1)


def _stale_reads(chance: Random) -> Plot:
    """What is read right after a failover tells of the time before it."""
    storms = tuple((operation, 0.8, ("stale",)) for operation in ("GetParameters", "DescribeRouteTables"))
    events = (0.0, chance.choice((0.5, 1.0)), 0.0)
    return Plot((active_dies(chance, 6, 40),), storms=storms, events=events, others=1, fair=chance.random() < 0.5)


def _person_while_it_decides(chance: Random) -> Plot:
    """A person writes the lock while an invocation waits for what it lacks."""
    kind = chance.choice(("a person pauses", "a person pauses", "a person deletes the lock"))
    step = Step(kind, drawn(chance, 0.0, 0.6), (), ("SendCommand check", chance.choice((1, 1, 2))))
    return Plot((active_dies(chance, 6, 40), step), others=1)


def _swap_refused(chance: Random) -> Plot:
    """EC2 refuses what a failover is made of, again and again."""
    fates = chance.choice((("throttled",), ("server error",), ("server error", "server error after it was done")))
    storms = (("ReplaceRouteTableAssociation", drawn(chance, 0.8, 1.0), fates),)
    return Plot((active_dies(chance, 6, 40),), storms=storms, others=2)


def _too_few(chance: Random) -> Plot:
    """One failure fewer than a failover takes, or too small a share, while all else is as it wants it."""
    lasts, at = drawn(chance, 20, 60), drawn(chance, 4, 30)
    how = chance.choice(("several backends are sick", *["the active NAT refuses several backends"] * 3))
    return Plot((Step(how, at, (chance.randrange(4), chance.choice((2, 3)), lasts)),), others=chance.choice((0, 1)))


def _internet_after_a_failure(chance: Random) -> Plot:
    """The passive NAT has just said that it is well, and then nobody reaches the Internet, or it falls silent first."""
    sick = Step("a backend is sick", drawn(chance, 4, 30), (chance.randrange(4), drawn(chance, 10, 60)))
    check = ("SendCommand check", 1)
    gone = Step("the Internet is gone", drawn(chance, 2, 15), (drawn(chance, 5, 60),), check)
    dies = Step("the passive NAT fails for a while", drawn(chance, 1, 4), ("link down", 90.0), check)
    if chance.random() < 0.4:
        return Plot((sick, gone), others=0)
    return Plot(
        (sick, dies, Step(FAILS, round(dies.at + drawn(chance, 3, 10), 2), ("rules flushed",), check)), others=0
    )


def _passive_route_broken(chance: Random) -> Plot:
    """The passive table's default route leads nowhere when it is needed."""
    how, at = chance.choice(("removed", "blackhole", "elsewhere")), drawn(chance, 3, 20)
    broken = Step("a person breaks the passive default route", at, (how, 90.0))
    return Plot((broken, Step(FAILS, round(at + drawn(chance, 3, 30), 2), (chance.choice(DEATHS),))), others=0)


def _fresh_standby(chance: Random) -> Plot:
    """The standby has just been started, a person swaps to it, and it fails while it warms up."""
    at, down = drawn(chance, 3, 15), drawn(chance, 3, 10)
    up = at + down
    return Plot(
        (
            Step("the passive NAT fails for a while", at, ("stopped", down)),
            Step("a person swaps by hand", round(up + drawn(chance, 1, 5), 2)),
            Step(
                FAILS,
                round(up + drawn(chance, 12, 40), 2),
                (chance.choice([how for how in DEATHS if not how.startswith("stopp")]),),
            ),
        ),
        others=0,
        lasts=90.0,
        fair=True,
    )


def _listener_alone(chance: Random) -> Plot:
    """Agents reach Systems Manager through the NAT alone, and are deaf already when it dies."""
    steps = [Step("an agent is silent", drawn(chance, 3, 20), (host, 200.0)) for host in range(4)]
    return Plot((*steps, active_dies(chance, 25, 60)), {"ssmAccess": "none"}, lasts=150.0, others=0, fair=True)


def _never_worked(chance: Random) -> Plot:
    """From the first moment on the active NAT lets nothing through, or nothing lets the backends out of the VPC."""
    if chance.random() < 0.5:
        return Plot((Step(FAILS, 0.0, (chance.choice(DEATHS[:-1]),)),), others=0, fair=True)
    sick = Step("several backends are sick", 0.0, (0, 7, drawn(chance, 70, 120)))
    return Plot((sick,), {"proveActive": False}, others=0, lasts=90.0, fair=True)


def _night(chance: Random) -> Plot:
    """Most of the backends stop, and the active NAT with them; who stays is one fewer than a failover takes."""
    stops = Step("everything stops", drawn(chance, 62, 110), (chance.choice((1, 1, 2)), drawn(chance, 0, 5), 75.0))
    return Plot((stops,), others=0, lasts=200.0)


def _announced(chance: Random) -> Plot:
    """EC2 interrupts a NAT that it has warned of, or both; at times the NAT to come is broken already."""
    which = chance.choice(("active", "active", "passive", "both"))
    steps = [Step("EC2 interrupts a NAT", drawn(chance, 62, 110), (which, drawn(chance, 20, 120)))]
    if chance.random() < 0.3:
        # From the first moment on, so that nobody ever got through it.
        how = chance.choice(("rules flushed", "forwarding off"))
        steps.insert(0, Step("the passive NAT fails for a while", 0.0, (how, 250.0)))
    return Plot(tuple(steps), others=1, lasts=260.0)


def _one_is_left(chance: Random) -> Plot:
    """EC2 says that the active NAT stops, and too few backends are heard to say that they are offline."""
    silent = [Step("an agent is silent", drawn(chance, 62, 70), (host, 150.0)) for host in range(3)]
    return Plot((*silent, Step(FAILS, drawn(chance, 75, 110), ("stopped",))), others=1, lasts=200.0)


def _rubbish(chance: Random) -> Plot:
    """Enough backends say what nobody understands, or that they are offline, and end as no probe does."""
    at, first = drawn(chance, 3, 30), chance.randrange(4)
    what = ("garbage", "wrong exit")[first % 2]
    steps = (
        Step("a host lies", drawn(chance, at, at + 4), ((first + n) % 4, what, drawn(chance, 20, 60))) for n in range(3)
    )
    return Plot(tuple(steps), others=0)


def _booted(chance: Random) -> Plot:
    """Backends boot before they have a way out."""
    cut_off = Step("backends come up cut off", drawn(chance, 3, 30), (chance.randrange(4), drawn(chance, 2, 10), 70.0))
    return Plot(
        (cut_off,), environment={"NAT_FAILOVER_WINDOW": chance.choice(("0", "0", "120"))}, others=0, lasts=120.0
    )


def _clocks(chance: Random) -> Plot:
    """Enough hosts live in the past, or in the future, where a failure that is over must not be one to come."""
    if chance.random() < 0.5:
        behind = -chance.choice((drawn(chance, 40, 400), 7200.0))
        return Plot(tuple(Step("a clock is wrong", 1.0, (n, behind)) for n in range(4)), others=1)
    # Their word is of the time of the third tick, when the passive NAT has been heard after it.
    ahead = drawn(chance, 108, 115)
    clocks = (Step("a clock is wrong", 1.0, (n, ahead)) for n in range(4))
    fails = Step("the active NAT fails for a while", drawn(chance, 5.5, 6.5), (chance.choice(DEATHS[:-1]), 6.0))
    return Plot((*clocks, fails), others=0, lasts=150.0, fair=True)


def _routes_while_locked(chance: Random) -> Plot:
    """A route is added that is to be copied, and the pair is locked."""
    locked = Step(chance.choice(("a person pauses", "a person scribbles in the lock")), drawn(chance, 2, 20))
    if "scribbles" in locked.kind:
        locked = Step(locked.kind, locked.at, (3,))
    added = Step("a person adds a route", drawn(chance, 2, 50))
    return Plot((locked, added), {"mirrorRoutes": True, "mirrorEndpoints": [ENDPOINT_PLACE]}, others=1, lasts=130.0)


def _address_refused(chance: Random) -> Plot:
    """The egress address does not come along."""
    fates = chance.choice((("throttled",), ("answer lost",), ("server error", "killed after")))
    storms = (("AssociateAddress", drawn(chance, 0.5, 1.0), fates),)
    return Plot((active_dies(chance, 6, 40),), {"egressAddress": EGRESS_PLACE}, storms=storms)


PLOTS: tuple[Callable[[Random], Plot], ...] = (
    *(
        _death_of_the_function,
        _death_of_the_function,
        _stale_reads,
        _stale_reads,
        _person_while_it_decides,
        _swap_refused,
    ),
    *(_too_few, _internet_after_a_failure, _passive_route_broken, _fresh_standby, _listener_alone, _rubbish, _booted),
    *(_clocks, _routes_while_locked, _address_refused, _never_worked, _night, _one_is_left, _announced),
)
