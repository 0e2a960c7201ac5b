"""Time, chance and doing things at the same time: passed in, so that a test can own them."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol


class Runtime(Protocol):
    """What the code may know of the world beside AWS."""

    random: random.Random

    def now(self) -> float:
        """Return the time in seconds since the epoch."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...

    def together(self, calls: Sequence[Callable[[], Any]]) -> list[Any]:
        """Do all calls at the same time and give their results in order.

        Raises:
            Exception: the first error, in the order of ``calls``, after all have ended.
        """
        ...


class LambdaRuntime:
    """The real one: the machine's clock, the system's randomness, a few threads."""

    def __init__(self, threads: int = 24) -> None:
        self.random: random.Random = random.SystemRandom()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="call")

    def now(self) -> float:
        """Return the time in seconds since the epoch."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

    def together(self, calls: Sequence[Callable[[], Any]]) -> list[Any]:
        """Do all calls at the same time and give their results in order.

        Raises:
            Exception: the first error, in the order of ``calls``, after all have ended.
        """
        if len(calls) == 1:
            return [calls[0]()]
        futures = [self._pool.submit(call) for call in calls]
        errors = [future.exception() for future in futures]
        for error in errors:
            if error is not None:
                raise error
        return [future.result() for future in futures]
