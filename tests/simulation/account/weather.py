"""What may befall a call of AWS: refused, lost there or back, made twice, slow, stale, or the last thing done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any

from botocore.exceptions import ClientError, ConnectTimeoutError, HTTPClientError, ReadTimeoutError

from tests.gate.chance import befallen
from tests.gate.timing.rates import throttled
from tests.lab.cloud.execution import Call, FunctionEndedError
from tests.lab.world.world import World

AsOf = Callable[[float], AbstractContextManager[None]]

READS = (
    *("GetParameter", "GetParameters", "DescribeRouteTables", "DescribeInstances", "DescribeAddresses"),
    *("ListCommands", "ListCommandInvocations"),
)
# How old an answer may be. AWS gives no bound for either service; EC2 speaks of seconds, and to be prepared for minutes
# in the worst case, Systems Manager promises nothing:
# https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
# Of parameters a second has been seen; no more than three are drawn, since four fifths of all readings may be so old.
STALE_BY, STALE_PARAMETER_BY = 10.0, 3.0
PARAMETERS = frozenset({"GetParameter", "GetParameters"})
SLOW = (1.0, 20.0)


def _server_error(operation: str) -> ClientError:
    return ClientError({"Error": {"Code": "InternalError", "Message": "An internal error has occurred"}}, operation)


def _not_reached(operation: str) -> ConnectTimeoutError:
    return ConnectTimeoutError(endpoint_url=f"https://{operation}")


def _lost(operation: str) -> ReadTimeoutError:
    return ReadTimeoutError(endpoint_url=f"https://{operation}")


BEFORE: Mapping[str, Callable[[str], Exception]] = {
    "throttled": lambda operation: throttled("ssm", operation),
    "server error": _server_error,
    "not reached": _not_reached,
}
AFTER: Mapping[str, Callable[[str], Exception]] = {
    "answer lost": _lost,
    "server error after it was done": _server_error,
}
FATES = (*BEFORE, *AFTER, "made twice", "slow", "killed before", "killed after", "stale")


@dataclass
class Weather:
    """Decides what befalls each call.

    That hangs on the seed, on the operation and on how often it has been called before, and on nothing else: leaving
    one thing out of a history leaves what befalls the other calls as it was.

    Args:
        seed: source of chance.
        world: for what is slow.
        as_of: make answers come from an earlier time; one for each of those that keep something.

    Attributes:
        share: of the calls that something befalls; 0 for fair weather.
        fates: which kinds there are.
        storms: share and fates of the calls of an operation that has weather of its own.
        spared: calls that nothing befalls, as ``strike`` names them.
        seen: how often each kind has befallen each operation.
        on_trouble: called with each, and its name.
    """

    seed: int
    world: World
    as_of: tuple[AsOf, ...] = ()
    share: float = 0.0
    fates: tuple[str, ...] = FATES
    spared: frozenset[str] = frozenset()
    storms: Mapping[str, tuple[float, tuple[str, ...]]] = field(default_factory=dict)
    on_trouble: Callable[[Call, str, str], None] = lambda call, fate, strike: None  # noqa: ARG005

    def __post_init__(self) -> None:
        """Begin to count."""
        self.seen: Counter[tuple[str, str]] = Counter()
        self.calls: Counter[str] = Counter()

    def interpose(self, call: Call, make: Callable[..., Any]) -> Any:
        """Make a call, or what befalls it instead.

        Raises:
            ClientError, ReadTimeoutError, ConnectTimeoutError: as boto3 does when its own retries are used up.
            FunctionEndedError: the function was killed.
        """
        self.calls[call.operation] += 1
        strike = f"{call.operation} {self.calls[call.operation]}"
        share, fates = self.storms.get(call.operation, (self.share, self.fates))
        chance = self._chance(strike, share)
        fate = None if chance is None else self._fate(call.operation, chance, fates)
        if fate is None or chance is None:
            return make()
        self.seen[fate, call.operation] += 1
        self.on_trouble(call, fate, strike)
        if fate in BEFORE:
            raise BEFORE[fate](call.operation)
        if fate in AFTER:
            _quietly(make)  # a refusal gets lost as well
            raise AFTER[fate](call.operation)
        match fate:
            case "made twice":
                # boto3 has not heard the first answer, and asks again by itself.
                _quietly(make)
                return make()
            case "slow":
                answer = make()
                self.world.sleep(chance.uniform(*SLOW))
                return answer
            case "stale":
                oldest = STALE_PARAMETER_BY if call.operation in PARAMETERS else STALE_BY
                at = self.world.now() - chance.uniform(0, oldest)
                return make(lambda: self._from_the_past(at))
            case "killed before":
                call.execution.killed = True
                raise FunctionEndedError
            case _:
                make()
                call.execution.killed = True
                raise FunctionEndedError

    @contextmanager
    def _from_the_past(self, at: float) -> Iterator[None]:
        with ExitStack() as stack:
            for as_of in self.as_of:
                stack.enter_context(as_of(at))
            yield

    def _chance(self, strike: str, share: float) -> Random | None:
        """Give a source of chance to a call that something befalls; to most, nothing does."""
        return None if strike in self.spared else befallen(self.seed, strike, share)

    @staticmethod
    def _fate(operation: str, chance: Random, fates: tuple[str, ...]) -> str | None:
        fate = chance.choice(fates)
        return None if fate == "stale" and operation not in READS else fate


def _quietly(make: Callable[[], Any]) -> None:
    with suppress(ClientError, HTTPClientError):
        make()
