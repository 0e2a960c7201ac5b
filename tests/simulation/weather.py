"""What may befall a call of AWS: refused, lost there or back, made twice, slow, stale, or the last thing done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError

from tests.lab.gateway import Call, FunctionEndedError
from tests.lab.world import World
from tests.simulation.account import ModelAccount

READS = ("GetParameter", "GetParameters", "DescribeRouteTables", "DescribeInstances")
# How old an answer may be. AWS gives no bound for either service; EC2 speaks of seconds, and to be prepared for minutes
# in the worst case, Systems Manager promises nothing:
# https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
STALE_BY = 10.0
SLOW = (1.0, 20.0)


def _throttled(operation: str) -> ClientError:
    return ClientError({"Error": {"Code": "ThrottlingException", "Message": "Rate exceeded"}}, operation)


def _server_error(operation: str) -> ClientError:
    return ClientError({"Error": {"Code": "InternalError", "Message": "An internal error has occurred"}}, operation)


def _not_reached(operation: str) -> ConnectTimeoutError:
    return ConnectTimeoutError(endpoint_url=f"https://{operation}")


def _lost(operation: str) -> ReadTimeoutError:
    return ReadTimeoutError(endpoint_url=f"https://{operation}")


BEFORE: Mapping[str, Callable[[str], Exception]] = {
    "throttled": _throttled,
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

    Args:
        chance: source of randomness.
        world: for what is slow.
        account: for answers from the past.

    Attributes:
        share: of the calls that something befalls; 0 for fair weather.
        fates: which kinds there are.
        seen: how often each kind has befallen each operation.
        told: called with each.
    """

    chance: Random
    world: World
    account: ModelAccount
    share: float = 0.0
    fates: tuple[str, ...] = FATES
    told: Callable[[Call, str], None] = lambda call, fate: None  # noqa: ARG005

    def __post_init__(self) -> None:
        """Begin to count."""
        self.seen: Counter[tuple[str, str]] = Counter()

    def interpose(self, call: Call, make: Callable[[], Any]) -> Any:
        """Make a call, or what befalls it instead.

        Raises:
            ClientError, ReadTimeoutError, ConnectTimeoutError: as boto3 does when its own retries are used up.
            FunctionEndedError: the function was killed.
        """
        fate = self._fate(call.operation)
        if fate is None:
            return make()
        self.seen[fate, call.operation] += 1
        self.told(call, fate)
        if fate in BEFORE:
            raise BEFORE[fate](call.operation)
        if fate in AFTER:
            make()
            raise AFTER[fate](call.operation)
        match fate:
            case "made twice":
                # boto3 has not heard the first answer, and asks again by itself.
                _quietly(make)
                return make()
            case "slow":
                answer = make()
                self.world.sleep(self.chance.uniform(*SLOW))
                return answer
            case "stale":
                with self.account.as_of(self.world.now() - self.chance.uniform(0, STALE_BY)):
                    return make()
            case "killed before":
                call.execution.killed = True
                raise FunctionEndedError
            case _:
                make()
                call.execution.killed = True
                raise FunctionEndedError

    def _fate(self, operation: str) -> str | None:
        if not self.share or self.chance.random() >= self.share:
            return None
        fate = self.chance.choice(self.fates)
        return None if fate == "stale" and operation not in READS else fate


def _quietly(make: Callable[[], Any]) -> None:
    try:
        make()
    except ClientError:
        return
