"""What may invoke the function: the schedule's tick, SSM's status changes, a person's self-test, and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from nat_failover.names import EVENT_SOURCE

TICK = "Scheduled Event"
SSM = "aws.ssm"
# https://docs.aws.amazon.com/systems-manager/latest/userguide/monitoring-systems-manager-event-examples.html
STATUS_CHANGE = "EC2 Command Invocation Status-change Notification"
# What SSM takes for a command and for an instance; anything else would only fail later, as an error of botocore's.
# https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_CommandInvocation.html
FORMS = {
    "command-id": (re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"), "a command's id, a UUID"),
    "instance-id": (re.compile(r"i-[0-9a-f]{8}|m?i-[0-9a-f]{17}"), "an instance's id, such as i-0123456789abcdef0"),
}


# How a person asks the function to try every call that it makes: no rule sends this.
SELF_TEST = {"source": EVENT_SOURCE, "detail-type": "Self-test"}


class UnknownEventError(ValueError):
    """The function was invoked with something that is neither its schedule's nor its document's event."""


@dataclass(frozen=True)
class Tick:
    """The schedule's event, once a period."""


@dataclass(frozen=True)
class StatusChange:
    """A host's invocation of the probe has ended in a failed status."""

    command_id: str
    instance_id: str
    status: str


@dataclass(frozen=True)
class AskedToTest:
    """A person wants to know whether each call of the function works."""


Trigger = Tick | StatusChange


def parse(event: object, document: str) -> Trigger | AskedToTest:
    """Tell what an event is.

    Args:
        event: the event as EventBridge delivers it.
        document: name of the pair's probe document.

    Raises:
        UnknownEventError: it is no event of the schedule, nor a status change of the pair's own document.
    """
    if not isinstance(event, Mapping):
        raise UnknownEventError(f"the event is {_excerpt(event)}: it must be an EventBridge event, a JSON object")
    source, kind = event.get("source"), event.get("detail-type")
    if source == "aws.events" and kind == TICK:
        return Tick()
    if {"source": source, "detail-type": kind} == SELF_TEST:
        return AskedToTest()
    if source == SSM and kind == STATUS_CHANGE:
        return _status_change(event.get("detail"), document)
    raise UnknownEventError(
        f"an event of source {_excerpt(source)} and detail-type {_excerpt(kind)} is not for this function: it takes "
        f"'{TICK}' of aws.events (its schedule) and '{STATUS_CHANGE}' of aws.ssm. To try it by hand, send "
        '{"source": "aws.events", "detail-type": "Scheduled Event"}'
    )


def _status_change(detail: object, document: str) -> StatusChange:
    if not isinstance(detail, Mapping):
        raise UnknownEventError(f"the status change's detail is {_excerpt(detail)}: it must be a JSON object")
    texts = {}
    for key in ("command-id", "instance-id", "document-name", "status"):
        value = detail.get(key)
        if not isinstance(value, str) or not 0 < len(value) <= 256:
            raise UnknownEventError(f"the status change's {key} is {_excerpt(value)}: it must be a short text")
        form, allowed = FORMS.get(key, (None, ""))
        if form is not None and not form.fullmatch(value):
            raise UnknownEventError(f"the status change's {key} is {_excerpt(value)}: it must be {allowed}")
        texts[key] = value
    if texts["document-name"] != document:
        raise UnknownEventError(
            f"the status change is of document {_excerpt(texts['document-name'])}, this pair's is {document}: "
            "correct the rule's event pattern"
        )
    return StatusChange(texts["command-id"], texts["instance-id"], texts["status"])


def _excerpt(value: object) -> str:
    try:
        text = json.dumps(value)
    except (TypeError, ValueError, RecursionError):
        text = type(value).__name__
    return text if len(text) <= 80 else text[:77] + "..."
