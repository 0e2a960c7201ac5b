"""The soak: real packets, traffic all the time, random faults, the pair mended and re-armed between them."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from tests.gate.harshness import Harshness
from tests.lab.cloud.execution import FunctionEndedError
from tests.lab.cloud.functions import Invocation
from tests.lab.cloud.template import synthesized
from tests.lab.lab import SETTINGS as LAB_SETTINGS
from tests.lab.lab import Lab
from tests.lab.latencies import Latencies
from tests.lab.scenarios.scenario import RECOVERS_WITHIN
from tests.soak.caller import Caller
from tests.soak.connections import Connection, Window
from tests.soak.faults import DEADLY, HARMLESS, THROTTLED, Deadly, Harmless, active_nat, mend, restart_the_passive
from tests.soak.leftovers import Watch, own_folder

T = TypeVar("T")

# Short, so that ten minutes have many failovers; the least that the configuration allows of the first.
SETTINGS = {"functionTimeout": 30, "warmUp": 30}
# Most events come once and soon, but more than on an ordinary day come twice, late or never.
HARSHNESS = Harshness(event_lost=0.05, event_twice=0.1, event_late=0.05, late_by=(3.0, 30.0), answer_lost=0.02)
# An outage may be over, by the pinger, before its packets' answers are late.
SETTLED_AFTER = 1.5


@dataclass(frozen=True)
class Struck:
    """One fault, and what came of it.

    Attributes:
        at: seconds since the soak began.
        nat: which NAT was active.
        outage: the longest of a backend, in seconds; None where nothing was to be replaced.
    """

    at: float
    fault: str
    nat: str
    deadly: bool
    outage: float | None


@dataclass
class Soak:
    """What a soak came to.

    Attributes:
        seed: of the faults' order; packets and threads go their own ways.
        struck: every fault.
        windows: in which connections may have been lost.
        connections: every one.
        problems: a sentence for each thing that is wrong, connections aside.
        leftovers: what was there at the end, and should not have been.
    """

    seed: int
    seconds: float
    struck: list[Struck] = field(default_factory=list)
    windows: list[Window] = field(default_factory=list)
    connections: list[Connection] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    leftovers: list[str] = field(default_factory=list)


def soak(
    seconds: float,
    seed: int,
    deadly: Sequence[Deadly] = DEADLY,
    log: Callable[[str], None] = lambda line: None,  # noqa: ARG005
    downloads_last: tuple[float, float] = (1.0, 8.0),
) -> Soak:
    """Break things until the time is over, and then until the failover that is under way is finished, at least one.

    Args:
        seconds: how long faults begin.
        seed: of their choice.
        deadly: what the active NAT may die of.
        log: gets a line for each thing that happens.
        downloads_last: the shortest and the longest that a download takes, in seconds.
    """
    found = Soak(seed, seconds)
    pair: dict[str, object] = {**LAB_SETTINGS, **SETTINGS}
    synthesized(pair)  # beforehand: the CDK's process stays until this one ends
    with own_folder() as folder:
        watch = Watch(folder)
        lab = Lab("namespaces", seed, Latencies(), pair, harshness=HARSHNESS)
        lab.run(lambda of: _Run(of, found, deadly, log, watch).main(downloads_last))
        found.leftovers = watch.left()
    return found


class _Run:
    def __init__(
        self, lab: Lab, found: Soak, deadly: Sequence[Deadly], log: Callable[[str], None], watch: Watch
    ) -> None:
        self._lab = lab
        self._found = found
        self._deadly = deadly
        self._log = log
        self._watch = watch
        # What the lab draws depends on how fast the machine is; the order of the faults shall not.
        self._random = random.Random(found.seed)
        self._deadly_left: list[Deadly] = []
        self._harmless_left: list[Harmless] = []
        self._begun = lab.world.now()
        self._died = 0
        self._throttled = False

    def main(self, downloads_last: tuple[float, float]) -> None:
        """Do all of it."""
        lab = self._lab
        lab.begin()
        self._watch.look()
        with Caller(lab, self._found.connections, downloads_last) as traffic:
            lab.wait(2)
            self._begun = lab.world.now()
            while not self._time_is_over():
                self._round()
            self._quiet(2)
        self._found.problems += traffic.problems
        self._judge_invocations(lab.functions.invocations)

    def _time_is_over(self) -> bool:
        return self._lab.world.now() - self._begun >= self._found.seconds

    def _round(self) -> None:
        if self._random.random() < 0.5:
            self._play_harmless()
        if self._lab.lock_state() != "armed":  # a problem that has been told
            self._rearm(active_nat(self._lab))
            return
        self._quiet(self._random.uniform(1, 4))
        self._kill(self._next(self._deadly_left, self._deadly))

    def _next(self, left: list[T], of: Sequence[T]) -> T:
        """Draw a fault that has not been for longest: each comes once before any comes again."""
        if not left:
            left += self._random.sample(of, len(of))
        return left.pop()

    def _play_harmless(self) -> None:
        lab, chosen = self._lab, self._next(self._harmless_left, HARMLESS)
        nat, swaps = active_nat(lab), len(lab.gateway.replaced_at)
        self._struck(chosen.name, nat, None, deadly=False)
        self._throttled |= "throttles" in chosen.name
        window = chosen.play(lab)
        mended_at = lab.world.now()
        self._quiet(SETTLED_AFTER)
        if window is not None:
            for host in window.hosts:
                window.ends[host] = max(mended_at, lab.pinger.back_online_at(host, window.begins) or 0.0)
            self._found.windows.append(window)
        if len(lab.gateway.replaced_at) != swaps or lab.lock_state() != "armed":
            self._problem(f"{chosen.name}: led to a failover, lock {lab.lock_state()}: {lab.last_reason()}")

    def _kill(self, chosen: Deadly) -> None:
        lab, nat = self._lab, active_nat(self._lab)
        before = len(lab.results("failed-over"))
        swaps = len(lab.gateway.replaced_at)
        lab.broken()
        window = Window(chosen.name, lab.backends, lab.world.now())
        self._found.windows.append(window)
        chosen.before(lab, nat)
        chosen.strike(lab, nat)
        self._died += "dies" in chosen.name

        def over() -> bool:
            everybody = len(lab.online()) == len(lab.backends)
            return everybody and lab.lock_state() == "failed-over" and len(lab.results("failed-over")) > before

        in_time = lab.wait_until(over, RECOVERS_WITHIN)
        self._quiet(SETTLED_AFTER)
        lab.functions.events_lost = False
        outages = [lab.pinger.outage(host, window.begins) for host in lab.backends]
        known = [seconds for seconds in outages if seconds is not None]
        self._struck(chosen.name, nat, round(max(known), 2) if known else None, deadly=True)
        if not in_time or len(known) < len(outages):
            self._problem(f"{chosen.name}: not over after {RECOVERS_WITHIN:g} s, lock {lab.lock_state()}")
            return
        for host in window.hosts:
            window.ends[host] = lab.pinger.back_online_at(host, window.begins) or window.begins
        subnets = len(lab.network.layout.private_subnets)
        if len(lab.gateway.replaced_at) - swaps != subnets or active_nat(lab) == nat:
            moved = len(lab.gateway.replaced_at) - swaps
            self._problem(f"{chosen.name}: {moved} associations replaced, {subnets} subnets: {lab.cloud.protected()}")
        self._rearm(nat)

    def _rearm(self, dead: str) -> None:
        """Mend the dead NAT, wait until it is warm and the claim's lease over, re-arm."""
        lab = self._lab
        mend(lab, dead)
        if self._time_is_over():
            return
        if self._random.random() < 0.3 and dead != active_nat(lab):
            self._struck("the passive NAT stopped and started", active_nat(lab), None, deadly=False)
            restart_the_passive(lab)
        environment = lab.cloud.environment
        self._quiet(max(float(environment[f"NAT_FAILOVER_{name}"]) for name in ("CLAIM_LEASE", "WARM_UP")) + 2)
        lab.cloud.set_lock("armed")
        lab.functions.tick()
        self._quiet(3)

    def _quiet(self, seconds: float) -> None:
        self._lab.wait(seconds)

    def _struck(self, fault: str, nat: str, outage: float | None, *, deadly: bool) -> None:
        at = round(self._lab.world.now() - self._begun, 1)
        self._found.struck.append(Struck(at, fault, nat, deadly, outage))
        self._log(f"{at:7.1f} s  {fault}, {nat} active" + (f": outage {outage:.1f} s" if outage is not None else ""))

    def _problem(self, problem: str) -> None:
        self._found.problems.append(problem)
        self._log(problem)

    def _judge_invocations(self, invocations: Sequence[Invocation]) -> None:
        """Look for an invocation that has ended with an error that no fault explains."""
        died = 0
        for invocation in invocations:
            match invocation.error:
                case None:
                    continue
                case FunctionEndedError():
                    died += 1
                case error if self._throttled and THROTTLED in str(error):
                    continue
                case error:
                    self._problem(f"an invocation failed: {type(error).__name__}: {error}")
        if died != self._died:
            self._problem(f"{died} invocations died, {self._died} should have")
