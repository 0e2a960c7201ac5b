"""A model of the probe in infra/probe/script: the same slots, tries and reports, without a shell."""

from __future__ import annotations

import json
import math
from abc import abstractmethod

from tests.lab.network.network import ProbeOutcome
from tests.lab.network.simulated.process import TINY
from tests.lab.network.simulated.tries import DOUBTED_FOR, MOST_STRIKES, Tries


class Watch(Tries):
    """What a backend and a NAT have in common."""

    @property
    def is_long(self) -> bool:
        """Whether it goes on for a while, unlike a quick check."""
        return self._window > 0

    def _rest_until(self, at: float) -> None:
        """Wait in a slot."""
        self._sleep_until(at)

    def _watch(self) -> None:
        """Watch until there is a verdict."""
        while self._is_newest():
            if not self._slot():
                return
            if self._tells_early():
                return
            if self._is_over():
                break
        known = self._by_route == "yes" and self._in_a_row == 0
        self._verdict("online" if known else "unknown", 0)

    def _tells_early(self) -> bool:
        """Tell what a person should know of sooner than at the window's end; return whether that was so."""
        known = not self._reported and not self._offline and self._in_a_row == 0 and self._by_route == "yes"
        return known and self._has_news()

    @abstractmethod
    def _has_news(self) -> bool:
        """Look for what is told early, and tell it."""

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
        # The last is waited for while all is tried.
        if 0 < self._in_a_row == self._failures - 1:
            return self._lose()
        if not self._rest_of_slot(self._now + slot):
            return False
        if not self._answered:
            return self._lose()
        self._in_a_row, self._by_route = 0, "yes"
        if self._pings:
            return True
        self._connects_now()
        self._strikes = max(0, self._strikes - 1)
        return self._doubt()

    def _lose(self) -> bool:
        """Note that what was sent last is lost, and try all where too many were; return whether the watch goes on."""
        has_come = self._answered
        if not has_come:
            self._miss()
        self._in_a_row += 1
        if self._in_a_row < self._failures:
            return True
        if not self._try():
            if not has_come:
                return self._come_offline()
            self._in_a_row, self._by_route = 0, "yes"
            return True
        self._in_a_row = 0
        if not self._connected:
            self._connect_from = self._now + DOUBTED_FOR
        if not self._answered:
            self._ping_from = self._now + DOUBTED_FOR
        return self._doubt()

    def _miss(self) -> None:
        """Note that what was sent last is lost."""
        self._lost += self._pings
        self._missed += not self._pings
        if not self._pings:
            self._strikes = min(self._strikes + 2, MOST_STRIKES)

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
            self._dialled += not pings
            if not pings:
                self._connects_now()
        self._catch_up()
        return True

    def _catch_up(self) -> None:
        """Do what is passed over together with the slots."""

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
        if not (self._sent or self._ping_from):
            return False  # a connection alone may have been answered by whoever answers for others
        return not self._offline and self._in_a_row == 0 and self._now >= self._ends_at() - TINY

    @abstractmethod
    def _rest_of_slot(self, until: float) -> bool:
        """Wait; return False if there has been a verdict meanwhile."""

    @abstractmethod
    def _come_offline(self) -> bool:
        """Note that nothing comes through any more; return whether the watch goes on."""

    @abstractmethod
    def _own_fields(self) -> dict[str, object]:
        """Return what only such a host tells."""

    def _verdict(self, state: str, exit_code: int) -> None:
        if self._reported:
            return
        self._reported = True
        fields = {
            "probe": 2,
            "state": state,
            "pings": [self._sent - self._lost, self._sent],
            "lost_for": 0.0 if state == "online" else round(self._now - self._since, 2),
            "elapsed": round(self._now - self._begun, 2),
            "uptime": round(self._network.uptime(self._host), 2),
            # One boot, one id: a host that boots anew has begun at another time.
            "boot": f"{self._network.booted_at(self._host):.1f}",
        }
        line = json.dumps(fields | self._own_fields(), separators=(",", ":"))
        self._outcome = ProbeOutcome(exit_code, line + "\n")
