"""Virtual deaths of the active NAT, while much else is the matter: whoever is not moved then is a missed failover."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from math import exp, log
from multiprocessing import get_context
from random import Random
from typing import Any

from nat_failover.settings import Settings
from tests.bench.episodes import EPISODES, KINDS, network
from tests.bench.outage import DEATHS
from tests.bench.statistics import spread
from tests.lab.lab import Lab
from tests.lab.latencies import Latencies
from tests.lab.many_runs import quiet
from tests.lab.scenarios import SCENARIOS, standing
from tests.simulation.account.cloud import ModelCloud

# How long the standby is unfit, or the pair locked, after the death; evenly by the logarithm, since minutes count too.
MEANWHILE = (60.0, 3600.0)
# What a failover may take, from the death, or from when it can be: a lost event, and a watch that has to be sent anew.
WITHIN = 180.0
# What it was, and whether enough backends watched when it came. Without endpoints nobody can be asked to after that.
Dead = tuple[str, bool]
Kind = Callable[[Lab, Random], Dead]


@dataclass(frozen=True)
class Death:
    """What a death came to.

    Attributes:
        description: seed, death, and what else was the matter.
        after: seconds from when a failover could be until all subnets were associated with the standby's table; None
            where they were not in time.
        enough: whether enough backends could testify to it.
    """

    description: str
    after: float | None
    enough: bool


def measure(deaths: int, jobs: int) -> dict[str, Any]:
    """Play so many deaths of each kind, half of them without endpoints."""
    kinds = {"while something else is the matter": amid, "while the standby is unfit, or the pair locked": unfit}
    found = {}
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=quiet) as pool:
        for circumstances, kind in kinds.items():
            came = list(pool.map(partial(play, kind), range(deaths), chunksize=5))
            after = [death.after for death in came if death.after is not None]
            missed = [death.description for death in came if death.after is None and death.enough]
            unseen = [death.description for death in came if death.after is None and not death.enough]
            found[circumstances] = {
                "deaths": deaths,
                "missed": len(missed),
                "told": missed,
                "unseen": unseen,
                "after": spread(after or [WITHIN]),
            }
    return found


def play(kind: Kind, seed: int) -> Death:
    """Play one death; the seed decides everything."""
    settings = {} if seed % 2 else {"ssmAccess": "none"}
    lab = Lab("simulated", seed, Latencies(), settings, cloud=ModelCloud, measured=False)
    chance = Random(f"death {seed}")
    came: list[Death] = []

    def main(of: Lab) -> None:
        of.begin(60)
        of.wait(chance.uniform(0, 60))
        description, enough = kind(of, chance)
        begun = of.world.now()
        done = of.wait_until(partial(_moved, of), WITHIN)
        after = round(of.world.now() - begun, 1) if done else None
        came.append(Death(f"seed {seed}: {description}", after, enough or not settings))

    lab.run(main)
    return came[0]


def amid(lab: Lab, chance: Random) -> Dead:
    """Let the active NAT die in the midst of an episode, and wait for the episode to be over."""
    episode, death = chance.choice(sorted(KINDS)), chance.choice(DEATHS)
    over = lab.world.now() + KINDS[episode].lasts
    lab.world.spawn(partial(EPISODES[episode], lab), episode)
    lab.wait(chance.uniform(0, KINDS[episode].lasts))
    enough = die(lab, death)
    lab.wait_until(partial(_moved, lab), over - lab.world.now())
    return f"{death} during {episode}", enough


def unfit(lab: Lab, chance: Random) -> Dead:
    """Let the active NAT die while nothing can be done for a while."""
    death, locked = chance.choice(DEATHS), chance.random() < 0.5
    if locked:
        standing.locked(lab)
    else:
        lab.network.set_forwarding("nat02", False)
    lab.wait(chance.uniform(0, 60))
    enough = die(lab, death)
    low, high = MEANWHILE
    meanwhile = exp(chance.uniform(log(low), log(high)))
    lab.wait(meanwhile)
    if locked:
        lab.cloud.set_lock("armed")
    else:
        lab.network.set_forwarding("nat02", True)
    return f"{death}, {'locked' if locked else 'standby unfit'} for {meanwhile:.0f} s", enough


def die(lab: Lab, death: str) -> bool:
    """Let the active NAT die, and return whether enough backends watch that have power and a way to the VPC's hosts."""
    watching = sum(network(lab).is_up(host) and network(lab).is_watching(host) for host in lab.backends)
    SCENARIOS[death].fault(lab)
    return watching >= Settings.failure_threshold


def _moved(lab: Lab) -> bool:
    return set(lab.cloud.protected().values()) == {lab.cloud.standby_table}
