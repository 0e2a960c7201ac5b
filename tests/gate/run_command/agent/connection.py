"""The one long-lived connection that all of an agent's traffic takes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from random import Random
from typing import Protocol

from tests.gate.rules.rule import changed
from tests.gate.run_command.habits import AgentHabits
from tests.lab.network.vpc import Path
from tests.lab.world.world import World

# When TCP sends its first packet again where nothing answers, in seconds.
SYN_AGAIN = (0.0, 1.0, 3.0, 7.0)
# When it first sends a later packet again; then twice as late each time.
DATA_AGAIN = 0.2
HTTPS = 443
# So many packets in a row are lost where a connection is taken for stalled: some are always lost.
TRIES = 3


class Way(Protocol):
    """The network, as far as a connection needs it."""

    def reaches(self, host: str, address: str, port: int | None = None) -> bool:
        """Tell whether a new flow is answered."""
        ...

    def path(self, host: str, address: str) -> Path:
        """Return what a flow depends on that a host begins now."""
        ...

    def carries(self, host: str, address: str, path: Path, port: int = HTTPS) -> bool:
        """Return whether a connection that was begun on a path still is one, and is answered now."""
        ...


class Connection:
    """A connection of a host to Systems Manager.

    What is sent while its packets are lost arrives when they pass again, since TCP sends it again, unless the
    connection is given up before. That takes until no ping has been answered for long enough.

    Args:
        host: its name.
        address: of Systems Manager.
        way: the network.
        world: clock and tasks.
        habits: pings and pauses.
        chance: source of randomness.
        on_open: called when packets pass again, with whether that is by a new connection.

    Attributes:
        open: the agent takes it for open.
        muted: nothing passes, whatever the network says.
    """

    def __init__(
        self,
        host: str,
        address: str,
        way: Way,
        world: World,
        habits: AgentHabits,
        chance: Random,
        on_open: Callable[[bool], None],
    ) -> None:
        self._host, self._address = host, address
        self._way = way
        self._world = world
        self._habits = habits
        self._chance = chance
        self._on_open = on_open
        self._path: Path | None = None
        self._opened_at = self._answered_at = 0.0
        self._stalled_at: float | None = None
        self._number = 0
        self._lock = threading.RLock()
        self.open = False
        self.muted = False

    @property
    def carries(self) -> bool:
        """Whether what is sent now arrives."""
        self._note(resumes=True)
        return self.open and self._stalled_at is None

    @property
    def stalled(self) -> bool:
        """Whether nothing arrives, as far as was looked."""
        return not self.open or self._stalled_at is not None

    def begin(self, age: float) -> None:
        """Have been connected for so many seconds."""
        self._open(self._world.now() - age)

    def attempt(self) -> bool:
        """Try once to connect; the caller's task is kept for as long."""
        self._number += 1
        return self._try(self._number)

    def end(self) -> None:
        """End it without a word, as the end of its machine does."""
        self._number += 1
        self.open, self._stalled_at = False, None

    def look(self) -> None:
        """Note that its packets are lost; to be called whenever the network may have changed."""
        self._note(resumes=False)

    def _note(self, *, resumes: bool) -> None:
        with self._lock:
            if not self.open or (self._stalled_at is not None and not resumes):
                return
            passing = self._passes()
            if passing and self._stalled_at is not None:
                self._resume(self._stalled_at)
            elif not passing and self._stalled_at is None:
                self._stall()

    def _passes(self) -> bool:
        if self.muted or self._path is None:
            return False
        # One packet that is lost is sent again at once, or nearly so.
        return any(self._way.carries(self._host, self._address, self._path) for _ in range(TRIES))

    def _stall(self) -> None:
        changed("A4a")
        now, keepalive = self._world.now(), self._habits.keepalive
        self._stalled_at = now
        pings = int((now - self._opened_at) / keepalive)
        self._answered_at = max(self._answered_at, self._opened_at + pings * keepalive)
        gives_up_at = self._answered_at + self._habits.patience + (0 if pings else keepalive)
        number = self._number

        def wait() -> None:
            again = DATA_AGAIN
            while self._world.now() < gives_up_at:
                self._world.sleep(min(again, gives_up_at - self._world.now()))
                if self._number != number or self._stalled_at != now:
                    return
                again *= 2
                self._note(resumes=True)
                if self._stalled_at is None:
                    return
            self.open = False
            self.reconnect()

        self._world.spawn(wait, f"connection of {self._host}")

    def _resume(self, stalled_at: float) -> None:
        now, keepalive = self._world.now(), self._habits.keepalive
        if (now - self._opened_at) // keepalive > (stalled_at - self._opened_at) // keepalive:
            self._answered_at = now  # a ping that was lost is answered now
        self._stalled_at = None
        self._on_open(False)

    def reconnect(self) -> None:
        """Try until there is a new connection; the caller's task is kept for as long."""
        changed("A4b")
        self._number += 1
        number = self._number
        self._world.sleep(self._habits.draw("first_pause", self._chance))
        pause = self._habits.draw("pause", self._chance)
        while self._number == number and not self._try(number):
            if self._number != number:
                return
            pause = min(pause, self._habits.longest_pause)
            self._world.sleep(pause * self._chance.uniform(1.0, 1.5))
            pause *= 2

    def _try(self, number: int) -> bool:
        begun = self._world.now()
        for again in SYN_AGAIN:
            self._world.sleep(begun + again - self._world.now())
            if self._number != number:
                return False
            if not self.muted and self._way.reaches(self._host, self._address, HTTPS):
                self._open(self._world.now())
                return True
        self._world.sleep(begun + self._habits.attempt - self._world.now())
        return False

    def _open(self, at: float) -> None:
        self._number += 1
        self._path = self._way.path(self._host, self._address)
        self._opened_at = self._answered_at = at
        self._stalled_at = None
        self.open = True
        if self._passes():
            self._on_open(True)
        else:
            self._stall()
