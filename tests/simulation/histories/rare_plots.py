"""What came after the other plots: each is drawn by itself, so that histories without it stay what they were."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

from tests.simulation.histories.history import Step
from tests.simulation.histories.plots import Plot, active_dies, drawn


def _terminated(chance: Random) -> Plot:
    """A NAT's Auto Scaling group terminates it; at times the swap is refused, or the NAT to come is broken already."""
    which, timeout = chance.choice(("active", "active", "passive")), chance.choice((30.0, 180.0))
    steps = [Step("a group terminates a NAT", drawn(chance, 62, 110), (which, timeout))]
    is_broken = chance.random() < 0.3
    if is_broken:
        how = chance.choice(("rules flushed", "forwarding off"))
        steps.insert(0, Step("the passive NAT fails for a while", 0.0, (how, 250.0)))
    refused = (("ReplaceRouteTableAssociation", 1.0, ("server error",)),) if chance.random() < 0.4 else ()
    others = 0 if is_broken else 1
    return Plot(tuple(steps), {"primaryAutoScalingGroup": "nat"}, storms=refused, others=others, lasts=260.0)


def _comes_back_broken(chance: Random) -> Plot:
    """While the pair is paused the active NAT is stopped and started, forwards nothing then, and a person re-arms.

    A while later, so that nothing may rest on EC2's word that it stops any more.
    """
    stops, down = drawn(chance, 62, 75), drawn(chance, 3, 8)
    rearms = round(stops + down + drawn(chance, 70, 100), 2)
    pauses = Step("a person pauses", drawn(chance, 45, 55))
    breaks = Step("the active NAT comes back broken", stops, (down,))
    ticks = Step("a tick comes too", round(rearms + drawn(chance, 3, 15), 2))
    warm_up = {"NAT_FAILOVER_WARM_UP": "180"}
    steps = (pauses, breaks, Step("a person re-arms", rearms), ticks)
    return Plot(steps, environment=warm_up, others=0, lasts=330.0, fair=True)


def _helped_by_hand(chance: Random) -> Plot:
    """While the pair is paused the active NAT fails, and a person swaps and re-arms while failures are fresh yet."""
    failure = active_dies(chance, 62, 75)
    swaps = round(failure.at + drawn(chance, 3, 5), 2)
    rearms = round(swaps + drawn(chance, 0.2, 1), 2)
    ticks = [Step("a tick comes too", round(rearms + drawn(chance, 0.1, 3), 2)) for _ in range(2)]
    hand = (Step("a person swaps by hand", swaps), Step("a person re-arms", rearms))
    return Plot(
        (Step("a person pauses", drawn(chance, 45, 55)), failure, *hand, *ticks), others=0, lasts=150.0, fair=True
    )


# By the names that their draws have; of a hundred histories, each is in so many.
RARE: Mapping[str, Callable[[Random], Plot]] = {
    "group": _terminated,
    "broken": _comes_back_broken,
    "by hand": _helped_by_hand,
}
PER_CENT = 3


def rare(seed: int) -> Plot | None:
    """Draw one of these plots; None for none of them."""
    for name, plot in RARE.items():
        chance = Random(f"{name} {seed}")
        if chance.random() * 100 < PER_CENT:
            return plot(chance)
    return None
