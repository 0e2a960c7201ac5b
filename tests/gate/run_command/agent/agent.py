"""The agent on one host: what it runs, what waits, and what it could not tell yet."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from random import Random

from tests.gate.rules.rule import changed
from tests.gate.run_command.agent.connection import Connection, Way
from tests.gate.run_command.agent.outbox import Outbox
from tests.gate.run_command.command import CommandInvocation
from tests.gate.run_command.habits import AgentHabits
from tests.lab.world.world import World


@dataclass(eq=False)
class Task:
    """A host's part in a command.

    Attributes:
        run: runs the script to its end, and gives what the agent reports; None where nobody is left who could.
        arrived: called with each of the agent's reports when it is sent; the first is ``InProgress``.
        expires_at: when the service gives it up, if it has not been taken.
    """

    run: Callable[[], CommandInvocation | None]
    arrived: Callable[[CommandInvocation], None]
    expires_at: float = float("inf")


@dataclass
class Queue:
    """What the agent runs, and what waits."""

    running: list[Task] = field(default_factory=list)
    waiting: deque[Task] = field(default_factory=deque)


IN_PROGRESS = CommandInvocation("InProgress", exit_code=-1)
# What the agent reports of what a reboot has ended.
REBOOTED = CommandInvocation("Failed", exit_code=1)


class Agent:
    """An agent, which is there as long as its machine runs.

    Args:
        host: its name.
        address: of Systems Manager.
        way: the network.
        world: clock and tasks.
        habits: how it behaves.
        chance: source of randomness.
    """

    def __init__(self, host: str, address: str, way: Way, world: World, habits: AgentHabits, chance: Random) -> None:
        self.host = host
        self.address = address
        self._world = world
        self._habits = habits
        self._chance = chance
        self._queue = Queue()
        self._undelivered: list[Task] = []
        self._interrupted: list[Task] = []
        self._lock = threading.RLock()
        self._starts = 0
        self.up = True
        self._renewed_at = self._phase = world.now() - chance.uniform(0, habits.renewed_every)
        self._lost_after = habits.draw("lost_after", chance)
        self.connection = Connection(host, address, way, world, habits, chance, self._opened)
        self._outbox = Outbox(host, self.connection, world, habits, chance)

    def deliver(self, task: Task) -> None:
        """Get a command from the service, which keeps one that does not arrive until the agent connects anew."""
        with self._lock:
            runs = self._accept(task)
        if runs:
            self._run(task)

    def _accept(self, task: Task) -> bool:
        """Tell whether a command is to be run at once."""
        if not (self.up and self.connection.carries):
            changed("A4c")
            self._undelivered.append(task)
            return False
        queue, free = self._queue, len(self._queue.running) < self._habits.workers
        if not free and len(queue.waiting) >= self._habits.buffer:
            changed("A1c")
            return False
        if self._chance.random() < self._habits.in_progress_lost:
            changed("A1b")
        else:
            task.arrived(IN_PROGRESS)
        if not free:
            changed("A1a")
        (queue.running if free else queue.waiting).append(task)
        return free

    def drop(self, task: Task) -> bool:
        """Never run a command that waits; tell whether it did."""
        with self._lock:
            waits = task in self._queue.waiting
            if waits:
                self._queue.waiting.remove(task)
        return waits

    def _run(self, task: Task) -> None:
        starts = self._starts
        changed("A3")
        self._world.sleep(self._habits.draw("start", self._chance))
        invocation = task.run() if self._starts == starts else None
        if self._starts != starts:
            return  # the machine has gone down meanwhile, and its end has been dealt with
        if invocation is not None:
            self._world.sleep(self._habits.draw("finish", self._chance))
        with self._lock:
            if self._starts != starts:
                return
            self._queue.running.remove(task)
            if self._queue.waiting:
                following = self._queue.waiting.popleft()
                self._queue.running.append(following)
                self._world.spawn(partial(self._run, following), f"agent of {self.host}")
        if invocation is not None:
            self._outbox.send(task.arrived, invocation)

    def _opened(self, anew: bool) -> None:
        """Go on, by a connection that carries again."""
        self._outbox.opened(anew)
        waiting, self._undelivered = self._undelivered, []
        for task in waiting:
            if self._world.now() >= task.expires_at:
                changed("A2c")
            else:
                self._world.spawn(partial(self.deliver, task), f"agent of {self.host}")

    def went_down(self) -> None:
        """Note that the machine is off: nothing runs any more; what waits, and what could not be sent, is on disk."""
        self._note_renewal()
        self.up = False
        self._starts += 1
        self._outbox.close()
        self._interrupted += self._queue.running
        self._queue.running.clear()
        self.connection.end()

    def forget(self) -> None:
        """Be the agent of another instance, with an empty disk."""
        self._interrupted.clear()
        self._queue.waiting.clear()
        self._outbox.forget()

    def came_up(self) -> None:
        """Note that the machine has booted."""
        starts = self._starts

        def start() -> None:
            self._world.sleep(self._habits.draw("boot", self._chance))
            pause = self._habits.again_after_boot
            while self._starts == starts and not self.connection.attempt():
                changed("A9a")
                self._world.sleep(pause)
                pause = self._habits.draw("again_later", self._chance)
            if self._starts == starts:
                self._go_on(starts)

        self._world.spawn(start, f"agent of {self.host}")

    def _go_on(self, starts: int) -> None:
        """Take up what the machine's end has interrupted."""
        self.up = True
        self._renewed_at = self._phase = self._world.now()
        self._outbox.start()
        self._opened(True)
        waiting, self._queue.waiting = self._queue.waiting, deque()
        for task in waiting:
            self._queue.running.append(task)
            self._world.spawn(partial(self._run, task), f"agent of {self.host}")
        if not self._interrupted:
            return
        self._world.sleep(self._habits.after_reboot)
        if self._starts == starts:
            interrupted, self._interrupted = self._interrupted, []
            for task in interrupted:
                changed("A7b")
                self._outbox.send(task.arrived, REBOOTED)

    def look(self) -> None:
        """Note what has become of the connection."""
        self._note_renewal()
        self.connection.look()

    def _note_renewal(self) -> None:
        """Note the last renewal of the ping status before now."""
        if self.up and not self.connection.stalled:
            every = self._habits.renewed_every
            self._renewed_at = max(self._renewed_at, self._phase + (self._world.now() - self._phase) // every * every)

    @property
    def ping(self) -> str:
        """The ping status."""
        self._note_renewal()
        if self._world.now() - self._renewed_at > self._lost_after:
            changed("A9b")
            return "ConnectionLost"
        return "Online"
