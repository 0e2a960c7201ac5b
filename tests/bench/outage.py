"""How long the private subnets are offline: ours and the peers', on real packets and on the simulated network."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
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
# Failures after which backends still reach SSM, by endpoints.
PROMPT = ("nat-rules-flushed", "nat-forwarding-off", "nat-link-down", "nat-stopped", "nat-uplink-blackholed")
WITHOUT_ENDPOINTS, EVENTS_LOST = "nat-dead-without-endpoints", "events-lost"
FAILURES = (*PROMPT, WITHOUT_ENDPOINTS, EVENTS_LOST)
# The failure that each peer is measured with: one that it notices.
NOTICED = {"a": "nat-stopped", "b": "nat-stopped", "c": "nat-stopped"}
PERIOD = 60.0
# The slowest peer takes four minutes.
RECOVERED_WITHIN = 400.0


@dataclass(frozen=True)
class Wanted:
    """One run: whose, of which failure, on which network, with which seed and latencies."""

    who: str
    failure: str
    network: str
    seed: int
    slower: float = 1.0


@dataclass(frozen=True)
class Sample:
    """What a run came to; seconds since the failure.

    Attributes:
        outages: of each backend, by the independent pinger.
        steps: when it was seen by a probe, told to the function, decided, swapped, and routed: all are back.
    """

    who: str
    failure: str
    network: str
    seed: int
    slower: float
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
    scenario = SCENARIOS[wanted.failure]
    came = play(scenario, wanted.network, wanted.seed, latencies, cloud=_cloud(wanted), second_tick_within=PERIOD)
    outages = tuple(seconds for seconds in came.outages.values() if seconds is not None)
    return Sample(**asdict(wanted), outages=outages, steps=came.steps, problems=tuple(came.problems))


def _peers(wanted: Wanted) -> Sample:
    peer: Peer = PEERS[wanted.who]()
    scenario = SCENARIOS[wanted.failure]
    lab = Lab(wanted.network, wanted.seed, Latencies().scaled(wanted.slower), scenario.settings, cloud=_cloud(wanted))
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
        told = tuple(round(seconds, 3) for seconds in outages if seconds is not None)
        found.append(Sample(**asdict(wanted), outages=told, steps=steps, problems=problems))

    lab.run(main)
    return found[0]


def _all_online(lab: Lab) -> bool:
    return len(lab.online()) == len(lab.backends)


def summary(samples: Sequence[Sample]) -> list[dict[str, Any]]:
    """Give a row for each group of runs that differ in nothing but the seed."""
    groups: dict[tuple[str, str, str, float], list[Sample]] = {}
    for sample in samples:
        groups.setdefault((sample.who, sample.failure, sample.network, sample.slower), []).append(sample)
    return [
        {
            "who": who,
            "failure": failure,
            "network": network,
            "latencies": slower,
            "runs": len(group),
            "offline": spread([seconds for sample in group for seconds in sample.outages]),
            "steps": {
                step: spread([s.steps[step] for s in group if step in s.steps])["median"]
                for step in ("seen", "told", "decided", "swapped", "routed")
                if any(step in s.steps for s in group)
            },
            "problems": [problem for sample in group for problem in sample.problems],
        }
        for (who, failure, network, slower), group in groups.items()
    ]


def offline(samples: Sequence[Sample], chosen: Callable[[Sample], bool]) -> list[float]:
    """Give the seconds that each backend was offline in the chosen runs."""
    return [seconds for sample in samples if chosen(sample) for seconds in sample.outages]
