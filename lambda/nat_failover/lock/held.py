"""The lock in the hands of whoever has the claim; what may be relied on is said in ``store``."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from botocore.exceptions import BotoCoreError, ClientError

from nat_failover.lock.claim import Claim
from nat_failover.lock.parameter import FIND_PAUSE, FIND_TRIES, Parameters
from nat_failover.lock.record import ARMED, Lock, LockState, Record, read_lock
from nat_failover.runtime import Runtime
from nat_failover.settings import Settings

log = logging.getLogger(__name__)

# A holder stops acting this long before its lease ends, so that a call that takes its time still ends within it.
MARGIN = 5.0
# A holder's first record is tried for so long after claiming; so long after claiming its absence counts. In seconds.
RECORD_WITHIN, RECORDLESS_AFTER = 3.5, 6.0
# For how many seconds the writes of a claim, of giving it up, and of all records but the first are tried again.
CLAIM_WITHIN, GIVE_UP_WITHIN, WRITE_WITHIN = 2.0, 1.5, 10.0


class ClaimLostError(Exception):
    """The lease of the claim is over, so that nothing may be changed any more; a later invocation finishes."""


class LockChangedError(Exception):
    """Somebody else has written the lock while the failover was under way; what they wrote stands."""


class HeldLock:
    """The lock in the hands of the claim's holder: nobody else but a person writes it.

    Args:
        claim: as it stands in the parameter, with its version.

    Attributes:
        has_written: something of this holder's has stood in the lock, even if it was taken back: others may read it, or
            what was there before, for a while, and so the claim is better left to expire.
    """

    def __init__(self, parameters: Parameters, settings: Settings, runtime: Runtime, claim: Claim) -> None:
        self._parameters = parameters
        self._settings = settings
        self._runtime = runtime
        self._claim = claim
        # What the next text has to stand upon; None where that does not matter.
        self._below: Lock | None = None
        self._is_fresh = self.has_written = False

    @property
    def until(self) -> float:
        """The time from which on nothing may be changed."""
        return self._claim.until - MARGIN

    def still_held(self) -> None:
        """Make sure that the lease has time left.

        Raises:
            ClaimLostError: it has not.
        """
        if self._runtime.now() >= self.until:
            raise ClaimLostError(f"the claim of {self._claim.owner} is over: nothing is changed any more")

    def read(self) -> Lock:
        """Read the lock again, and go on with what it says: what was read before the claim was held may be old.

        Raises:
            ClaimLostError: claiming took so long that whoever has written the lock since may have taken the claim over.
            botocore.exceptions.ClientError: SSM refuses.
        """
        lock, late = self._lock(), self._runtime.now() >= self._since + RECORD_WITHIN
        if late and lock.version != self._claim.lock:
            owner = self._claim.owner
            self._claim = replace(self._claim, until=0.0)  # it may be another's, and is not given up
            raise ClaimLostError(f"{owner} has been too slow, and somebody else acts: nothing is changed")
        self._below, self._is_fresh = lock, True
        return lock

    def write(self, record: Record) -> None:
        """Write a failover's record into the lock; see ``write_text``.

        Raises:
            ClaimLostError, LockChangedError, botocore.exceptions.ClientError, BotoCoreError: as for ``write_text``.
        """
        self.write_text(record.text())

    def write_text(self, text: str) -> None:
        """Write into the lock, directly upon what was read, or what this holder has written last.

        What a person has put there meanwhile stands. It is looked for before every try but the first after a ``read``.

        Raises:
            ClaimLostError: the lease is over, or the time for the first record.
            LockChangedError: the lock is no longer as it was read, or as this holder has left it.
            botocore.exceptions.ClientError, BotoCoreError: SSM refuses, time and again.
        """
        now = self._runtime.now()
        within = min(WRITE_WITHIN, self.until - now)
        if self._is_first:
            within = min(within, self._since + RECORD_WITHIN - now)
        # Lambda invokes again what has died, by the same id, so that what it finishes may read the same.
        above = 0 if self._below is None else self._below.version
        version = self._parameters.write(
            self._settings.lock_parameter, text, within, lambda: self._look_before_writing(text), above
        )
        self.has_written = True
        self._make_sure_of_what_is_below(text, version)
        self._below = read_lock(text, version)

    def renew(self) -> None:
        """Begin the lease anew, for what takes longer than one.

        Raises:
            ClaimLostError: the lease is over, or somebody else has written the claim.
            botocore.exceptions.ClientError, BotoCoreError: SSM refuses.
        """
        self.still_held()
        name, before = self._settings.claim_parameter, self._claim
        until = self._runtime.now() + self._settings.claim_lease
        claim = replace(before, until=until, token=self._parameters.token())
        version = self._parameters.write(name, claim.text, min(WRITE_WITHIN, self.until - self._runtime.now()))
        if not self._parameters.is_next(name, before.version, claim.text, version):
            raise ClaimLostError(f"the claim of {before.owner} was written by somebody else: nothing is changed")
        self._claim = replace(claim, version=version)

    def give_up(self) -> None:
        """End the lease now, having changed nothing; see ``end_in``."""
        self.end_in(-0.001)  # times are rounded

    def end_in(self, seconds: float) -> None:
        """End the lease in so many seconds: what was to be done is done, but others may still read an older lock.

        The parameter is not deleted: AWS asks to wait 30 seconds before a deleted name is used again, and the
        versions, by which takers know each other, would begin anew.
        https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DeleteParameter.html

        It raises no error: where SSM refuses, the lease ends by itself.
        """
        if self._runtime.now() >= self.until or self._is_late(GIVE_UP_WITHIN):
            return  # somebody may have taken it over
        ended = Claim(self._claim.owner, self._runtime.now() + seconds, 0, token=self._parameters.token())
        try:
            self._parameters.write(self._settings.claim_parameter, ended.text, GIVE_UP_WITHIN)
        except (ClientError, BotoCoreError) as error:
            log.warning("the claim is not given up, it ends by itself", extra={"error": str(error)})

    @property
    def _since(self) -> float:
        return self._claim.since or 0.0

    @property
    def _is_first(self) -> bool:
        """Whether what is written next takes an arming, and others wait for it for a short while only."""
        return not self.has_written and self._below is not None and self._below.state is LockState.ARMED

    def _is_late(self, needed: float = 0.0) -> bool:
        """Return whether others may have ceased to wait for the first record, in so many seconds at least."""
        return self._is_first and self._runtime.now() + needed >= self._since + RECORDLESS_AFTER

    def _lock(self) -> Lock:
        name = self._settings.lock_parameter
        found = self._parameters.read(name)[name]
        return read_lock(found.text, found.version)

    def _lock_once(self, is_current: Callable[[Lock], bool], lock: Lock | None = None) -> Lock:
        """Read the lock, and again after a moment, for some seconds, where what was read may be an old reading."""
        lock = lock or self._lock()
        for _ in range(FIND_TRIES):
            if is_current(lock):
                break
            self._runtime.sleep(FIND_PAUSE)
            lock = self._lock()
        return lock

    def _look_before_writing(self, text: str) -> int | None:
        """Make sure that nobody else has written the lock; give its version where the text stands there already."""
        self.still_held()
        if self._is_first and self._runtime.now() >= self._since + RECORD_WITHIN:
            raise ClaimLostError(f"{self._claim.owner} has not written its record in time: nothing is changed")
        below, self._is_fresh, fresh = self._below, False, self._is_fresh
        if below is None or fresh:
            return None
        # One that is missing was made just now, or a person has deleted it: made once more, its versions begin anew.
        first = self._lock()
        was_missing = first.text is None and below.text is not None
        lock = self._lock_once(lambda found: found.text is not None, first) if was_missing else first
        if lock.text == text and lock.version > below.version:
            return lock.version
        if lock.text != below.text and (was_missing or lock.version >= below.version):
            raise self._changed()
        return None  # an older version is an old reading, and proves nothing

    def _make_sure_of_what_is_below(self, text: str, version: int) -> None:
        """Put back what somebody else has written between reading and writing, and stop."""
        below, name = self._below, self._settings.lock_parameter
        if below is None:
            return
        number, standing = version - 1, None
        while number not in (0, below.version) and (standing := self._parameters.at(name, number)) == text:
            number -= 1
        if number == below.version:
            return
        standing = ARMED if number == 0 else standing
        arms = standing is not None and read_lock(standing, number).state is LockState.ARMED
        if standing == below.text or (arms and below.state is LockState.ARMED):
            return
        try:
            # What can't be found can't be put back: a later invocation finishes what the record says.
            if standing is not None and self._lock_once(lambda found: found.version >= version).text == text:
                self._parameters.write(name, standing, GIVE_UP_WITHIN)
        except (ClientError, BotoCoreError) as error:
            log.error("what stood in the lock is not put back", extra={"error": str(error)})  # noqa: TRY400
        raise self._changed()

    def _changed(self) -> LockChangedError:
        return LockChangedError(f"{self._settings.lock_parameter} was written by somebody else during the failover")
