"""A model of infra/probe/probe.sh: the same slots, the same last try, the same words, without a shell."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tests.lab.network.network import ProbeOutcome
from tests.lab.network.simulated.process import SimulatedProcess

if TYPE_CHECKING:
    from tests.lab.network.simulated.network import SimulatedNetwork

# As in infra/probe/probe.sh.
LAST_TRY = 3
LAST_SPACING = 0.12
LAST_WAIT = 0.40
NUDGES = 2
NUDGE_AT = 2
NUDGED_FOR = 0.80


class SimulatedProbe(SimulatedProcess):
    """The probe, slot by slot, as infra/probe/probe.sh goes about it."""

    def __init__(self, network: SimulatedNetwork, host: str, arguments: Sequence[str]) -> None:
        targets, interval, failures, window, warm_up, control = arguments
        self._network = network
        self._host = host
        self._targets = targets.split(" ")
        self._interval = float(interval)
        self._failures = int(failures)
        self._window = float(window)
        self._warm_up = float(warm_up)
        self._control = control
        self._is_control = network.layout.host(host).address == control and self._window > 0
        self._sent = self._lost = 0
        self._answered = False
        self._last_target = ""
        self._begun = network.world.now()
        super().__init__(network.world, f"probe on {host}")

    def _main(self) -> None:
        world = self._network.world
        in_a_row, since = 0, self._begun
        self._echoed = self._network.echoes(self._host)
        while True:
            if in_a_row == 0:
                self._pass_over_answered_slots()
                since = world.now()
                if self._nudged():
                    return self._answer_nudge(since)
            answered = self._fire(self._draw())
            if not (answered and self._window == 0):
                world.sleep(self._interval if in_a_row == 0 else self._interval / 2)
            if self._nudged():
                return self._answer_nudge(since if in_a_row else world.now())
            if answered:
                in_a_row = 0
                if self._over():
                    return self._verdict("reachable", 0, 0.0)
                continue
            self._lost += 1
            in_a_row += 1
            if in_a_row == NUDGE_AT and not self._is_control:
                self._network.nudge(self._host, self._control)
            if in_a_row < self._failures:
                continue
            if not self._last_try() or self._over():
                return self._conclude(since)
            in_a_row = 0

    def _pass_over_answered_slots(self) -> None:
        """Come to the first slot that may be lost, or the window's last: a day has 170,000 that can't."""
        begun, world = self._network.world.now(), self._network.world
        left = self._begun + self._window - begun
        if left > self._interval and self._network.calm(self._host):
            self._network.changed.wait(left - self._interval)
            slots = math.ceil((world.now() - begun) / self._interval)
            world.sleep(begun + slots * self._interval - world.now())
            self._sent += slots

    def _over(self) -> bool:
        return self._network.world.now() - self._begun >= self._window

    def _nudged(self) -> bool:
        before, self._echoed = self._echoed, self._network.echoes(self._host)
        return self._is_control and self._echoed - before >= NUDGES

    def _answer_nudge(self, since: float) -> None:
        self._network.world.sleep(NUDGED_FOR)
        self._last_try()
        self._conclude(since)

    def _conclude(self, since: float) -> None:
        if self._answered:
            return self._verdict("reachable", 0, 0.0)
        lost_for = self._network.world.now() - since
        if self._network.uptime(self._host) < self._warm_up:
            return self._verdict("warming-up", 3, lost_for)
        return self._verdict("unreachable", 1, lost_for)

    def _draw(self) -> str:
        others = [t for t in self._targets if t != self._last_target] or self._targets
        self._last_target = self._network.world.random.choice(others)
        return self._last_target

    def _fire(self, target: str) -> bool:
        self._sent += 1
        return self._network.reaches(self._host, target)

    def _last_try(self) -> bool:
        self._answered = False
        for turn in range(LAST_TRY):
            answers = [self._fire(target) for target in self._targets]  # all are sent, whatever the first says
            if any(answers):
                self._answered = True
                return True
            self._network.world.sleep(LAST_WAIT if turn == LAST_TRY - 1 else LAST_SPACING)
        return False

    def _verdict(self, state: str, exit_code: int, lost_for: float) -> None:
        said = {
            "probe": 1,
            "state": state,
            "sent": self._sent,
            "lost": self._lost,
            "lost_for": round(lost_for, 2),
            "elapsed": round(self._network.world.now() - self._begun, 2),
            "uptime": round(self._network.uptime(self._host), 2),
            # One boot, one id: a host that boots anew has begun at another time.
            "boot": f"{self._network.booted_at(self._host):.1f}",
            "targets": " ".join(self._targets),
        }
        self._outcome = ProbeOutcome(exit_code, json.dumps(said, separators=(",", ":")) + "\n")
