"""From a seed to a history: which kinds of trouble there are in it, how many, and when."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

from tests.lab.cloud.template import EGRESS_PLACE, ENDPOINT_PLACE, STANDBY_EGRESS_PLACE
from tests.simulation.account.weather import FATES
from tests.simulation.histories.history import Argument, History, Step
from tests.simulation.histories.machines import DEATHS
from tests.simulation.histories.people import SCRIBBLES
from tests.simulation.histories.plots import PLOTS
from tests.simulation.histories.rare_plots import rare
from tests.simulation.histories.steps import ACTING, CALLS

# What the pair is like, and how often: every one is deployed once a process.
PAIRS: tuple[tuple[int, Mapping[str, object]], ...] = (
    (12, {}),
    (4, {"ssmAccess": "none"}),
    (2, {"mirrorRoutes": True, "mirrorEndpoints": [ENDPOINT_PLACE]}),
    (1, {"egressAddress": EGRESS_PLACE}),
    (1, {"egressAddress": EGRESS_PLACE, "standbyEgressAddress": STANDBY_EGRESS_PLACE}),
)
# A short warm-up lets a machine count again within a history.
WARM_UP = 60
DAY = 86400.0
# What may befall many calls of an invocation without ending it.
HARMLESS = frozenset({"stale", "slow", "made twice"})
PERIOD = 60.0
STORMY = (
    *("GetParameters", "PutParameter", "DescribeRouteTables", "ReplaceRouteTableAssociation"),
    *("ListCommandInvocations", "ListCommands", "SendCommand", "DescribeInstances", "Publish"),
)

Arguments = Callable[[Random], tuple[Argument, ...]]


def _none(chance: Random) -> tuple[Argument, ...]:
    del chance
    return ()


def _for(low: float, high: float) -> Arguments:
    return lambda chance: (round(chance.uniform(low, high), 2),)


def _backend(chance: Random) -> tuple[Argument, ...]:
    return (chance.randrange(4), round(chance.uniform(5, 90), 2))


DENIED = ("ReplaceRouteTableAssociation", "PutParameter", "SendCommand", "Publish", "AssociateAddress")
# Every kind of step: how often it is drawn, and with what.
KINDS: Mapping[str, tuple[int, Arguments]] = {
    "the active NAT fails": (6, lambda chance: (chance.choice(DEATHS),)),
    "the active NAT fails for a while": (4, lambda chance: (chance.choice(DEATHS), *_for(1, 60)(chance))),
    "the passive NAT fails for a while": (3, lambda chance: (chance.choice(DEATHS), *_for(5, 90)(chance))),
    "the active NAT reboots": (1, _for(5, 40)),
    "the Internet is gone": (3, _for(3, 80)),
    "a target is dead": (1, lambda chance: (chance.randrange(3), *_for(10, 90)(chance))),
    "packets are lost": (2, lambda chance: (chance.randrange(1, 60), *_for(10, 60)(chance))),
    "a backend is sick": (4, _backend),
    "several backends are sick": (
        2,
        lambda chance: (chance.randrange(4), chance.choice((2, 2, 3)), round(chance.uniform(5, 90), 2)),
    ),
    "backends come up cut off": (
        1,
        lambda chance: (chance.randrange(4), round(chance.uniform(2, 20), 2), round(chance.uniform(10, 70), 2)),
    ),
    "a backend reboots": (2, _backend),
    "a backend is replaced": (1, lambda chance: (chance.randrange(4),)),
    "an agent is silent": (3, _backend),
    "an agent goes offline": (1, _backend),
    "an agent restarts": (2, lambda chance: (chance.randrange(4), chance.choice(("told", "untold")))),
    "a host lies": (
        3,
        lambda chance: (
            chance.randrange(5),
            chance.choice(("garbage", "unreachable", "reachable", "endless", "wrong exit")),
            *_for(10, 90)(chance),
        ),
    ),
    "a clock is wrong": (
        2,
        lambda chance: (chance.randrange(5), chance.choice((-7200.0, -40.0, -5.0, 5.0, 40.0, 7200.0))),
    ),
    "a person re-arms": (5, _none),
    "a person mends the NATs and re-arms": (3, _none),
    "a person pauses": (3, _none),
    "a person deletes the lock": (2, _none),
    "a person scribbles in the lock": (2, lambda chance: (chance.randrange(len(SCRIBBLES)),)),
    "a person swaps by hand": (2, _none),
    "a person moves one subnet": (2, lambda chance: (chance.randrange(2),)),
    "a person breaks the passive default route": (
        2,
        lambda chance: (chance.choice(("removed", "blackhole", "elsewhere")), *_for(10, 90)(chance)),
    ),
    "a person adds a route": (2, _none),
    "a permission is missing": (3, lambda chance: (chance.choice(DENIED), *_for(5, 90)(chance))),
    "the function is deployed anew": (2, _none),
    "the mode becomes observe": (3, _for(5, 90)),
    "the standby's route table is replaced": (2, _none),
    "the primary's route table is replaced": (1, _none),
    "the function is killed": (3, _none),
    "a tick comes too": (3, _none),
    "an old event comes again": (1, lambda chance: (chance.randrange(1, 8), *_for(0, 30)(chance))),
    "ticks are lost": (1, _for(30, 120)),
    "a tick is late": (1, lambda chance: (chance.randrange(1, 3), *_for(1, 50)(chance))),
}


def history(seed: int) -> History:
    """Draw a history; few kinds of trouble in each, so that none hides behind another."""
    chance = Random(seed)
    settings = chance.choices([pair for _, pair in PAIRS], [often for often, _ in PAIRS])[0]
    lasts = round(chance.uniform(40, 130), 2)
    kinds = _kinds(chance)
    fates = tuple(chance.sample(FATES, chance.choice((1, 1, 2, 3, len(FATES)))))
    shares = (0.2, 0.4) if HARMLESS.issuperset(fates) else (0.01, 0.05, 0.2)
    share = 0.0 if chance.random() < 0.35 else round(chance.choice(shares) * chance.uniform(0.5, 1.5), 4)
    steps = [_step(kind, chance, lasts) for kind in kinds]
    if chance.random() < 0.85:
        steps.append(Step("the active NAT fails", round(chance.uniform(6, 45), 2), (chance.choice(DEATHS),)))
    environment = _environment(chance)
    events = chance.choice(((0.0, 0.0, 0.0), (0.0, 0.3, 0.3), (0.3, 0.3, 0.3), (1.0, 0.0, 0.0), (0.0, 1.0, 0.5)))
    storms = _storms(chance)
    apart = rare(seed)
    if chance.random() < 0.45 or apart is not None:
        plot = apart or chance.choice(PLOTS)(chance)
        steps = [*chance.sample(steps, min(len(steps), plot.others)), *plot.steps]
        events = events if plot.events is None else plot.events
        settings, storms = plot.settings or settings, plot.storms or storms
        environment |= plot.environment
        lasts = max(lasts, plot.lasts)
        if plot.fair:
            share, storms = 0.0, plot.storms
    if settings.get("ssmAccess") == "none" and environment["NAT_FAILOVER_WINDOW"] == "0":
        environment["NAT_FAILOVER_WINDOW"] = "120"  # a quick check needs endpoints, and is refused without
    return History(
        seed,
        settings,
        environment,
        # Of seven, three that are sick are too small a share.
        backends=Random(f"backends {seed}").choice((4, 4, 7)),
        slower=chance.choice((0.3, 0.3, 1.0, 1.0, 1.0, 1.0, 2.0, 4.0)),
        harsh=Random(f"harsh {seed}").choice((0.0, 1.0, 1.0, 1.0, 4.0)),
        share=share,
        fates=fates,
        storms=storms,
        events=events,
        steps=tuple(sorted(steps, key=lambda step: step.at)),
        lasts=lasts,
        finale=chance.choice(DEATHS),
    )


def _storms(chance: Random) -> tuple[tuple[str, float, tuple[str, ...]], ...]:
    """Draw one operation that is befallen far more often than the others: what hurts is rarely spread evenly."""
    if chance.random() < 0.8:
        return ()
    fates = tuple(chance.sample(FATES, chance.choice((1, 1, 2))))
    return ((chance.choice(STORMY), round(chance.uniform(0.3, 1.0), 2), fates),)


def day(seed: int) -> History:
    """Draw a history of 24 hours, in which people set things right every other hour."""
    chance = Random(f"day {seed}")
    rearmed = [Step("a person mends the NATs and re-arms", hour * 3600.0) for hour in range(1, 24, 2)]
    kinds = chance.choices(list(KINDS), [often for often, _ in KINDS.values()], k=120)
    steps = [Step(kind, round(chance.uniform(60, DAY), 2), KINDS[kind][1](chance)) for kind in kinds]
    return History(
        seed,
        environment={"NAT_FAILOVER_WARM_UP": str(WARM_UP)},
        share=0.002,
        fates=FATES,
        events=(0.1, 0.1, 0.1),
        steps=tuple(sorted((*steps, *rearmed), key=lambda step: step.at)),
        lasts=DAY,
        finale=chance.choice(DEATHS),
    )


def _kinds(chance: Random) -> list[str]:
    names = list(KINDS)
    some = chance.sample(names, chance.choice((1, 2, 3, 5)))
    return chance.choices(some, [KINDS[name][0] for name in some], k=chance.choice((0, 1, 2, 3, 4, 6)))


def _step(kind: str, chance: Random, lasts: float) -> Step:
    arguments = KINDS[kind][1](chance)
    if chance.random() < 0.5:
        return Step(kind, round(chance.uniform(2, lasts), 2), arguments)
    call = chance.choices(CALLS, [5 if name in ACTING else 1 for name in CALLS])[0]
    return Step(
        kind,
        round(chance.choice((0.0, 0.05, 0.5, 5.0)) * chance.random(), 3),
        arguments,
        (call, chance.choice((1, 1, 2, 3, 5))),
    )


def _environment(chance: Random) -> dict[str, str]:
    environment = {
        "NAT_FAILOVER_WARM_UP": str(WARM_UP),
        "NAT_FAILOVER_WINDOW": chance.choice(("0", "120", "120", "240", "240", "600")),
    }
    if chance.random() < 0.05:
        environment["NAT_FAILOVER_MODE"] = "observe"
    return environment
