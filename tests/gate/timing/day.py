"""An ordinary day of an account: what it forgets for a moment, the answers that it loses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.gate.chance import Lots
from tests.gate.harshness import Harshness
from tests.gate.timing.forgetting import Pages, Parameters, listed_under, lost_answer
from tests.gate.timing.rates import PARAMETER_READS


class Day:
    """Stands between whoever calls and whatever answers; see ``Harshness``.

    Args:
        harshness: how often what happens.
        lots: chance of whether.
        now: clock, in seconds.
        standing: reads a parameter as it is, None where there is none; not needed where no read is ever stale.
    """

    def __init__(
        self,
        harshness: Harshness,
        lots: Lots,
        now: Callable[[], float],
        standing: Callable[[str], Mapping[str, Any] | None] = lambda name: None,  # noqa: ARG005
    ) -> None:
        self._harshness = harshness
        self._lots = lots
        self._parameters = Parameters(harshness, lots, now)
        self._pages = Pages(harshness, lots)
        self._standing = standing

    def answer(self, service: str, operation: str, arguments: Mapping[str, Any], make: Callable[[], Any]) -> Any:
        """Make a call, and return its answer as AWS may give it: of a moment ago, or in part.

        Args:
            service: as boto3 names it.
            operation: as the API names it.
            arguments: as the caller gives them.
            make: has the call take effect, and gives its answer.

        Raises:
            ClientError: AWS refuses the call for what was a moment ago.
        """
        if service == "ssm" and operation == "PutParameter":
            name = arguments["Name"]
            with self._parameters.writing(name, lambda: self._standing(name)):
                return make()
        if service == "ssm" and operation in PARAMETER_READS:
            return self._parameters.read(operation, arguments, make)
        key = listed_under(service, operation, arguments)
        if key is None:
            return make()
        rest = self._pages.rest(arguments)
        return self._pages.cut(operation, key, make() if rest is None else rest)

    def lost(self, service: str, operation: str, read_timeout: float) -> tuple[Exception, float] | None:
        """Return what a client comes to whose answer is lost, and after how many seconds; None where it arrives.

        Args:
            service: as boto3 names it.
            operation: only of writes; who reads again notices nothing.
            read_timeout: the client's, in seconds.
        """
        return lost_answer(f"{service}:{operation}", self._harshness, self._lots, read_timeout)
