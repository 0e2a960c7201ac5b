"""An execution environment of the function, and the calls that it makes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from nat_failover.settings import Settings
from tests.gate.retries import Retries
from tests.lab.world.world import World

# What a client would do of itself with an operation and its arguments.
Original = Callable[[str, Mapping[str, Any]], Any]


class FunctionEndedError(BaseException):
    """The function was killed: it makes no further call, and no code of it may catch this."""


class Execution:
    """One execution environment of the function; ``killed`` ends what runs in it.

    Attributes:
        request_id: of the invocation that runs in it now.
        ends_at: when Lambda ends that invocation.
        settings: of the function that runs in it.
        serial: counts the invocations of all environments; that which runs in it now.
    """

    def __init__(self, now: Callable[[], float] = lambda: 0.0) -> None:
        self._now = now
        self.killed = False
        self.request_id = ""
        self.ends_at = float("inf")
        self.settings: Settings | None = None
        self.serial = 0

    def check(self) -> None:
        """End here if the function was killed, or is out of time."""
        if self._now() >= self.ends_at:
            self.killed = True
        if self.killed:
            raise FunctionEndedError


@dataclass(frozen=True)
class Call:
    """A call that the product makes."""

    service: str
    operation: str
    arguments: Mapping[str, Any]
    execution: Execution


@dataclass(frozen=True)
class Line:
    """A client, what it would do of itself, and how it tries again."""

    client: Any
    original: Original
    retries: Retries


class LabRuntime:
    """The product's view of the world; ends where the function was killed."""

    def __init__(self, world: World, execution: Execution) -> None:
        self._world = world
        self._execution = execution
        self.random = world.random

    def now(self) -> float:
        """Give the time."""
        return self._world.now()

    def sleep(self, seconds: float) -> None:
        """Let that much time be over."""
        self._execution.check()
        self._world.sleep(seconds)
        self._execution.check()

    def together(self, calls: Any) -> list[Any]:
        """Make calls at the same time."""
        return self._world.together(calls)


class Context:
    """Lambda's context object."""

    def __init__(self, request_id: str, world: World, ends_at: float) -> None:
        self.aws_request_id = request_id
        self._world = world
        self._ends_at = ends_at

    def get_remaining_time_in_millis(self) -> int:
        """Give the time that is left."""
        return max(0, int((self._ends_at - self._world.now()) * 1000))
