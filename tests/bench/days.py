"""Virtual days in which the NAT is well and much else is not: every failover in them is a false one.

Hours in which nothing is the matter are passed over: the schedule's ticks come from two and a half minutes before an
episode until four minutes after it, and late events whenever they come. The peers decide in the same days, but their
decisions are counted only, once an episode.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from random import Random
from typing import Any

from nat_failover.lock.record import LockState
from tests.bench.episodes import EPISODES, KINDS, Episode, model, network
from tests.bench.peers import Article, Checker, Peer
from tests.gate.harshness import Harshness
from tests.lab.cloud.functions import Invocation
from tests.lab.lab import Lab
from tests.lab.latencies import Latencies
from tests.lab.many_runs import quiet
from tests.lab.network.guards import WEB_GROUP
from tests.lab.scenarios import steps
from tests.simulation.account.cloud import ModelCloud

DAY = 86400.0
# Of eight days, those on which the NATs' groups admit the web alone, as in AWS's own example: no ping ever passed.
WEB_ONLY = (0, 1)
BEFORE, AFTER = 150.0, 240.0
# Of all status changes, so many events come twice, and so many up to ten minutes late.
HARSHNESS = Harshness(event_twice=0.2, event_late=0.2, late_by=(0.0, 600.0))


@dataclass
class Days:
    """What virtual days came to.

    Attributes:
        days: how many.
        episodes: of each kind.
        false: failovers that should not have been, by who made them.
        reasons: what was the matter at each of ours, with the seed.
        invocations: of the function.
    """

    days: int = 0
    episodes: Counter[str] = field(default_factory=Counter)
    false: Counter[str] = field(default_factory=Counter)
    reasons: list[str] = field(default_factory=list)
    invocations: int = 0

    def add(self, other: Days) -> None:
        """Add other days."""
        self.days += other.days
        self.episodes += other.episodes
        self.false += other.false
        self.reasons += other.reasons
        self.invocations += other.invocations


def measure(days: int, jobs: int) -> dict[str, Any]:
    """Play so many days, half of them without endpoints, and a quarter without any ping."""
    total = Days()
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=quiet) as pool:
        for day in pool.map(play_day, range(days), chunksize=10):
            total.add(day)
    return {
        "days": total.days,
        "mix": {name: {"told": kind.description, "a_day": kind.a_day} for name, kind in KINDS.items()},
        "events": f"{HARSHNESS.event_twice:.0%} come twice, {HARSHNESS.event_late:.0%} "
        f"up to {HARSHNESS.late_by[1]:.0f} s late",
        "episodes": dict(total.episodes),
        "false_failovers": {who: total.false[who] for who in ("ours", "a", "b")},
        "ours": total.reasons,
        "invocations": total.invocations,
    }


def play_day(seed: int) -> Days:
    """Play one day; the seed decides everything."""
    settings = {} if seed % 2 else {"ssmAccess": "none"}
    web_only = seed % 8 in WEB_ONLY
    lab = Lab("simulated", seed, Latencies(), settings, cloud=ModelCloud, measured=False, harshness=HARSHNESS)
    chance = Random(seed)
    episodes = sorted(
        (Episode(kind, chance.uniform(BEFORE, DAY - 3600)) for kind, of in KINDS.items() for _ in range(of.a_day)),
        key=lambda episode: episode.at,
    )
    day = Days(1, Counter(episode.kind for episode in episodes))

    def main(of: Lab) -> None:
        began = of.world.now()
        if web_only:
            for nat in of.network.layout.nats:
                steps.group(nat.name, WEB_GROUP.inbound)(of)
        of.functions.start(scheduled=False)
        of.functions.on_end = lambda invocation: _count(of, invocation, day, seed, began, episodes)
        for episode in episodes:
            of.world.spawn(partial(_play, of, episode, began), episode.kind)
        peers: list[Peer] = [Article(), Checker(reaches=_from_one_that_is_up)]
        for start, end in windows(episodes):
            of.wait(began + start - of.world.now())
            for peer in peers:
                of.world.spawn(partial(_decide_only, peer, of, began + end, day), peer.name)
            while of.world.now() < began + end:
                of.functions.tick()
                of.wait(of.functions.period)
        day.invocations = len(of.functions.invocations)

    lab.run(main)
    return day


def windows(episodes: Sequence[Episode]) -> list[tuple[float, float]]:
    """Give the times in which something is the matter, apart from each other, in order."""
    found: list[tuple[float, float]] = []
    for episode in episodes:
        start, end = episode.at - BEFORE, episode.until + AFTER
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return found


def _count(lab: Lab, invocation: Invocation, day: Days, seed: int, began: float, episodes: Sequence[Episode]) -> None:
    """Count a failover of ours, and put everything back: the next one counts, too."""
    text = lab.cloud.lock_text()
    if text is None or not text.startswith("{") or json.loads(text)["state"] == LockState.FAILING_OVER:
        return
    at = lab.world.now() - began
    about = [e.kind for e in episodes if e.at - BEFORE <= at <= e.until + AFTER]
    reason = (invocation.result or {}).get("reason")
    day.false["ours"] += 1
    day.reasons.append(f"seed {seed} at {at:.0f} s, during {about}: {reason}")
    cloud = model(lab)
    holdings = cloud.account.holdings
    holdings.associations = {a: (subnet, cloud.primary_table) for a, (subnet, _) in holdings.associations.items()}
    cloud.mirror()
    cloud.set_lock("armed")


def _decide_only(peer: Peer, lab: Lab, until: float, day: Days) -> None:
    """Let a peer check as ever, without acting."""
    lab.wait(lab.world.random.uniform(0, peer.period))
    while lab.world.now() < until:
        begun = lab.world.now()
        if peer.check(lab):
            day.false[peer.name] += 1
            return
        lab.wait(peer.period if peer.pauses else peer.period - (lab.world.now() - begun) % peer.period)


def _from_one_that_is_up(lab: Lab, target: str) -> bool:
    """Stand for an interface of the checking function's own, which no reboot of a backend takes down."""
    place = next((host for host in lab.backends if network(lab).is_up(host)), None)
    return place is not None and network(lab).reaches(place, target)


def _play(lab: Lab, episode: Episode, began: float) -> None:
    lab.wait(began + episode.at - lab.world.now())
    EPISODES[episode.kind](lab)
