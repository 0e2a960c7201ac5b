"""How long the private subnets are offline: ours and the peers', on real packets and on the simulated network."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from multiprocessing import get_context
from typing import Any

from tests.bench.peers import PEERS, Peer, watch
from tests.bench.statistics import spread
from tests.lab.cloud.moto_cloud import MotoCloud
from tests.lab.lab import Lab, MakeCloud
from tests.lab.latencies import Latencies
from tests.lab.many_runs import quiet
from tests.lab.run import play
from tests.lab.scenarios import SCENARIOS
from tests.simulation.account.cloud import ModelCloud

OURS = "ours"
# Of these something still passes that the pinger sees: the outage lasts until the route leads elsewhere.
PARTIAL = ("tcp-dead", "nat-loses-60-percent")
# The deaths that are measured with VPC endpoints and without, in the order of the tables.
DEATHS = (
    *("nat-rules-flushed", "nat-forwarding-off", "nat-link-down", "nat-stopped", "nat-uplink-blackholed"),
    *("nat-drops-new-flows", *PARTIAL),
)
EVENTS_LOST = "events-lost"
FAILURES = tuple((failure, endpoints) for failure in (EVENTS_LOST, *DEATHS) for endpoints in (True, False))
# The failure that each peer is measured with: one that it notices.
NOTICED = {"a": "nat-stopped", "b": "nat-stopped", "c": "nat-stopped"}
STEPS = ("seen", "told", "decided", "swapped", "routed", "verified")
PERIOD = 60.0
# The slowest peer takes four minutes.
RECOVERED_WITHIN = 400.0


@dataclass(frozen=True)
class Wanted:
    """One run: whose, of which failure, on which network, with which seed and latencies, with VPC endpoints or not."""

    who: str
    failure: str
    network: str
    seed: int
    slower: float = 1.0
    endpoints: bool = True

    @property
    def settings(self) -> dict[str, object]:
        """The pair's settings."""
        return dict(SCENARIOS[self.failure].settings) | ({} if self.endpoints else {"ssmAccess": "none"})


@dataclass(frozen=True)
class Sample:
    """What a run came to; seconds since the failure.

    Attributes:
        outages: of each backend, by the independent pinger; where only part of the traffic is lost, until it is routed
            by the other NAT.
        steps: when it was seen by a probe, told to the function, decided, swapped, routed (all are back) and verified.
    """

    who: str
    failure: str
    network: str
    seed: int
    slower: float
    endpoints: bool
    outages: tuple[float, ...]
    steps: Mapping[str, float]
    problems: tuple[str, ...]


def collect(wanted: Sequence[Wanted], jobs: int, chunk: int = 1) -> Iterator[Sample]:
    """Make runs, some at the same time, each in a process with clocks of its own."""
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=quiet) as pool:
        yield from pool.map(run, wanted, chunksize=chunk)


def run(wanted: Wanted) -> Sample:
    """Make one run."""
    return _ours(wanted) if wanted.who == OURS else _peers(wanted)


def _cloud(wanted: Wanted) -> MakeCloud:
    return ModelCloud if wanted.network == "simulated" else MotoCloud


def _ours(wanted: Wanted) -> Sample:
    latencies = Latencies().scaled(wanted.slower)
    scenario = replace(SCENARIOS[wanted.failure], settings=wanted.settings)
    came = play(scenario, wanted.network, wanted.seed, latencies, cloud=_cloud(wanted), second_tick_within=PERIOD)
    offline = came.routed if wanted.failure in PARTIAL else came.outages
    outages = tuple(seconds for seconds in offline.values() if seconds is not None)
    return Sample(**asdict(wanted), outages=outages, steps=came.steps, problems=tuple(came.problems))


def _peers(wanted: Wanted) -> Sample:
    peer: Peer = PEERS[wanted.who]()
    scenario = SCENARIOS[wanted.failure]
    lab = Lab(wanted.network, wanted.seed, Latencies().scaled(wanted.slower), wanted.settings, cloud=_cloud(wanted))
    found: list[Sample] = []

    def main(of: Lab) -> None:
        acted_at: list[float] = []
        of.world.spawn(lambda: watch(peer, of, lambda: acted_at.append(of.world.now())), f"peer {peer.name}")
        of.wait(1 + of.world.random.uniform(0, peer.period))
        of.broken()
        scenario.fault(of)
        broken = of.broken_at or 0.0
        of.wait_until(lambda: of.network.reaches(of.backends[0], "192.0.2.101") and _all_online(of), RECOVERED_WITHIN)
        of.wait(2)
        outages = [of.pinger.outage(host, broken) for host in of.backends]
        problems = () if None not in outages and acted_at else (f"not recovered: {outages}",)
        steps = {"decided": round(acted_at[0] - broken, 3)} if acted_at else {}
        rounded = tuple(round(seconds, 3) for seconds in outages if seconds is not None)
        found.append(Sample(**asdict(wanted), outages=rounded, steps=steps, problems=problems))

    lab.run(main)
    return found[0]


def _all_online(lab: Lab) -> bool:
    return len(lab.online()) == len(lab.backends)


def summary(samples: Sequence[Sample]) -> list[dict[str, Any]]:
    """Return a row for each group of runs that differ in nothing but the seed."""
    groups: dict[tuple[str, str, str, float, bool], list[Sample]] = {}
    for sample in samples:
        group = sample.who, sample.failure, sample.network, sample.slower, sample.endpoints
        groups.setdefault(group, []).append(sample)
    return [
        {
            "who": who,
            "failure": failure,
            "network": network,
            "latencies": slower,
            "endpoints": endpoints,
            "runs": len(group),
            "offline": spread([seconds for sample in group for seconds in sample.outages]),
            "steps": {
                step: spread([s.steps[step] for s in group if step in s.steps])["median"]
                for step in STEPS
                if any(step in s.steps for s in group)
            },
            "problems": [problem for sample in group for problem in sample.problems],
        }
        for (who, failure, network, slower, endpoints), group in groups.items()
    ]


def offline(samples: Sequence[Sample], chosen: Callable[[Sample], bool]) -> list[float]:
    """Give the seconds that each backend was offline in the chosen runs."""
    return [seconds for sample in samples if chosen(sample) for seconds in sample.outages]
