"""A model of the probe's listener: whom it hears at a NAT's proof ports, and when that is evidence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv4Network

from tests.lab.network.simulated.process import TINY
from tests.lab.world.world import World

ONLINE, OFFLINE = 443, 80
# Under which it is kept that a signal, of whatever kind, came through.
THROUGH = 0
# As in infra/probe/script, in seconds.
KEPT_FOR = {ONLINE: 12.0, OFFLINE: 4.0, THROUGH: 12.0}
EVERY = {ONLINE: 5.0, OFFLINE: 1.0}
HEARD_WITHIN = 6.0
COUNT_EVERY = 2.0
UNPROVEN_FOR = 1.0
MORE_FOR = 2.0
# Before the window's end the watches of others end too, and their silence says nothing.
ENDING_FOR = 15.0
LONGEST_HEARD = 2100
# After so long without anything new, what is heard only repeats itself.
SETTLED_AFTER = HEARD_WITHIN + COUNT_EVERY + 0.5


@dataclass
class Repeated:
    """Signals that are sent again and again: a day has too many for an event each."""

    first: float
    every: float = math.inf
    until: float = math.inf

    def goes_on(self, now: float) -> bool:
        """Return whether there may be more of them."""
        return self.every < math.inf and now < self.until

    def last(self, now: float) -> float:
        """Return when there was one last; minus infinity where there was none yet."""
        end = min(now, self.until) + TINY
        if end < self.first:
            return -math.inf
        return self.first if self.every == math.inf else self.first + (end - self.first) // self.every * self.every


@dataclass(frozen=True)
class HostSignal:
    """The signal of a host, as a NAT has it."""

    address: str
    port: int
    age: float
    through: bool

    def as_text(self) -> str:
        """Return it as the probe tells it."""
        return f"{self.address},{'f' if self.port == OFFLINE else 'n'},{self.age:.2f},{int(self.through)}"


@dataclass(frozen=True)
class Terms:
    """What the stack has written into the script for the listener.

    Attributes:
        threshold: how many backends have to be offline.
        share: of those heard, per cent, that more than which have to be.
        networks: whose hosts it takes.
        sample: how many are asked in a round.
    """

    threshold: int
    share: int
    networks: tuple[IPv4Network, ...]
    sample: int


@cache
def _within(address: str, networks: tuple[IPv4Network, ...]) -> bool:
    return any(IPv4Address(address) in network for network in networks)


class Listener:
    """What the kernel of a NAT keeps, and how the probe there looks at it.

    Args:
        targets: to which the proof ports hand on, by turns.
        ends_at: when the watch's window is over.

    Attributes:
        targets: the same.
        signals: at the last full look.
        hears_offline: whether anybody was offline at the last look.
        stirred: given when a host begins to signal, or ends.
    """

    def __init__(self, world: World, targets: Sequence[str], terms: Terms, ends_at: float) -> None:
        self.targets = targets
        self.signals: list[HostSignal] = []
        self.hears_offline = False
        self.stirred = world.signal()
        self._world = world
        self._terms = terms
        self._ends_at = ends_at
        # By port and address: a quick check may signal beside a watch that goes on.
        self._known = dict[tuple[int, str], list[Repeated]]()
        self._count_at = self._unproven_since = 0.0
        self._all = self._offline = self._proven = self._most = 0
        self._more_until = -math.inf
        self._stirred_at = world.now()

    def stir(self) -> None:
        """Note that what is heard changes."""
        self._stirred_at = self._world.now()
        self.stirred.give()

    def takes(self, address: str) -> bool:
        """Return whether it takes who has an address."""
        return _within(address, self._terms.networks)

    def settles_in(self) -> float:
        """Return how long it is until what is heard only repeats itself, where nothing new happens."""
        return max(0.0, self._stirred_at + SETTLED_AFTER - self._world.now())

    def hear(self, address: str, port: int, signals: Repeated, *, through: bool) -> None:
        """Note a signal, or those of which one is like the other, until their end is set."""
        for kind in (port, THROUGH) if through else (port,):
            last, now = self._last(kind, address), self._world.now()
            going_on = [each for each in self._known.get((kind, address), ()) if each.goes_on(now)]
            self._known[kind, address] = [Repeated(last), *going_on, signals]
        self.stir()

    def _last(self, kind: int, address: str) -> float:
        known, now = self._known.get((kind, address), ()), self._world.now()
        return max((signals.last(now) for signals in known), default=-math.inf)

    def _ages(self, kind: int) -> dict[str, float]:
        """Return the ages of what the kernel still keeps."""
        now = self._world.now()
        ages = {address: now - self._last(kind, address) for of, address in self._known if of == kind}
        return {address: age for address, age in ages.items() if age < KEPT_FOR[kind]}

    def look(self, *, at_last: bool = False) -> None:
        """Look who has signalled what: at those who are online only now and then, while nobody is offline.

        Args:
            at_last: whether it is for the verdict, and so at everybody.
        """
        now, offline = self._world.now(), self._ages(OFFLINE)
        were_offline, self.hears_offline = self.hears_offline, bool(offline)
        if not (offline or were_offline or at_last) and now < self._count_at - TINY:
            self._offline = self._proven = 0
            return
        self._count_at = now + COUNT_EVERY
        online = self._ages(ONLINE)
        # What was signalled last counts.
        latest = {address: (ONLINE, age) for address, age in online.items()}
        latest |= {host: (OFFLINE, age) for host, age in offline.items() if age <= online.get(host, math.inf)}
        through = self._ages(THROUGH)
        self.signals = [
            # The answer to the latest may be on its way still; then that to the one before counts.
            HostSignal(host, port, age, through.get(host, math.inf) <= age + EVERY[port] + 0.5)
            for host, (port, age) in sorted(latest.items())
        ]
        counted = [signal for signal in self.signals if signal.age <= HEARD_WITHIN + TINY]
        self._all, before = len(counted), self._offline
        self._offline = sum(signal.port == OFFLINE for signal in counted)
        if self._offline > before:
            self._more_until = now + MORE_FOR
        self._proven = sum(signal.port == OFFLINE and signal.through for signal in counted)

    def hears_more(self) -> bool:
        """Return whether one more was offline a moment ago."""
        return self._world.now() < self._more_until - TINY

    def catch_up(self) -> None:
        """Come to where it would be with the looks that have been passed over."""
        late = self._world.now() - self._count_at
        if late > 0 and late % COUNT_EVERY > TINY and not self._ages(OFFLINE):
            self._count_at += (late // COUNT_EVERY + 1) * COUNT_EVERY
        self.look()

    def as_text(self) -> str:
        """Return who was heard, as the probe tells it: those first who came through, which nobody can pretend."""
        text = ""
        for signal in sorted(self.signals, key=lambda each: (not each.through, each.port)):
            if len(text) < LONGEST_HEARD:
                text += f"{' ' if text else ''}{signal.as_text()}"
        return text

    def are_all_online(self) -> bool:
        """Tell whether enough are heard, and nobody who is offline."""
        return self._all >= self._terms.threshold and not self._offline

    def is_complete(self) -> bool:
        """Tell whether a decision should be made of what was heard at the last look."""
        if self._is_enough(self._proven):
            return True
        if self._is_enough(self._offline):
            now = self._world.now()
            self._unproven_since = self._unproven_since or now
            return now - self._unproven_since >= UNPROVEN_FOR - TINY
        self._unproven_since = 0.0
        return self._have_fallen_silent() and self._world.now() < self._ends_at - ENDING_FOR - TINY

    def _is_enough(self, number: int) -> bool:
        return number >= self._terms.threshold and number * 100 > self._all * self._terms.share

    def _have_fallen_silent(self) -> bool:
        # A round may be heard together with the next one, and end.
        self._most = min(max(self._most, self._all), self._terms.sample)
        return self._most >= self._terms.threshold and self._all * 100 < self._most * (100 - self._terms.share)
