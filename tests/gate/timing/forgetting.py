"""What AWS forgets for a moment: parameters just written, pages of a list, answers on their way back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from tests.gate.chance import Lots
from tests.gate.harshness import Harshness
from tests.gate.rules.rule import changed

READING = ("Describe", "Get", "List", "Search", "Filter", "Simulate")
Parameter = Mapping[str, Any]


@dataclass(frozen=True)
class _Before:
    """A parameter as the slowest replica still has it, None where there was none, and until when."""

    name: str
    parameter: Parameter | None
    until: float


class Parameters:
    """Parameter Store as its clients see it: one write of a parameter at a time, and replicas that lag behind.

    Args:
        harshness: how often, and for how long.
        lots: chance of whether.
        now: clock, in seconds.
    """

    def __init__(self, harshness: Harshness, lots: Lots, now: Callable[[], float]) -> None:
        self._harshness = harshness
        self._lots = lots
        self._now = now
        self._written: dict[str, float] = {}
        self._before: dict[str, _Before] = {}

    @contextmanager
    def writing(self, name: str, standing: Callable[[], Parameter | None]) -> Iterator[None]:
        """Write a parameter.

        Args:
            name: the parameter's.
            standing: reads it as it is before the write; None where there is none.

        Raises:
            ClientError: another write of it was a moment ago; nothing is written.
        """
        now, harshness = self._now(), self._harshness
        near = now - self._written.get(name, float("-inf")) < harshness.update_window
        if near and self._lots.draw(f"TooManyUpdates {name}", harshness.updates_refused):
            changed("T2")
            raise ClientError({"Error": {"Code": "TooManyUpdates", "Message": ""}}, "PutParameter")
        before = None
        if harshness.stale:
            before = _Before(name, standing(), now + harshness.draw("stale_for", self._lots.sure(f"lag {name}")))
        yield
        self._written[name] = now
        if before is not None:
            self._before[name] = before

    def read(self, operation: str, arguments: Mapping[str, Any], make: Callable[[], Any]) -> Any:
        """Return the answer of GetParameter or GetParameters as a replica gives it that may lag behind.

        Raises:
            ClientError: it does not know the one parameter that was asked for.
        """
        if operation == "GetParameter":
            before = None if ":" in arguments["Name"] else self._lagging(arguments["Name"])
            if before is None:
                return make()
            if before.parameter is None:
                raise ClientError({"Error": {"Code": "ParameterNotFound", "Message": ""}}, operation)
            return {"Parameter": before.parameter}
        answer = make()
        # A version that was asked for by its number is that one or none.
        latest = [name for name in arguments["Names"] if ":" not in name]
        found = [p["Name"] for p in answer.get("Parameters", ()) if p["Name"] in latest]
        for before in [self._lagging(name) for name in found]:
            if before is not None:
                answer = _as_before(answer, before)
        return answer

    def _lagging(self, name: str) -> _Before | None:
        """Return what the slow replica has where a read gets to it, and it lags; else None."""
        before = self._before.get(name)
        if before is None or self._now() >= before.until or not self._lots.draw(f"stale {name}", self._harshness.stale):
            return None
        changed("T6b" if before.parameter is None else "T6a")
        return before


def _as_before(answer: Mapping[str, Any], before: _Before) -> dict[str, Any]:
    found = [before.parameter if p["Name"] == before.name else p for p in answer["Parameters"]]
    missing = [*answer.get("InvalidParameters", ()), *([before.name] if before.parameter is None else [])]
    return {**answer, "Parameters": [p for p in found if p is not None], "InvalidParameters": missing}


class Pages:
    """Lists in short and empty pages.

    A rest is handed out for a token of the gate's own, so that it is right whoever keeps the list.

    Args:
        harshness: how often.
        lots: chance of whether, and where a page is cut.
    """

    def __init__(self, harshness: Harshness, lots: Lots) -> None:
        self._harshness = harshness
        self._lots = lots
        self._rests: dict[str, dict[str, Any]] = {}
        self._given = 0

    def rest(self, arguments: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return what is left of a list whose page was cut, for its token; None where there is no such list."""
        return self._rests.get(str(arguments.get("NextToken", "")))

    def cut(self, operation: str, key: str, answer: dict[str, Any]) -> dict[str, Any]:
        """Return the first page of an answer: at times a short or an empty one, and a token.

        Args:
            operation: of the answer.
            key: of the list in it.
            answer: a page as whoever keeps the list gives it.
        """
        chance = self._lots.draw(f"page {operation}", self._harshness.short_page)
        if chance is None:
            return answer
        changed("R7a")
        listed = answer[key]
        end = chance.choice((0, chance.randint(0, max(0, len(listed) - 1))))
        self._given += 1
        token = f"gate-{self._given}"
        self._rests[token] = {**answer, key: listed[end:]}
        return {**answer, key: listed[:end], "NextToken": token}


# The lists that come in pages, with a NextToken, and the key of each.
LISTS: Mapping[str, str] = {
    "ssm:ListCommands": "Commands",
    "ssm:ListCommandInvocations": "CommandInvocations",
    "ssm:DescribeInstanceInformation": "InstanceInformationList",
    "ssm:GetParameterHistory": "Parameters",
    "ec2:DescribeInstances": "Reservations",
    "ec2:DescribeTags": "Tags",
    "ec2:DescribeRouteTables": "RouteTables",
    "events:ListRuleNamesByTarget": "RuleNames",
}


def listed_under(service: str, operation: str, arguments: Mapping[str, Any]) -> str | None:
    """Return the key of the list in an answer that may come in pages; None where it comes whole.

    EC2 gives everything to whoever sets no MaxResults:
    https://docs.aws.amazon.com/ec2/latest/devguide/query-requests.html
    """
    if service == "ec2" and not {"MaxResults", "NextToken"} & set(arguments):
        return None
    return LISTS.get(f"{service}:{operation}")


def lost_answer(call: str, harshness: Harshness, lots: Lots, read_timeout: float) -> tuple[Exception, float] | None:
    """Return what a client comes to whose answer is lost, and after how many seconds; None where it arrives.

    Args:
        call: ``service:Operation``.
        harshness: how often.
        lots: chance of whether, and of how the client notices.
        read_timeout: the client's, in seconds.
    """
    service, _, operation = call.partition(":")
    if operation.startswith(READING):
        return None
    chance = lots.draw(f"lost {operation}", harshness.answer_lost)
    if chance is None:
        return None
    changed("T5")
    url = f"https://{service}.amazonaws.com/"
    if chance.random() < harshness.lost_silently:
        return ReadTimeoutError(endpoint_url=url), read_timeout
    return ConnectionClosedError(endpoint_url=url), 0.0
