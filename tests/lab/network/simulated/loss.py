"""A model of how the probe counts connections, to see whether the active NAT loses most of them."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, field

from tests.lab.network.simulated.listener import EVERY, ONLINE
from tests.lab.network.simulated.process import TINY
from tests.lab.network.simulated.tries import TRY_FOR
from tests.lab.network.simulated.watch import Watch

# As in infra/probe/script.
LEAST_STRIKES = 3
COUNTS = 4
PORT_FLOWS = 6
WHOLE = 4
LATELY = 120.0
LEAST_SENT = 100
# How many connections to each target, by the number of targets.
ROUTE_FLOWS = {1: 6, 2: 3}


@dataclass(frozen=True)
class Sums:
    """What a watch has sent by the route, in all or since a moment."""

    pings: int = 0
    pings_lost: int = 0
    connections: int = 0
    connections_lost: int = 0

    def since(self, before: Sums) -> Sums:
        """Return what has come since a moment."""
        return Sums(*(now - then for now, then in zip(astuple(self), astuple(before), strict=True)))

    @property
    def answered_and_sent(self) -> list[int]:
        """What came through of what, as the probe tells it."""
        return [
            *(self.pings - self.pings_lost, self.pings),
            *(self.connections - self.connections_lost, self.connections),
        ]

    def is_losing(self) -> bool:
        """Return whether a tenth is lost, of both alike; who never answers pings is not counted."""
        means = [(self.connections_lost, self.connections)]
        if self.pings_lost < self.pings:
            means.append((self.pings_lost, self.pings))
        lost, sent = (sum(each) for each in zip(*means, strict=True))
        alike = all(20 * lost_of_it >= sent_by_it for lost_of_it, sent_by_it in means)
        return self.connections_lost < self.connections and alike and 10 * lost >= sent


@dataclass
class Loss:
    """What has come of all connections counted so far."""

    route_sent: int = 0
    route_came: int = 0
    ports_sent: int = 0
    active_came: int = 0
    passive_came: int = 0
    alive: set[str] = field(default_factory=set)

    @property
    def percent(self) -> int:
        """Of what can come by the active NAT, how much is lost."""
        return 100 - (self.route_came + self.active_came) * 100 // self._can(self.route_sent + self.ports_sent)

    def may_be(self, targets: int) -> bool:
        """Return whether it is worth while to go on."""
        came, can = self.route_came + self.active_came, self._can(self.route_sent + self.ports_sent)
        return came * 4 < can * 3 and self._passive_lost(targets) <= 2 and self.passive_came * 2 > self.ports_sent

    def is_proven(self, targets: int) -> bool:
        """Return whether most is lost by the active NAT, and next to nothing by the passive one."""
        came, can = self.route_came + self.active_came, self._can(self.route_sent + self.ports_sent)
        return (
            0 < self.active_came * 3 < self.passive_came * 2
            and self.route_came * 3 < self._can(self.route_sent) * 2
            and came * 100 < can * 55
            and self._passive_lost(targets) <= 1
            and self.passive_came * 2 > self.ports_sent
        )

    def _can(self, sent: int) -> int:
        """Return how many can come about, as many as by the passive NAT: of dead targets none do."""
        return sent * self.passive_came // self.ports_sent

    def _passive_lost(self, targets: int) -> int:
        return self.ports_sent * len(self.alive) // targets - self.passive_came


def by_route(targets: Sequence[str], connects: Callable[[str], bool]) -> tuple[int, Counter[str]]:
    """Return how many connections were made to each target, and how many of them came about."""
    each = ROUTE_FLOWS.get(len(targets), 2)
    return each, Counter({target: sum([connects(target) for _ in range(each)]) for target in targets})


class CountingWatch(Watch):
    """A watch that counts what is lost; see ``Watch``."""

    _signal_due = -math.inf
    # Per cent, where it is offline for that.
    _loss = 0
    # What was sent before the two minutes that are now, and before what is told; when they end.
    _mark = _earlier = Sums()
    _mark_ends = 0.0
    _goes_on = False

    @property
    def _sums(self) -> Sums:
        return Sums(self._sent, self._lost, self._dialled, self._missed)

    @abstractmethod
    def _hear_back(self) -> None:
        """Wait for what came of the last signal."""

    def _has_news(self) -> bool:
        sums = self._sums
        sent = sums.since(self._mark)
        if self._window == 0 or self._now < self._mark_ends - TINY or sent.pings + sent.connections < LEAST_SENT:
            return False
        self._earlier, self._mark, self._mark_ends = self._mark, sums, self._now + LATELY
        if sent.is_losing():
            self._goes_on = True
            self._verdict("online", 0)
        return self._goes_on

    def _doubt(self) -> bool:
        if self._strikes < LEAST_STRIKES:
            return True
        self._strikes = 0
        if not (self._connects and self._window > 0 and "-" not in (self._active, self._passive)):
            return True
        self._hear_back()
        loss = self._count_loss()
        if not loss.is_proven(len(self._targets)):
            return True
        self._loss, self._by_route, self._by_active, self._by_passive = loss.percent, "no", "no", "yes"
        return self._come_offline()

    def _count_loss(self) -> Loss:
        loss, network, host = Loss(), self._network, self._host
        for _ in range(COUNTS):
            each, answered = self._count_by_route()
            sent, came = each * len(answered), answered.total()
            loss.alive |= {target for target, number in answered.items() if number}
            ports = [
                (nat, network.dial(host, nat, 443)) for _ in range(PORT_FLOWS) for nat in (self._active, self._passive)
            ]
            by_active, by_passive = (
                sum(d.answered for n, d in ports if n == nat) for nat in (self._active, self._passive)
            )
            loss.route_sent += sent
            loss.route_came += came
            loss.ports_sent += PORT_FLOWS
            loss.active_came += by_active
            loss.passive_came += by_passive
            if came + by_active + by_passive < sent + 2 * PORT_FLOWS:
                self._sleep_until(self._now + TRY_FOR)
            # They were signals, too.
            self._signal_due = self._now + EVERY[ONLINE]
            if not loss.may_be(len(self._targets)):
                break
        return loss

    def _count_by_route(self) -> tuple[int, Counter[str]]:
        return by_route(self._targets, lambda target: self._network.reaches(self._host, target, 443))

    def _is_whole(self) -> bool:
        """Tell whether every target that answers at all answers every time."""
        begun = self._now
        each, answered = self._count_by_route()
        if answered.total() < each * len(answered):
            self._sleep_until(begun + TRY_FOR)
        return answered.total() > 0 and not any(0 < number < each for number in answered.values())
