"""The lock, which people read and reset, and the claim, which makes one invocation the one that acts."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from nat_failover.record import Claim, Lock, Record, read_claim, read_lock
from nat_failover.runtime import Runtime
from nat_failover.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_ssm.type_defs import ParameterTypeDef

log = logging.getLogger(__name__)

# A holder stops acting this long before its lease ends, so that a call that takes its time still ends within it.
MARGIN = 5.0


class ClaimLostError(Exception):
    """The lease of the claim is over, so that nothing may be changed any more; a later invocation finishes."""


class LockChangedError(Exception):
    """A person has written the lock while the failover was under way; what they wrote stands."""


@dataclass(frozen=True)
class Parameter:
    """A parameter as it was read; without text and of version 0 where there is none."""

    text: str | None = None
    version: int = 0

    @classmethod
    def of(cls, found: Iterable[ParameterTypeDef], name: str) -> Self:
        """Pick one out of an answer of SSM."""
        return next((cls(p["Value"], p["Version"]) for p in found if p["Name"] == name), cls())


@dataclass(frozen=True)
class LockView:
    """Lock and claim as they were read, and what people have been told; the claim is None where there is none."""

    lock: Lock
    claim: Claim | None
    told: Parameter = Parameter()

    def is_claimed(self, now: float) -> bool:
        """Tell whether an invocation acts, or has just acted, and so is the only one that may."""
        return self.claim is not None and self.claim.is_live(now)


class LockStore:
    """Lock and claim in SSM's Parameter Store.

    Args:
        ssm: boto3 client.
        settings: names of the parameters, length of the lease.
        runtime: clock.
    """

    def __init__(self, ssm: SSMClient, settings: Settings, runtime: Runtime) -> None:
        self._ssm = ssm
        self._settings = settings
        self._runtime = runtime

    def read(self) -> LockView:
        """Read lock, claim, and what people have been told in one call; no parameter is armed.

        Raises:
            botocore.exceptions.ClientError: SSM refuses.
        """
        names = [self._settings.lock_parameter, self._settings.claim_parameter, self._settings.told_parameter]
        parameters = self._ssm.get_parameters(Names=names)["Parameters"]
        found = {p["Name"]: p for p in parameters}
        lock = found.get(self._settings.lock_parameter)
        claim = found.get(self._settings.claim_parameter)
        return LockView(
            read_lock(lock["Value"] if lock else None, lock["Version"] if lock else 0),
            self._claim(claim) if claim else None,
            Parameter.of(parameters, self._settings.told_parameter),
        )

    def take(self, owner: str) -> HeldLock | None:
        """Try to become the one invocation that acts.

        The claim is created, which succeeds for exactly one of many. Where it exists and its lease is over, its holder
        is dead: it is overwritten, and whoever gets the very next version has it; the others come later and lose.

        Args:
            owner: request id of the invocation.

        Returns:
            The lock, to be written by this invocation alone; None when another has the claim.

        Raises:
            botocore.exceptions.ClientError: SSM refuses.
        """
        claim = Claim(owner, self._runtime.now() + self._settings.claim_lease, 1)
        try:
            self._put_claim(claim, overwrite=False)
        except self._ssm.exceptions.ParameterAlreadyExists:
            return self._take_over(claim)
        return HeldLock(self._ssm, self._settings, self._runtime, claim)

    def _take_over(self, claim: Claim) -> HeldLock | None:
        try:
            parameter = self._ssm.get_parameter(Name=self._settings.claim_parameter)["Parameter"]
        except self._ssm.exceptions.ParameterNotFound:
            return None  # a person has just deleted it: the next invocation creates it
        standing = self._claim(parameter)
        if (standing.owner, standing.version) == (claim.owner, claim.version) and standing.text == claim.text:
            # It is this very claim: the answer to its creation got lost, and botocore has asked once more.
            return HeldLock(self._ssm, self._settings, self._runtime, claim)
        if standing.is_live(self._runtime.now()):
            return None
        version = self._put_claim(claim, overwrite=True)
        if version != standing.version + 1:
            return None
        log.info("claim taken over", extra={"dead_owner": standing.owner, "version": version})
        return HeldLock(self._ssm, self._settings, self._runtime, Claim(claim.owner, claim.until, version))

    def _claim(self, parameter: ParameterTypeDef) -> Claim:
        modified = parameter["LastModifiedDate"].timestamp()
        return read_claim(parameter["Value"], parameter["Version"], modified, self._settings.claim_lease)

    def _put_claim(self, claim: Claim, *, overwrite: bool) -> int:
        put = self._ssm.put_parameter(
            Name=self._settings.claim_parameter, Value=claim.text, Type="String", Overwrite=overwrite
        )
        return put["Version"]


class HeldLock:
    """The lock in the hands of the claim's holder: nobody else but a person writes it.

    Args:
        claim: as it stands in the parameter, with its version.
    """

    def __init__(self, ssm: SSMClient, settings: Settings, runtime: Runtime, claim: Claim) -> None:
        self._ssm = ssm
        self._settings = settings
        self._runtime = runtime
        self._claim = claim
        self._written: str | None = None

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
        """Read the lock again: what was read before the claim was held may be old.

        Raises:
            botocore.exceptions.ClientError: SSM refuses.
        """
        return self._lock()

    def write(self, record: Record) -> None:
        """Write a failover's record into the lock.

        Before anything but the first record is written, the lock is read: what a person has put there meanwhile stands.

        Raises:
            ClaimLostError: the lease is over.
            LockChangedError: the lock is no longer as this invocation has left it.
            botocore.exceptions.ClientError: SSM refuses.
        """
        self.write_word(record.text())

    def write_word(self, text: str) -> None:
        """Write what a person says, ``armed`` or that it is paused; as carefully as a record.

        Raises:
            ClaimLostError: as for ``write``.
            LockChangedError: as for ``write``.
            botocore.exceptions.ClientError: as for ``write``.
        """
        self.still_held()
        if self._written is not None and self._lock().text != self._written:
            raise LockChangedError(f"{self._settings.lock_parameter} was written by a person during the failover")
        self._ssm.put_parameter(Name=self._settings.lock_parameter, Value=text, Type="String", Overwrite=True)
        self._written = text

    def adopt(self, lock: Lock) -> None:
        """Go on with the record that a dead holder has left."""
        self._written = lock.text

    def renew(self) -> None:
        """Begin the lease anew, for what takes longer than one.

        Raises:
            ClaimLostError: the lease is over, or somebody else has written the claim.
            botocore.exceptions.ClientError: SSM refuses.
        """
        self.still_held()
        claim = replace(self._claim, until=self._runtime.now() + self._settings.claim_lease)
        put = self._ssm.put_parameter(
            Name=self._settings.claim_parameter, Value=claim.text, Type="String", Overwrite=True
        )
        if put["Version"] != self._claim.version + 1:
            raise ClaimLostError(f"the claim of {self._claim.owner} was written by somebody else: nothing is changed")
        self._claim = replace(claim, version=put["Version"])

    def give_up(self) -> None:
        """End the lease now, having changed nothing.

        The parameter is not deleted: AWS asks to wait 30 seconds before a deleted name is used again, and the
        versions, by which takers know each other, would begin anew.
        https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DeleteParameter.html

        Raises:
            botocore.exceptions.ClientError: SSM refuses.
        """
        self.end_in(0.0)

    def end_in(self, seconds: float) -> None:
        """End the lease in so many seconds: what was to be done is done, but others may still read an older lock.

        Raises:
            botocore.exceptions.ClientError: SSM refuses.
        """
        if self._runtime.now() >= self.until:
            return  # somebody may have taken it over
        ended = Claim(self._claim.owner, self._runtime.now() + seconds, 0)
        self._ssm.put_parameter(Name=self._settings.claim_parameter, Value=ended.text, Type="String", Overwrite=True)

    def _lock(self) -> Lock:
        name = self._settings.lock_parameter
        found = self._ssm.get_parameters(Names=[name])["Parameters"]
        return read_lock(found[0]["Value"], found[0]["Version"]) if found else read_lock(None, 0)
