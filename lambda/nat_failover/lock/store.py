"""The lock, which people read and reset, and the claim, which makes one invocation the one that acts.

What keeps a pair from being swapped twice, the strongest first:

1.  **A failover begins only by a record that stands directly upon a word that arms**: the version of the lock below
    it says ``armed``, or there is none. A version has one next version, so one record, and with it one swap, comes of
    each arming, however many have claimed, however slow they are, and however old what they have read. Whoever finds,
    having written, that something else stands below, puts that back and stops (``HeldLock``).
2.  **One at a time**: the claim is a lease. It is created, or overwritten where it is over, and whose text stands in
    the next version has it (``parameter``). Without ``MARGIN`` seconds of it left nothing is written or changed.
3.  **A claim without a record holds nobody up**: its holder writes its record within ``RECORD_WITHIN`` seconds, or
    not at all. A claim older than ``RECORDLESS_AFTER``, while the lock is still the version that its holder had seen,
    may be taken over like one that is over; not so where there was no lock, and is none: a person may have deleted the
    record. A read may be old and not show a record that is there: two are needed, a second apart (``Turns``), and a
    third after claiming. Should all three be older than the two times are apart, 1.
    holds none the less.

A claim that has led to a record is left to expire, since reads of the lock may be old for a while.

Whoever writes claims again and again, and never a record, would keep the pair from failing over for ever. No
invocation does: one lease after a claim at most there is a record, or the claim is over. So where failovers have ended
with a claim in the way for two leases, upon a lock that nobody has written, claims count no more (``blocked``); 1.
holds all the same.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from math import inf

from nat_failover.lock.blocked import blocked_since
from nat_failover.lock.claim import Claim, read_claim
from nat_failover.lock.held import CLAIM_WITHIN, RECORDLESS_AFTER, HeldLock
from nat_failover.lock.parameter import MISSING, Parameter, Parameters
from nat_failover.lock.record import Lock, LockState, read_lock
from nat_failover.runtime import Runtime
from nat_failover.settings import Settings

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LockView:
    """Lock and claim as they were read, and what people have been told; the claim is None where there is none.

    Attributes:
        blocked_since: see ``blocked``; infinite where no failover is blocked.
        lease: how long a claim protects its holder, in seconds.
        is_read: whether this is how they stand; else they could not be read, and nothing may be sent, told or done.
    """

    lock: Lock
    claim: Claim | None
    memory: Parameter = MISSING
    blocked_since: float = inf
    lease: float = inf
    is_read: bool = True

    def is_claimed(self, now: float) -> bool:
        """Return whether an invocation acts, or has just acted, and so is the only one that may."""
        return self.claim is not None and self._counts(self.claim, now) and not self.is_recordless(now)

    def is_blocked(self, now: float) -> bool:
        """Return whether a claim has kept failovers from being made for longer than any invocation acts."""
        return now - self.blocked_since >= self.lease

    def is_unexplained(self, now: float) -> bool:
        """Return whether the pair is armed and claimed, and no invocation can be about to write its record."""
        if self.lock.state is not LockState.ARMED or not self.is_claimed(now):
            return False
        since = None if self.claim is None else self.claim.since
        return since is None or not self.awaits_record(now) or abs(now - since) >= RECORDLESS_AFTER

    def awaits_record(self, now: float) -> bool:
        """Return whether there is a live claim whose holder has not written its record, as far as can be seen."""
        claim = self.claim
        return (
            claim is not None
            and self._counts(claim, now)
            and self.lock.state is LockState.ARMED
            and claim.since is not None
            and claim.lock == self.lock.version
        )

    def is_recordless(self, now: float) -> bool:
        """Return whether the holder of the claim has had its time, and holds nobody up any more.

        Where there was no lock when it claimed, and is none now, a person may have deleted its record.
        """
        if self.claim is None or self.claim.since is None or not self.claim.lock:
            return False
        return now - self.claim.since >= RECORDLESS_AFTER and self.awaits_record(now)

    def _counts(self, claim: Claim, now: float) -> bool:
        """Return whether a claim is not over, nor one of those that have blocked failovers for two leases."""
        return claim.is_live(now) and now - self.blocked_since < 2 * self.lease


# Where Systems Manager has no time for it: what hosts have said can be judged, as if the pair were armed.
UNREAD = LockView(replace(read_lock(None, 0), reason="the lock can't be read now"), None, is_read=False)


class LockStore:
    """Lock and claim in SSM's Parameter Store.

    Args:
        parameters: reads and writes.
        settings: names of the parameters, length of the lease.
        runtime: clock.
    """

    def __init__(self, parameters: Parameters, settings: Settings, runtime: Runtime) -> None:
        self._parameters = parameters
        self._settings = settings
        self._runtime = runtime

    def read(self) -> LockView:
        """Read lock, claim, and what people have been told in one call; no parameter is armed.

        Raises:
            botocore.exceptions.ClientError: SSM refuses.
        """
        s = self._settings
        found = self._parameters.read(s.lock_parameter, s.claim_parameter, s.told_parameter)
        claim, memory = found[s.claim_parameter], found[s.told_parameter]
        lock = read_lock(found[s.lock_parameter].text, found[s.lock_parameter].version)
        blocked = blocked_since(memory.text, lock)
        return LockView(
            lock,
            None if claim.text is None else read_claim(claim.text, claim.version, claim.modified_at, s.claim_lease),
            memory,
            inf if blocked is None else blocked,
            s.claim_lease,
        )

    def take(self, owner: str, seen: LockView | None = None) -> HeldLock | None:
        """Try to become the one invocation that acts.

        Args:
            owner: request id of the invocation.
            seen: lock and claim as they were read just now; read here where not given.

        Returns:
            The lock, to be written by this invocation alone; None when another has the claim.

        Raises:
            botocore.exceptions.ClientError, BotoCoreError: SSM refuses.
        """
        seen = seen or self.read()
        name, now = self._settings.claim_parameter, self._runtime.now()
        claim = Claim(owner, now + self._settings.claim_lease, 0, now, seen.lock.version, self._parameters.token())
        if seen.claim is None:
            version = self._parameters.create(name, claim.text, CLAIM_WITHIN)
            if version is not None:
                return self._held(claim, version)
            seen = self.read()
        standing = seen.claim
        # Where it has just been made, it may not be seen yet; where a person has just deleted it, the next creates it.
        if standing is None or seen.is_claimed(self._runtime.now()):
            return None
        version = self._parameters.write(name, claim.text, CLAIM_WITHIN)
        if not self._parameters.is_next(name, standing.version, claim.text, version):
            return None
        log.info("claim taken over", extra={"dead_owner": standing.owner, "version": version})
        return self._held(claim, version)

    def _held(self, claim: Claim, version: int) -> HeldLock:
        return HeldLock(self._parameters, self._settings, self._runtime, replace(claim, version=version))
