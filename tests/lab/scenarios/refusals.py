"""Scenarios in which AWS refuses, delays or forgets what the function asks of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError

from tests.lab.call_times import CallTimes
from tests.lab.cloud.execution import Call
from tests.lab.cloud.gateway import refused
from tests.lab.lab import Lab
from tests.lab.scenarios import demands, steps
from tests.lab.scenarios.scenario import FAIL_OVER, Scenario

# What a failover takes where a write of its own had to be made twice, in seconds.
BARELY_LATER = 7.0
# How long the outcome is refused.
REFUSED_FOR = 40.0


def _state(arguments: Mapping[str, Any]) -> str:
    """Return what a write says: the state of a lock's record, ``claim`` or ``ended`` of a claim."""
    name, fields = str(arguments["Name"]), json.loads(arguments["Value"])
    if name.endswith("/claim"):
        return "claim" if "since" in fields else "ended"
    return str(fields.get("state", ""))


def _record_refused(lab: Lab) -> None:
    """SSM refuses the first record, and then whatever gives the claim up."""
    refusals = iter([True])

    def fault(operation: str, arguments: Mapping[str, Any]) -> ClientError | None:
        if operation != "PutParameter":
            return None
        state = _state(arguments)
        if state == "ended" or (state == "failing-over" and next(refusals, False)):
            return refused(operation, "TooManyUpdates", "There are concurrent updates for a resource.")
        return None

    lab.gateway.faults.append(fault)


def _holder_dies(lab: Lab) -> None:
    """The first invocation that claims dies before it can write a record."""
    died: list[bool] = []

    def observer(operation: str, arguments: Mapping[str, Any], execution: Any) -> None:
        if operation == "PutParameter" and _state(arguments) == "claim" and not died:
            died.append(True)
            execution.killed = True

    lab.gateway.after.append(observer)


def _outcome_refused(lab: Lab) -> None:
    """SSM refuses for a while to have it recorded that a failover is over."""
    since: list[float] = []

    def fault(operation: str, arguments: Mapping[str, Any]) -> ClientError | None:
        if operation != "PutParameter" or _state(arguments) != "failed-over":
            return None
        since.append(lab.world.now())
        if lab.world.now() >= since[0] + REFUSED_FOR:
            return None
        return refused(operation, "ThrottlingException", "Rate exceeded")

    lab.gateway.faults.append(fault)


def _answers_lost(lab: Lab) -> None:
    """The first write of each kind takes effect, and its answer gets lost."""
    lost: set[str] = set()

    def interpose(call: Call, make: Callable[[], Any]) -> Any:
        answer = make()
        if call.operation == "PutParameter" and (state := _state(call.arguments)) not in lost:
            lost.add(state)
            raise ReadTimeoutError(endpoint_url="https://ssm")
        return answer

    lab.gateway.interpose = interpose


def _ten_at_once(lab: Lab) -> None:
    """Every event comes twice, and ten of them arrive at once at ten warm functions."""
    lab.gateway.faults.append(CallTimes(lab))
    lab.functions.warm(10)
    lab.functions.together = 10
    emit = lab.functions.emit

    def twice(event: dict[str, Any]) -> None:
        emit(event)
        emit(event)

    lab.functions.emit = twice  # type: ignore[method-assign]


def _counted(lab: Lab) -> None:
    """Calls are counted by the second."""
    lab.gateway.faults.append(CallTimes(lab))


def _mailed_at_once(lab: Lab) -> list[str]:
    """People were told right after the swap, with who is online, and that the lock is not written."""
    subnets = len(lab.network.layout.private_subnets)
    problems = [] if len(lab.gateway.replaced_at) == subnets else ["subnets were moved more than once"]
    first = lab.gateway.published[0] if lab.gateway.published else None
    if first is None or first[0] > max(lab.gateway.replaced_at) + 20:
        return [*problems, "nobody was told within 20 s"]
    _, subject, text = first
    if f"{len(lab.backends)} of {len(lab.backends)} backends online" not in subject:
        problems.append(f"the mail does not say who is online: {subject}")
    if "The lock could not be written" not in text:
        problems.append("the mail does not say that the lock is not written")
    return problems


def _within_the_rates(lab: Lab) -> list[str]:
    """One swap, and no more calls in any second than AWS takes: what it refuses is tried again and counts, too."""
    calls, begun = CallTimes.of(lab), lab.broken_at or 0.0
    most = {"ListCommands": 5, "ListCommandInvocations": 5, "PutParameter": 3, "GetParameters": 40}
    found = {operation: calls.most_in_a_second(operation, begun) for operation in most}
    return [
        *demands.one_swap(lab),
        *(f"{found[o]} calls of {o} in a second, {limit} are allowed" for o, limit in most.items() if found[o] > limit),
    ]


def _few_calls(lab: Lab) -> list[str]:
    """A failover of six backends takes fewer than forty calls, retries included."""
    calls = CallTimes.of(lab).since(lab.broken_at or 0.0, 20.0)
    few = [] if calls.total() < 40 else [f"{calls.total()} calls in 20 s: {dict(calls)}"]
    return [*_within_the_rates(lab), *few]


REFUSALS: tuple[Scenario, ...] = (
    Scenario(
        "record-refused-once",
        "SSM refuses the failover's record once, and the giving up of the claim",
        FAIL_OVER,
        steps.flush,
        before=_record_refused,
        problems=demands.within(BARELY_LATER),
    ),
    Scenario(
        "holder-dies-without-record",
        "the function dies after claiming, before it has written a record",
        FAIL_OVER,
        steps.flush,
        before=_holder_dies,
        problems=demands.within(25.0),
    ),
    Scenario(
        "record-answer-lost",
        "claim, record and outcome are written, and their answers get lost",
        FAIL_OVER,
        steps.flush,
        before=_answers_lost,
        problems=demands.within(BARELY_LATER),
    ),
    Scenario(
        "outcome-refused",
        "SSM refuses to have the outcome of a good swap recorded",
        FAIL_OVER,
        steps.flush,
        before=_outcome_refused,
        problems=_mailed_at_once,
    ),
    Scenario(
        "few-calls",
        "the calls of a failover are counted",
        FAIL_OVER,
        steps.flush,
        before=_counted,
        problems=_few_calls,
    ),
    Scenario(
        "ten-events-at-once",
        "ten events of one failure arrive at the same moment",
        FAIL_OVER,
        steps.flush,
        before=_ten_at_once,
        problems=_within_the_rates,
    ),
)
