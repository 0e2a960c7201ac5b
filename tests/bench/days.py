"""Virtual days in which the NAT is well and much else is not: every failover in them is a false one.

Hours in which nothing is the matter are passed over: the schedule's ticks come from two and a half minutes before an
episode until four minutes after it, and late events whenever they come. The peers decide in the same days, but their
decisions are counted only, once an episode.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from random import Random
from typing import Any

from nat_failover.lock.record import LockState
from tests.bench.peers import Article, Checker, Peer
from tests.gate.harshness import Harshness
from tests.lab.cloud.functions import Invocation
from tests.lab.lab import Lab
from tests.lab.latencies import Latencies
from tests.lab.many_runs import quiet
from tests.lab.network.layout import TARGETS
from tests.lab.network.network import ProbeOutcome
from tests.lab.network.simulated.network import SimulatedNetwork
from tests.simulation.account.cloud import ModelCloud

DAY = 86400.0
BEFORE, AFTER = 150.0, 240.0
# Of all status changes, so many events come twice, and so many up to ten minutes late.
HARSHNESS = Harshness(event_twice=0.2, event_late=0.2, late_by=(0.0, 600.0))


@dataclass(frozen=True)
class Kind:
    """A kind of episode: how many a day, and how long each lasts."""

    told: str
    a_day: int
    lasts: float


KINDS = {
    "loss": Kind("1 to 40 % of the packets are lost, for 3 minutes", 4, 180.0),
    "target": Kind("one of the three targets is dead, for 10 minutes", 2, 600.0),
    "reboots": Kind("one backend after the other reboots, down for 20 to 60 s", 1, 480.0),
    "deploy": Kind("half of the backends are replaced by new instances at once", 1, 180.0),
    "agents": Kind("the agents of all backends restart within a minute; half of them tell of what they ran", 1, 120.0),
}


@dataclass(frozen=True)
class Episode:
    """One episode of a day; seconds since its beginning."""

    kind: str
    at: float

    @property
    def until(self) -> float:
        """When it is over."""
        return self.at + KINDS[self.kind].lasts


@dataclass
class Days:
    """What virtual days came to.

    Attributes:
        days: how many.
        episodes: of each kind.
        false: failovers that should not have been, by who made them.
        told: what was the matter at each of ours, with the seed.
        invocations: of the function.
    """

    days: int = 0
    episodes: Counter[str] = field(default_factory=Counter)
    false: Counter[str] = field(default_factory=Counter)
    told: list[str] = field(default_factory=list)
    invocations: int = 0

    def add(self, other: Days) -> None:
        """Add other days."""
        self.days += other.days
        self.episodes += other.episodes
        self.false += other.false
        self.told += other.told
        self.invocations += other.invocations


def measure(days: int, jobs: int) -> dict[str, Any]:
    """Play so many days, half of them without endpoints: there, silence counts as evidence.

    They go by no real clock, and so give way to whatever does.
    """
    total = Days()
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_quiet_and_humble) as pool:
        for day in pool.map(play_day, range(days), chunksize=10):
            total.add(day)
    return {
        "days": total.days,
        "mix": {name: {"told": kind.told, "a_day": kind.a_day} for name, kind in KINDS.items()},
        "events": f"{HARSHNESS.event_twice:.0%} come twice, {HARSHNESS.event_late:.0%} "
        f"up to {HARSHNESS.late_by[1]:.0f} s late",
        "episodes": dict(total.episodes),
        "false_failovers": {who: total.false[who] for who in ("ours", "a", "b")},
        "ours": total.told,
        "invocations": total.invocations,
    }


def _quiet_and_humble() -> None:
    quiet()
    os.nice(19)


def play_day(seed: int) -> Days:
    """Play one day; the seed decides everything."""
    settings = {} if seed % 2 else {"ssmAccess": "none"}
    lab = Lab("simulated", seed, Latencies(), settings, cloud=ModelCloud, measured=False, harshness=HARSHNESS)
    chance = Random(seed)
    episodes = sorted(
        (Episode(kind, chance.uniform(BEFORE, DAY - 3600)) for kind, of in KINDS.items() for _ in range(of.a_day)),
        key=lambda episode: episode.at,
    )
    day = Days(1, Counter(episode.kind for episode in episodes))

    def main(of: Lab) -> None:
        began = of.world.now()
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
    day.told.append(f"seed {seed} at {at:.0f} s, during {about}: {reason}")
    cloud = _model(lab)
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
    network = _network(lab)
    place = next((host for host in lab.backends if network.is_up(host)), None)
    return place is not None and network.reaches(place, target)


def _play(lab: Lab, episode: Episode, began: float) -> None:
    lab.wait(began + episode.at - lab.world.now())
    EPISODES[episode.kind](lab)


def _loss(lab: Lab) -> None:
    lab.network.set_loss(lab.world.random.uniform(1, 40))
    lab.wait(KINDS["loss"].lasts)
    lab.network.set_loss(0)


def _target(lab: Lab) -> None:
    target = lab.world.random.choice(TARGETS)
    lab.network.set_target(target, False)
    lab.wait(KINDS["target"].lasts)
    lab.network.set_target(target, True)


def _reboots(lab: Lab) -> None:
    for host in lab.backends:
        lab.network.stop(host)
        lab.run_command.dead.add(host)
        lab.wait(lab.world.random.uniform(20, 60))
        lab.network.start(host)
        lab.run_command.dead.discard(host)
        lab.wait(lab.world.random.uniform(0, 20))


def _deploy(lab: Lab) -> None:
    going = lab.world.random.sample(lab.backends, len(lab.backends) // 2)
    for host in going:
        lab.network.stop(host)
        lab.run_command.dead.add(host)
    _model(lab).replace_instances(going, lab.world.now())
    lab.wait(lab.world.random.uniform(40, 120))
    for host in going:
        lab.network.start(host)
        lab.run_command.dead.discard(host)


def _agents(lab: Lab) -> None:
    for host in lab.backends:
        telling = lab.world.random.random() < 0.5
        _network(lab).restart_agent(host, ProbeOutcome(137, "") if telling else None)
        lab.wait(lab.world.random.uniform(0, 10))


EPISODES: dict[str, Callable[[Lab], None]] = {
    "loss": _loss,
    "target": _target,
    "reboots": _reboots,
    "deploy": _deploy,
    "agents": _agents,
}


def _model(lab: Lab) -> ModelCloud:
    assert isinstance(lab.cloud, ModelCloud)
    return lab.cloud


def _network(lab: Lab) -> SimulatedNetwork:
    assert isinstance(lab.network, SimulatedNetwork)
    return lab.network
