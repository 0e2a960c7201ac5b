"""A model of the probe in infra/probe/script: the same slots, tries and words, without a shell."""

from __future__ import annotations

import json
import math
import re
from abc import abstractmethod
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Network
from typing import TYPE_CHECKING

from tests.lab.network.network import ProbeOutcome
from tests.lab.network.simulated.listener import Terms
from tests.lab.network.simulated.packets import Outcome
from tests.lab.network.simulated.process import TINY, SimulatedProcess

if TYPE_CHECKING:
    from tests.lab.network.simulated.network import SimulatedNetwork

# As in infra/probe/script, in seconds.
NOBODY = "192.0.2.1"
TRY_FOR = 0.9
DOUBTED_FOR = 30.0
MOST_STRIKES = 8


@lru_cache(maxsize=64)
def fixed_values(script: str) -> dict[str, str]:
    """Return what the stack has written into a script."""
    return dict(re.findall(r"^(\w+)='([^']*)'$", script, re.MULTILINE))


class Watch(SimulatedProcess):
    """What a backend and a NAT have in common.

    Args:
        host: on which it runs.
        script: in which the stack has written its fixed values.
        arguments: window, active, passive.
    """

    def __init__(self, network: SimulatedNetwork, host: str, script: str, arguments: Sequence[str]) -> None:
        words = fixed_values(script)
        window, self._active, self._passive = arguments
        # After a failover the NAT that has taken over is named as both.
        self._verifies = self._active == self._passive
        if self._verifies:
            self._active = "-"
        self._network = network
        self._host = host
        self._pair = words["pair"]
        self._targets = words["targets"].split()
        self._interval = int(words["interval"]) / 100
        self._failures = int(words["failures"])
        networks = tuple(map(IPv4Network, words["networks"].split(",")))
        self._terms = Terms(int(words["threshold"]), int(words["share"]), networks, int(words["sample"]))
        self._window = float(window)
        self._target = ""
        self._sent = self._lost = self._in_a_row = self._strikes = 0
        self._offline = self._reported = self._answered = self._intercepted = False
        # By which means the next is sent, whether connections have come about, and until when a means is left out.
        self._pings = False
        self._connects: bool | None = None
        self._ping_from = self._connect_from = 0.0
        self._connected = False
        self._by_route = self._by_active = self._by_passive = "unknown"
        self._begun = self._since = network.world.now()
        self._machine = network.machine(host)
        self._stirred = network.world.signal()
        if self._window > 0:
            self._machine.take_over(self._pair, self)
        super().__init__(network.world, f"probe on {host}")

    def stir(self) -> None:
        """Let it see that something has changed, a newer watch of the pair among others."""
        self._stirred.give()

    @property
    def _now(self) -> float:
        return self._network.world.now()

    def _sleep_until(self, at: float) -> None:
        self._network.world.sleep(at - self._now)

    def _rest_until(self, at: float) -> None:
        """Wait in a slot."""
        self._sleep_until(at)

    def _is_newest(self) -> bool:
        return self._window == 0 or self._machine.watches.get(self._pair) is self

    def _draw(self) -> str:
        others = [target for target in self._targets if target != self._target] or self._targets
        self._target = self._network.world.random.choice(others)
        return self._target

    def _choose(self) -> None:
        """Choose the means: by turns, but once more the same where that was lost."""
        if self._in_a_row:
            return
        if self._pings and self._tries_connections():
            self._pings = False
        elif self._now >= self._ping_from - TINY:
            self._pings = True

    def _send(self) -> bool:
        """Send one ping, or one connection, to the next target, and return whether it was answered."""
        target = self._draw()
        self._sent += self._pings
        return self._network.reaches(self._host, target, None if self._pings else 443)

    def _try(self) -> bool:
        """Try everything at once, by the route and by the active NAT's proof port."""
        network, host, begun = self._network, self._host, self._now
        # All are drawn, not only until the first answers: one seed is one history.
        pings = [network.reaches(host, target) for target in self._targets]
        connections = [network.reaches(host, target, 443) for target in self._targets for _ in range(2)]
        nobody = network.reaches(host, NOBODY, 443)
        direct = self._dial_active()
        self._answered, self._connected = any(pings), any(connections)
        took = 0.0 if self._connected and self._answered else TRY_FOR
        if self._connected and not self._answered and nobody:
            # Of connections nothing can be concluded, only of pings.
            self._intercepted, self._connected, self._connects = True, False, False
        self._by_active = "unknown"
        took = max(took, self._hear_active(direct))
        if self._connected:
            self._connects = True
        by_route = self._connected or (self._answered and self._connects is not True)
        self._by_route = "yes" if by_route else "no"
        self._sleep_until(begun + took)
        return by_route

    def _dial_active(self) -> list[Outcome]:
        """Try the active NAT's proof port."""
        return [self._network.dial(self._host, self._active, 443) for _ in range(2) if self._tries_active()]

    def _hear_active(self, dialled: list[Outcome]) -> float:
        """Note what came of that, and return how long it has taken."""
        if not dialled or self._intercepted:
            return 0.0
        self._by_active = "yes" if any(each.answered for each in dialled) else "no"
        return 0.0 if self._by_active == "yes" or all(each.refused for each in dialled) else TRY_FOR

    def _watch(self) -> None:
        """Watch until there is a verdict."""
        while self._is_newest():
            if not self._slot():
                return
            if self._is_over():
                break
        self._verdict("online", 0)

    def _slot(self) -> bool:
        """Do what a slot has; return whether the watch goes on."""
        return self._online_slot()

    def _online_slot(self) -> bool:
        if self._in_a_row == 0 and self._passes_over_answered_slots():
            return True
        slot = self._interval
        if self._in_a_row == 0:
            self._since = self._now
        else:
            slot /= 2
        self._choose()
        self._answered = self._send()
        if not self._rest_of_slot(self._now + slot):
            return False
        if not self._answered:
            return self._lose()
        self._in_a_row, self._by_route = 0, "yes"
        if self._pings:
            return True
        self._connects = True
        self._strikes = max(0, self._strikes - 1)
        return self._doubt()

    def _lose(self) -> bool:
        """Note that what was sent last is lost, and try all where too many were; return whether the watch goes on."""
        self._lost += self._pings
        if not self._pings:
            self._strikes = min(self._strikes + 2, MOST_STRIKES)
        self._in_a_row += 1
        if self._in_a_row < self._failures:
            return True
        # Where only pings are answered a second time, since chance alone does that more often.
        if not (self._try() or (self._answered and self._try())):
            return self._come_offline()
        self._in_a_row = 0
        if not self._connected:
            self._connect_from = self._now + DOUBTED_FOR
        if not self._answered:
            self._ping_from = self._now + DOUBTED_FOR
        return self._doubt()

    def _doubt(self) -> bool:
        """Look into it where many connections were lost; return whether the watch goes on."""
        return True

    def _passes_over_answered_slots(self) -> bool:
        """Come to the first slot that may be lost, or the last: a day has 170,000 that can't."""
        if self._by_route == "unknown":
            return False
        begun, used = self._now, (self._now >= self._ping_from - TINY, self._tries_connections())
        certain = self._network.certain(self._host)
        if not any(used) or any(use and not is_certain for use, is_certain in zip(used, certain, strict=True)):
            return False
        later = [at for at in (self._ping_from, self._connect_from) if at > begun + TINY]
        until = min(self._ends_at() - self._interval, *later, math.inf)
        if until <= begun + TINY:
            return False
        self._wait_calmly(until - begun)
        slots = math.ceil((self._now - begun) / self._interval - TINY)
        self._rest_until(begun + slots * self._interval)
        if slots == 0:
            return False
        self._by_route, self._strikes = "yes", 0
        for pings in self._means_of(slots, *used):
            self._pings = pings
            self._sent += pings
            self._connects = self._connects if pings else True
        self._catch_up()
        return True

    def _catch_up(self) -> None:
        """Do what is passed over together with the slots."""

    def _tries_connections(self) -> bool:
        return self._connects is not False and self._now >= self._connect_from - TINY

    def _means_of(self, slots: int, pings: bool, connections: bool) -> list[bool]:
        """Return of each slot whether a ping is sent, where these are used from now on."""
        if pings and connections:
            return [self._pings is (number % 2 == 1) for number in range(slots)]
        return [pings] * slots

    def _wait_calmly(self, seconds: float) -> None:
        """Wait until something changes, or for so long."""
        self._stirred.wait(seconds)

    def _ends_at(self) -> float:
        return self._begun + self._window

    def _is_over(self) -> bool:
        return not self._offline and self._in_a_row == 0 and self._now >= self._ends_at() - TINY

    @abstractmethod
    def _rest_of_slot(self, until: float) -> bool:
        """Wait; return False if there has been a verdict meanwhile."""

    @abstractmethod
    def _tries_active(self) -> bool:
        """Tell whether a try is made of the active NAT's proof port."""

    @abstractmethod
    def _come_offline(self) -> bool:
        """Note that nothing comes through any more; return whether the watch goes on."""

    @abstractmethod
    def _own_words(self) -> dict[str, object]:
        """Return what only such a host tells."""

    def _verdict(self, state: str, exit_code: int) -> None:
        if self._reported:
            return
        self._reported = True
        told = {
            "probe": 2,
            "state": state,
            "pings": [self._sent - self._lost, self._sent],
            "lost_for": 0.0 if state == "online" else round(self._now - self._since, 2),
            "elapsed": round(self._now - self._begun, 2),
            "uptime": round(self._network.uptime(self._host), 2),
            # One boot, one id: a host that boots anew has begun at another time.
            "boot": f"{self._network.booted_at(self._host):.1f}",
        }
        words = json.dumps(told | self._own_words(), separators=(",", ":"))
        self._outcome = ProbeOutcome(exit_code, words + "\n")
