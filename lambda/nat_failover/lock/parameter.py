"""SSM's parameters, written so that neither a refusal nor a lost answer is the end of it.

PutParameter takes no condition, is throttled at three calls a second for the whole account, and refuses updates that
come close together (``TooManyUpdates``). Its answer may get lost though it took effect, and a read may be a little old,
or miss what was made just now. What can be relied on is this:

    Every write that takes effect gets the next version of its parameter, and the text of a version never changes.

So who has read version v, and writes, was the first to do so exactly if version v + 1 has their text in it: however
often they have sent it, whoever has written since, and however old what they had read. Of all who have read the same
version there is one such, as long as no two send the same text: where writers must know each other, it has a token in
it. (Not covered: a person deletes the parameter at that moment, and its versions begin anew.)
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from nat_failover.aws_errors import is_passing, may_be_done
from nat_failover.runtime import Runtime

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

log = logging.getLogger(__name__)

# Pauses between two tries, in seconds; each is drawn from half to one and a half of it, and the next is twice as long.
FIRST_PAUSE, LONGEST_PAUSE = 0.4, 1.2
# How often, and at which distance in seconds, a parameter is read that exists, but is not seen.
FIND_TRIES, FIND_PAUSE = 5, 0.4


@dataclass(frozen=True)
class Parameter:
    """A parameter as it was read; without text and of version 0 where there is none.

    Attributes:
        modified_at: when this version was made, seconds since the epoch.
    """

    text: str | None = None
    version: int = 0
    modified_at: float = 0.0


MISSING = Parameter()


class Parameters:
    """Reads and writes parameters.

    Args:
        ssm: boto3 client, for reading.
        once: boto3 client that makes each call once: what is tried again is decided here.
        runtime: clock, waiting, chance.
    """

    def __init__(self, ssm: SSMClient, once: SSMClient, runtime: Runtime) -> None:
        self._ssm = ssm
        self._once = once
        self._runtime = runtime

    def token(self) -> str:
        """Return a word that nobody else writes."""
        return f"{self._runtime.random.getrandbits(64):016x}"

    def read(self, *names: str) -> Mapping[str, Parameter]:
        """Read parameters in one call, ten at most; each that is missing is without text.

        Raises:
            botocore.exceptions.ClientError: SSM refuses.
        """
        found = self._ssm.get_parameters(Names=list(names))["Parameters"]
        known = {p["Name"]: Parameter(p["Value"], p["Version"], p["LastModifiedDate"].timestamp()) for p in found}
        return {name: known.get(name, MISSING) for name in names}

    def at(self, name: str, version: int) -> str | None:
        """Return the text of one version of a parameter; None where it is not found, also after a moment.

        Raises:
            botocore.exceptions.ClientError: SSM refuses.
        """
        for _ in range(FIND_TRIES):
            found = self._ssm.get_parameters(Names=[f"{name}:{version}"])["Parameters"]
            text = next((p["Value"] for p in found if p["Version"] == version), None)
            if text is not None:
                return text
            self._runtime.sleep(FIND_PAUSE)
        return None

    def create(self, name: str, text: str, within: float) -> int | None:
        """Make a parameter; of many who do exactly one succeeds.

        Args:
            within: for how many seconds it is tried again.

        Returns:
            Its version; None where there is one already, of somebody else's.

        Raises:
            botocore.exceptions.ClientError, BotoCoreError: as for ``write``.
        """
        try:
            return self._try(lambda: self._put(name, text, overwrite=False), lambda: self._met(name, text), within)
        except self._once.exceptions.ParameterAlreadyExists:
            # It may be this very text: the answer to its creation got lost, and it was sent once more.
            for _ in range(FIND_TRIES):
                found = self.read(name)[name]
                if found.text is not None:
                    return found.version if found.text == text else None
                self._runtime.sleep(FIND_PAUSE)
            return None

    def write(
        self, name: str, text: str, within: float, look: Callable[[], int | None] | None = None, above: int = 0
    ) -> int:
        """Write a parameter, whatever stands there.

        Args:
            within: for how many seconds it is tried again.
            look: called before every try; gives a version where the text stands already, and raises where it may no
                longer be written. Without it, it is looked for after an answer that got lost.
            above: a version that was there before: the same text in it, or below, is another's.

        Returns:
            A version that has the text in it; an earlier one may have it, too.

        Raises:
            botocore.exceptions.ClientError, BotoCoreError: SSM has refused all tries, or one for good.
            Exception: what ``look`` raises.
        """

        def attempt() -> int:
            standing = look() if look is not None else None
            return self._put(name, text, overwrite=True) if standing is None else standing

        return self._try(attempt, lambda: self._met(name, text, above), within)

    def is_next(self, name: str, read: int, text: str, written: int) -> bool:
        """Return whether a text that was written was the first to be written after a version that had been read.

        Args:
            read: that version; 0 where there was no parameter.
            text: unlike any other's.
            written: what ``write`` has given.

        Raises:
            botocore.exceptions.ClientError: SSM refuses.
        """
        return written == read + 1 or (written > read + 1 and self.at(name, read + 1) == text)

    def _try(self, attempt: Callable[[], int], met: Callable[[], int | None], within: float) -> int:
        deadline, pause = self._runtime.now() + within, FIRST_PAUSE
        while True:
            try:
                return attempt()
            except (ClientError, BotoCoreError) as error:
                rest = pause * self._runtime.random.uniform(0.5, 1.5)
                over = not is_passing(error) or self._runtime.now() + rest >= deadline
                if over and not (is_passing(error) and may_be_done(error)):
                    raise
                log.info("a parameter is not written yet", extra={"error": str(error)})
                self._runtime.sleep(rest)
                pause = min(2 * pause, LONGEST_PAUSE)
                standing = met() if may_be_done(error) else None
                if standing is not None:
                    return standing
                if over:
                    raise

    def _met(self, name: str, text: str, above: int = 0) -> int | None:
        """Look for a text whose answer got lost; what can't be read is not found."""
        try:
            found = self.read(name)[name]
        except (ClientError, BotoCoreError):
            return None
        return found.version if found.text == text and found.version > above else None

    def _put(self, name: str, text: str, *, overwrite: bool) -> int:
        # The type has to be said where the parameter may be missing.
        return self._once.put_parameter(Name=name, Value=text, Type="String", Overwrite=overwrite)["Version"]
