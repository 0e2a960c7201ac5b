"""Which of several invocations looks, and which stands back: at a failure, every backend's event brings one.

Systems Manager takes five list calls and three writes a second from a whole account, and one invocation is enough. So
one goes ahead, and the others come after it, a moment apart, and end as soon as they see that it acts.

Nothing tells an invocation who else runs. But the last tick ran in one execution environment and in no other: an event
that is handled there goes ahead. One that is handled elsewhere came there because that environment is busy, most likely
with an earlier event, or is gone. If the one ahead dies, the others come all the same, and so does the next tick.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from nat_failover.lock.store import LockView
from nat_failover.runtime import Runtime
from nat_failover.settings import Settings

# What the one that goes ahead is given to look and to claim, and others to see that: a read may be old by a second;
# and over how many seconds those are spread who come after, in case it is slow.
HEAD_START, SPREAD = 2.0, 2.5
# How late a tick may be, in seconds.
LATE = 5.0
# Between two readings of a lock whose claim awaits its record, in seconds: a read may be old by a second.
LOOK_AGAIN = (1.0, 1.6)


class Turns:
    """The turns of one process.

    Args:
        settings: the period of the ticks.
        runtime: clock, waiting, chance.
        read: reads lock and claim.
    """

    def __init__(self, settings: Settings, runtime: Runtime, read: Callable[[], LockView]) -> None:
        self._settings = settings
        self._runtime = runtime
        self._read = read
        self._ticked_at = -inf

    def tick(self) -> None:
        """Note that this process has the tick."""
        self._ticked_at = self._runtime.now()

    @property
    def is_ahead(self) -> bool:
        """Whether this process goes ahead of others."""
        return self._runtime.now() - self._ticked_at <= self._settings.period + LATE

    def come(self, until: float) -> LockView:
        """Wait for the turn of an event, and read the lock; see ``past_claim``.

        Raises:
            botocore.exceptions.ClientError: SSM refuses.
        """
        if not self.is_ahead:
            self._runtime.sleep(HEAD_START + self._runtime.random.uniform(0, SPREAD))
        return self.past_claim(self._read(), until)

    def past_claim(self, locks: LockView, until: float) -> LockView:
        """Wait while another has the claim and has yet to write its record.

        Args:
            locks: as they were read.
            until: when to end at the latest, seconds since the epoch.

        Returns:
            Lock and claim as they were read last: whoever has the claim acts, or holds nobody up.

        Raises:
            botocore.exceptions.ClientError: SSM refuses.
        """
        seen = None
        while locks.awaits_record(self._runtime.now()) and locks.claim is not None:
            # What shows no record may be an old reading: it takes two, with a moment between them.
            if locks.is_recordless(self._runtime.now()) and seen == locks.claim.version:
                break
            if self._runtime.now() + LOOK_AGAIN[1] >= until:
                break
            seen = locks.claim.version
            self._runtime.sleep(self._runtime.random.uniform(*LOOK_AGAIN))
            locks = self._read()
        return locks
