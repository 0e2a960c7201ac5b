"""The probe on a NAT: it opens proof ports, listens, and ends its watch with the evidence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tests.lab.network.network import ProbeOutcome
from tests.lab.network.simulated.listener import Listener
from tests.lab.network.simulated.process import TINY, SimulatedProcess
from tests.lab.network.simulated.tries import TRY_FOR
from tests.lab.network.simulated.watch import Watch

if TYPE_CHECKING:
    from tests.lab.network.simulated.network import SimulatedNetwork

# As in infra/probe/script, in seconds.
# Between two looks; the shorter ones while somebody is offline, and after a failover, and while more and more are.
LOOK_EVERY, LOOK_SOON, LOOK_AT_ONCE = 0.5, 0.25, 0.12
LISTEN_FOR = 5.9
ECHO_AFTER = 0.5
LINGER_FOR = 20.0
ALL_HEARD_WITHIN, BACK_WITHIN = 1.5, 1.25
# Per cent of the connections that it can track, and how long it is until that is told once more.
FULL, FULL_EVERY = 80.0, 300.0


def is_echo(arguments: Sequence[str]) -> bool:
    """Tell whether a NAT is named as both, for a while: after a failover it is, but at once."""
    window, active, passive = arguments
    return active == passive != "-" and int(window) > 0


class Echo(SimulatedProcess):
    """A second command on the passive NAT: it ends when the listener has something to tell, or a newer one begins."""

    def __init__(self, network: SimulatedNetwork, host: str, pair: str, window: float) -> None:
        self._window = window
        self._woken, self._told = network.world.signal(), False
        older = network.machine(host).echoes.get(pair)
        if older is not None:
            older(False)
        network.machine(host).echoes[pair] = self._wake
        super().__init__(network.world, f"echo on {host}")

    def _wake(self, told: bool) -> None:
        self._told = told
        self._woken.give()

    def _main(self) -> None:
        self._woken.wait(self._window)
        code = int(self._told)
        self._world.sleep(ECHO_AFTER * code)
        self._outcome = ProbeOutcome(code, '{"probe":2,"echo":1}\n' * code)


class NatWatch(Watch):
    """See ``Watch``."""

    _listener: Listener | None = None
    _holds = False
    # Since when it has tracked so many connections, in per cent.
    _tracked: tuple[tuple[float, float], ...] = ()

    def stir(self) -> None:
        """Let it see that something has changed."""
        super().stir()
        if not self._tracked or self._tracked[-1][1] != self._machine.tracked:
            self._tracked = (*self._tracked, (self._now, self._machine.tracked))
        if self._listener is not None:
            self._listener.stir()

    def _main(self) -> None:
        self._tracked = ((self._begun, self._machine.tracked), *self._tracked)
        if self._machine.taken:
            self._watch()
            return
        self._listener = Listener(self._network.world, self._targets, self._terms, self._ends_at())
        self._network.listen(self._host, self._listener)
        lingers = False
        try:
            self._watch()
            # A quick check's hosts get theirs when they may.
            lingers = self._outcome.exit_code == 1 or (self._window == 0 and self._reported)
        finally:
            if not lingers:
                self._network.end_listening(self._host, self._listener)
        if lingers:
            self._go_on(self._linger)

    def _linger(self) -> None:
        """Keep the ports open, for those who come to signal, or to try, a moment later."""
        assert self._listener is not None
        try:
            while self._holds and self._is_newest() and self._now < self._ends_at() - TINY:
                self._stirred.wait(self._ends_at() - self._now)
            self._network.world.sleep(LINGER_FOR)
        finally:
            self._network.end_listening(self._host, self._listener)

    def _has_news(self) -> bool:
        machine = self._machine
        full = self._window > 0 and not self._is_passive() and machine.tracked >= FULL
        if not full or self._now < machine.reported_full_at + FULL_EVERY:
            return False
        machine.reported_full_at, self._holds = self._now, True
        self._verdict("online", 1)
        return True

    def _is_passive(self) -> bool:
        return self._network.layout.host(self._host).address == self._passive

    def _wait_calmly(self, seconds: float) -> None:
        listener = self._listener
        if listener is None or not self._is_passive():
            super()._wait_calmly(seconds)
        elif listener.settles_in() == 0:
            listener.stirred.wait(seconds)

    def _catch_up(self) -> None:
        if self._listener is not None:
            self._listener.catch_up()

    def _rest_of_slot(self, until: float) -> bool:
        if self._listener is None:
            self._sleep_until(until)
            return True
        while self._now + (step := self._look_every(self._listener)) < until - TINY:
            self._sleep_until(self._now + step)
            if self._is_evidence(self._listener):
                return False
        self._sleep_until(until)
        return not self._is_evidence(self._listener)

    def _look_every(self, listener: Listener) -> float:
        if listener.hears_more():
            return LOOK_AT_ONCE
        return LOOK_SOON if self._verifies or listener.hears_offline else LOOK_EVERY

    def _is_evidence(self, listener: Listener) -> bool:
        """Look, and tell whether the watch ends with that."""
        listener.look(at_last=self._verifies)
        # Of those whom one that has only just begun has heard no share can be told.
        if self._now - self._begun < (BACK_WITHIN if self._verifies else ALL_HEARD_WITHIN) - TINY:
            return False
        if self._verifies:
            if not listener.are_all_online():
                return False
            self._verdict("online", 0)
            return True
        if not (self._is_passive() and listener.is_complete()):
            return False
        online = self._answered or self._try()
        if not online and self._is_cut_off():
            return False
        self._verdict("online" if online else "offline", 1)
        return True

    def _ends_at(self) -> float:
        return self._begun + (self._window if self._window or self._machine.taken else LISTEN_FOR)

    def _tries_active(self) -> bool:
        return False

    def _come_offline(self) -> bool:
        if self._is_cut_off():
            return True
        self._verdict("offline", 1)
        return False

    def _is_cut_off(self) -> bool:
        """Return whether it has to keep its word, since that can't leave, or is not true any more."""
        if self._listener is None or self._now >= self._ends_at() - TINY:
            return False
        if self._network.reaches(self._host, self._systems_manager, 443):
            return self._try()
        self._sleep_until(self._now + TRY_FOR)
        return True

    def _verdict(self, state: str, exit_code: int) -> None:
        if self._listener is not None:
            self._listener.look(at_last=True)
        echo = self._machine.echoes.get(self._pair)
        if echo is not None and exit_code and not self._reported and self._is_passive():
            echo(True)
        super()._verdict(state, exit_code)

    def _own_fields(self) -> dict[str, object]:
        fields: dict[str, object] = {"deaf": f"this NAT listens on port {self._machine.taken} itself"}
        if self._listener is not None:
            fields = {"listener": "nft", "heard": self._listener.as_text()}
        return fields | {"health": {"limit": 16384, "memory": 420, "exceeded": "", "minutes": self._minutes()}}

    def _minutes(self) -> str:
        """Return of each minute how many connections were tracked at most, and the memory that was left."""
        count, most = int((self._now - self._begun) // 60) + 1, [0.0]
        ends = [self._begun + 60 * (number + 1) for number in range(count - 1)] + [self._now]
        for begins, end in zip([self._begun, *ends], ends, strict=False):
            before = [tracked for at, tracked in self._tracked if at <= begins][-1:]
            most.append(max(before + [tracked for at, tracked in self._tracked if begins < at <= end]))
        return " ".join(f"{math.ceil(16384 * percent / 100)},210" for percent in most[1:])
