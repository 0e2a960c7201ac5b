"""What a watch sends, by which means and by which ways: a model of the tries of infra/probe/script."""

from __future__ import annotations

import math
import re
from abc import abstractmethod
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Network
from typing import TYPE_CHECKING

from tests.lab.network.simulated.listener import Terms
from tests.lab.network.simulated.packets import Outcome
from tests.lab.network.simulated.process import TINY, SimulatedProcess

if TYPE_CHECKING:
    from tests.lab.network.simulated.network import SimulatedNetwork

# As in infra/probe/script, in seconds.
NOBODY = "192.0.2.1"
TRY_FOR = 0.9
TRY_AGAIN = 0.4
DOUBTED_FOR = 30.0
MOST_STRIKES = 8
CONNECTED_FOR = 21600.0


@lru_cache(maxsize=64)
def fixed_values(script: str) -> dict[str, str]:
    """Return what the stack has written into a script."""
    return dict(re.findall(r"^(\w+)='([^']*)'$", script, re.MULTILINE))


class Tries(SimulatedProcess):
    """A probe that runs, and all that it sends.

    Args:
        host: on which it runs.
        script: in which the stack has written its fixed values.
        arguments: window, active, passive.
    """

    def __init__(self, network: SimulatedNetwork, host: str, script: str, arguments: Sequence[str]) -> None:
        values = fixed_values(script)
        window, self._active, self._passive = arguments
        # After a failover the NAT that has taken over is named as both.
        self._verifies = self._active == self._passive
        if self._verifies:
            self._active = "-"
        self._network = network
        self._host = host
        self._pair = values["pair"]
        self._targets = values["targets"].split()
        self._interval = int(values["interval"]) / 100
        self._failures = int(values["failures"])
        networks = tuple(map(IPv4Network, values["networks"].split(",")))
        self._terms = Terms(int(values["threshold"]), int(values["share"]), networks, int(values["sample"]))
        self._systems_manager = values.get("SYSTEMS_MANAGER", NOBODY)
        self._window = float(window)
        self._target = ""
        self._dialled = self._missed = 0
        self._sent = self._lost = self._in_a_row = self._strikes = 0
        self._offline = self._reported = self._answered = self._intercepted = False
        # By which means the next is sent, whether connections have come about, and until when a means is left out.
        self._pings = False
        self._connects: bool | None = None
        self._ping_from = self._connect_from = 0.0
        self._connected = self._remembered = False
        self._by_route = self._by_active = self._by_passive = "unknown"
        self._begun = self._since = network.world.now()
        self._machine = network.machine(host)
        self._stirred = network.world.signal()
        active, targets, at = self._machine.connected.get(self._pair, ("-", [], -math.inf))
        # Who has seen connections come about before sends one first.
        if (active, targets) == (self._active, self._targets) and self._now - at < CONNECTED_FOR:
            self._connects = self._pings = True
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

    def _tries_connections(self) -> bool:
        return self._connects is not False and self._now >= self._connect_from - TINY

    def _connects_now(self) -> None:
        """Note that connections come about, for whoever watches next, too."""
        self._connects = True
        if not self._remembered and self._active != "-":
            self._remembered = True
            self._machine.connected[self._pair] = self._active, self._targets, self._now

    def _send(self) -> bool:
        """Send one ping, or one connection, to the next target, and return whether it was answered."""
        target = self._draw()
        self._sent += self._pings
        self._dialled += not self._pings
        return self._network.reaches(self._host, target, None if self._pings else 443)

    def _try(self, under_way_since: float | None = None) -> bool:
        """Try everything at once, by the route and by the active NAT's proof port.

        Args:
            under_way_since: when it has begun, if all that is sent at first is lost for certain.
        """
        begun = self._now if under_way_since is None else under_way_since
        self._answered = self._connected = nobody = False
        direct = list[Outcome]()
        if under_way_since is None:
            self._answered, self._connected, nobody = self._try_route()
            direct = self._dial_active()
        if not self._connected:
            self._sleep_until(begun + TRY_AGAIN)  # whoever is back by then was gone for a second only
            doubtful = self._answered and self._connects is True and not self._offline
            answered, self._connected, nobody_again = self._try_route()
            if doubtful:  # pings alone come through by chance more often than nothing does
                more = [self._dial_route() for _ in range(2)]
                self._connected |= any(more)
            self._answered |= answered
            nobody |= nobody_again
        took = 0.0 if self._connected and self._answered else TRY_FOR
        if self._connected and not self._answered and nobody:
            # Of connections nothing can be concluded, only of pings.
            self._intercepted, self._connected, self._connects = True, False, False
            self._machine.connected.pop(self._pair, None)
        if self._connected:
            self._connects_now()
        by_route = self._connected or (self._answered and self._connects is not True)
        self._by_route = "yes" if by_route else "no"
        if under_way_since is None and not (self._offline and by_route):
            self._by_active = "unknown"
            took = max(took, self._hear_active(direct))
        self._sleep_until(begun + took)
        return by_route

    def _try_route(self) -> tuple[bool, bool, bool]:
        """Return whether a ping, a connection, and one to nobody's address comes about by the route."""
        network, host = self._network, self._host
        # All are drawn, not only until the first answers: one seed is one history.
        pings = [network.reaches(host, target) for target in self._targets]
        return any(pings), self._dial_route(), network.reaches(host, NOBODY, 443)

    def _dial_route(self) -> bool:
        """Return whether a connection to any target comes about by the route."""
        came = [self._network.reaches(self._host, target, 443) for target in self._targets]
        return any(came)

    def _dial_active(self) -> list[Outcome]:
        """Try the active NAT's proof port."""
        return [self._network.dial(self._host, self._active, 443) for _ in range(6) if self._tries_active()]

    def _hear_active(self, dialled: list[Outcome]) -> float:
        """Note what came of that, and return how long it has taken."""
        if not dialled or self._intercepted:
            return 0.0
        self._by_active = "yes" if any(each.answered for each in dialled) else "no"
        return 0.0 if self._by_active == "yes" or all(each.refused for each in dialled) else TRY_FOR

    @abstractmethod
    def _tries_active(self) -> bool:
        """Tell whether a try is made of the active NAT's proof port."""
