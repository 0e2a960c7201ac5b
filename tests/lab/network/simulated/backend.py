"""The probe on a backend: it signals how it is, and goes on where it is offline."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tests.lab.network.simulated.listener import EVERY, OFFLINE, ONLINE, Repeated
from tests.lab.network.simulated.loss import LATELY, WHOLE, CountingWatch
from tests.lab.network.simulated.packets import Outcome
from tests.lab.network.simulated.process import TINY
from tests.lab.network.simulated.tries import TRY_AGAIN, TRY_FOR

# As in infra/probe/script, in seconds.
OFFLINE_SLOT = 1.0
ANSWERED_SLOT = 0.25
ANSWERS = 3
STEADY_FOR = 10.0
LONGEST = 21600.0
QUICK_FOR = 3.0
QUICK_SLOT = 0.5
# An address and a port to which connections are made, and when.
Dial = tuple[str, int, Repeated]


def known(sent: Outcome, at: float) -> tuple[bool, float]:
    """Return what came of a connection, and when that is known."""
    return sent.answered, at + (0.0 if sent.answered or sent.refused else TRY_FOR)


class BackendWatch(CountingWatch):
    """See ``Watch``."""

    _answers = 0
    _online_since = -math.inf
    _background = False
    # What came of the last signal, and when that is known.
    _signalled: tuple[bool, float] | None = None
    # How often the network had changed when a try failed for certain.
    _failed_in = -1

    def _main(self) -> None:
        self._mark_ends = self._begun + LATELY
        self._watch()
        if (self._offline or self._goes_on) and self._window > 0:
            self._background = True
            self._go_on(self._watch)

    def _slot(self) -> bool:
        self._tell()
        if self._offline:
            self._offline_slot()
            return True
        return self._online_slot()

    def _offline_slot(self) -> None:
        begun = self._now
        under_way_since = None
        if self._passes_over_failing_slots():
            slots = math.ceil((self._now - begun) / OFFLINE_SLOT - TINY)
            under_way_since = begun + (slots - 1) * OFFLINE_SLOT
            if self._loss or self._now > under_way_since + TRY_AGAIN - TINY:
                self._sleep_until(begun + slots * OFFLINE_SLOT)
                return
            # What is tried once more may come through.
            begun = under_way_since
        self._failed_in = self._network.version if under_way_since is None else -1
        slot = OFFLINE_SLOT
        if self._is_whole() if self._loss else self._try(under_way_since):
            self._answers += 1
            self._failed_in, slot = -1, ANSWERED_SLOT
            if self._answers >= (WHOLE if self._loss else ANSWERS):
                self._come_online()
        else:
            self._answers = 0
        self._sleep_until(begun + slot)

    def _passes_over_failing_slots(self) -> bool:
        """Come to the first moment at which a try may come through: six hours have 20,000 that can't."""
        if self._network.is_uncertain or self._failed_in != self._network.version:
            return False
        begun, dials = self._now, list[Dial]()
        if self._by_active != "yes" and self._passive != "-":
            slots = max(math.ceil(max(0.0, self._signal_due - begun) / OFFLINE_SLOT - TINY), 1)
            dials.append((self._passive, OFFLINE, Repeated(begun + slots * OFFLINE_SLOT, EVERY[OFFLINE])))
        if self._active != "-":
            dials.append((self._active, ONLINE, Repeated(begun, OFFLINE_SLOT)))
        self._wait_dialling(self._begun + LONGEST - begun, dials)
        return self._now > begun + TINY

    def _passes_over_answered_slots(self) -> bool:
        return self._is_steady() and super()._passes_over_answered_slots()

    def _is_steady(self) -> bool:
        """Tell whether it has been online for long enough, if it was offline before."""
        return self._now - self._online_since >= STEADY_FOR - TINY

    def _wait_calmly(self, seconds: float) -> None:
        signals = (self._passive, ONLINE, Repeated(max(self._signal_due, self._now), EVERY[ONLINE]))
        self._wait_dialling(seconds, [signals] if self._passive != "-" else [])

    def _rest_until(self, at: float) -> None:
        while self._by_route == "yes" and self._signal_due < at - TINY:
            self._sleep_until(self._signal_due)
            self._tell()
        self._sleep_until(at)

    def _wait_dialling(self, seconds: float, dials: Sequence[Dial]) -> None:
        """Wait until something changes, or for so long, with connections again and again."""
        made = [self._network.dial(self._host, *dial) for dial in dials]
        try:
            self._stirred.wait(seconds)
        finally:
            for sent, (_, _, times) in zip(made, dials, strict=True):
                times.until = self._now
                for listener in sent.seen_by:
                    listener.stir()
        for sent, (address, port, times) in zip(made, dials, strict=True):
            last = times.last(self._now)
            if address == self._passive and last >= times.first:
                # What came of a signal is known when the next one is sent.
                self._hear_back()
                if last > times.first:
                    self._by_passive = "yes" if sent.answered else "no"
                self._signal_due, self._signalled = last + EVERY[port], known(sent, last)

    def _tell(self) -> None:
        """Signal how it is, when it is time for that; nothing as long as that is not known."""
        if not self._offline and self._by_route != "yes":
            return
        port = OFFLINE if self._offline else ONLINE
        if self._now < self._signal_due - TINY or (self._offline and self._by_active == "yes"):
            return
        self._signal_due = self._now + EVERY[port if self._is_steady() else OFFLINE]
        self._signal(port)

    def _signal(self, port: int) -> None:
        if self._passive == "-":
            return
        self._hear_back()
        first, second = (known(self._network.dial(self._host, self._passive, port), self._now) for _ in range(2))
        # One after the other is waited for.
        self._signalled = first if first[0] else (second[0], max(first[1], second[1]))

    def _hear_back(self) -> None:
        """Wait for what came of the last signal."""
        if self._signalled is not None:
            came, known_at = self._signalled
            self._sleep_until(known_at)
            self._by_passive, self._signalled = "yes" if came else "no", None

    def _come_offline(self) -> bool:
        self._offline, self._in_a_row, self._answers, self._online_since = True, 0, 0, -math.inf
        self._signal_due, self._failed_in = -math.inf, -1
        if self._reported:
            return True
        self._verdict("offline", 1)
        return False

    def _verdict(self, state: str, exit_code: int) -> None:
        if not self._reported:
            self._tell_at_last()
        super()._verdict(state, exit_code)

    def _tell_at_last(self) -> None:
        """Signal once more; whether the active NAT's port is shut has to be known before."""
        while self._may_open(self._by_active):
            self._sleep_until(self._now + QUICK_SLOT)
            self._sleep_until(self._now + self._hear_active(self._dial_active()))
        self._tell()
        self._hear_back()
        while self._may_open(self._by_passive):
            self._signal_due = -math.inf
            self._sleep_until(self._now + QUICK_SLOT)
            self._tell()
            self._hear_back()

    def _may_open(self, way: str) -> bool:
        """Tell whether this is a quick check, of which nobody knows whether it or those of the NATs begin first."""
        return self._window == 0 and way == "no" and self._now - self._begun < QUICK_FOR - TINY

    def _come_online(self) -> None:
        self._offline, self._in_a_row, self._loss, self._strikes, self._by_route = False, 0, 0, 0, "yes"
        self._online_since = self._since = self._now
        self._signal_due = -math.inf

    def _ends_at(self) -> float:
        return min(max(self._begun + self._window, self._online_since + STEADY_FOR), self._begun + LONGEST)

    def _is_over(self) -> bool:
        return super()._is_over() or self._now - self._begun >= LONGEST - TINY

    def _rest_of_slot(self, until: float) -> bool:
        if self._window == 0 and self._answered:
            return True
        if self._by_route == "unknown" and self._answered:
            self._by_route = "yes"
            self._tell()
        self._rest_until(until)
        return True

    def _tries_active(self) -> bool:
        return self._active != "-"

    def _own_fields(self) -> dict[str, object]:
        fields: dict[str, object] = {"route": self._by_route, "active": self._by_active, "passive": self._by_passive}
        fields |= {"intercepted": True} if self._intercepted else {}
        if self._window > 0:
            fields["lately"] = self._sums.since(self._earlier).answered_and_sent
        fields |= {"goes_on": True} if self._goes_on else {}
        return fields | ({"loss": self._loss} if self._loss else {})
