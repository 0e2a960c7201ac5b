"""What may invoke the function: the schedule, hosts that fail, a NAT that is about to go, a person's self-test."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from nat_failover.names import EVENT_SOURCE

TICK = "Scheduled Event"
SSM = "aws.ssm"
# https://docs.aws.amazon.com/systems-manager/latest/userguide/monitoring-systems-manager-event-examples.html
STATUS_CHANGE = "EC2 Command Invocation Status-change Notification"
EC2 = "aws.ec2"
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-instance-state-changes.html
INSTANCE_STATE = "EC2 Instance State-change Notification"
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html
SPOT_WARNING = "EC2 Spot Instance Interruption Warning"
AUTO_SCALING = "aws.autoscaling"
# https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-event-reference.html
TERMINATING = "EC2 Instance-terminate Lifecycle Action"
# States on the way down; the machine may still forward for some seconds, while its services stop.
GOING = ("shutting-down", "stopping")
# What SSM takes for a command and for an instance; anything else would only fail later, as an error of botocore's.
# https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_CommandInvocation.html
FORMS = {
    "command-id": (re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"), "a command's id, a UUID"),
    "instance-id": (re.compile(r"i-[0-9a-f]{8}|m?i-[0-9a-f]{17}"), "an instance's id, such as i-0123456789abcdef0"),
}
# The same for CompleteLifecycleAction:
# https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CompleteLifecycleAction.html
TOKEN = re.compile(r"[0-9a-fA-F-]{36}")
INSTANCE = re.compile(r"i-[0-9a-f]{8}|i-[0-9a-f]{17}")


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
class LifecycleAction:
    """A group waits with an instance that it terminates, until this is completed or the hook's timeout has passed."""

    group: str
    hook: str
    token: str


@dataclass(frozen=True)
class NatEnding:
    """AWS says that a NAT of the pair goes: a hint to ask EC2 at once, and no evidence.

    EventBridge refuses others who name a source of AWS (``NotAuthorizedForSourceException`` in
    https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html), but whoever may invoke
    the function can make one up.

    Attributes:
        action: what its Auto Scaling group waits for; None where none does. Then it may be an instance that is no NAT.
    """

    instance_id: str
    action: LifecycleAction | None = None


@dataclass(frozen=True)
class AskedToTest:
    """A person wants to know whether each call of the function works."""


Trigger = Tick | StatusChange | NatEnding


def parse(
    event: object, document: str, nats: Collection[str] = (), hook: str = "", groups: Collection[str] = ()
) -> Trigger | AskedToTest:
    """Return what an event is.

    Args:
        event: the event as EventBridge delivers it.
        document: name of the pair's probe document.
        nats: ids of the pair's NATs.
        hook: name of the pair's lifecycle hook.
        groups: names of the Auto Scaling groups that its NATs are in.

    Raises:
        UnknownEventError: it is no event of the schedule, nor a status change of the pair's own document, nor of one of
            its NATs or of the pair's own hook in their groups.
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
    if source == EC2 and kind in (INSTANCE_STATE, SPOT_WARNING):
        return _nat_ending(event.get("detail"), nats)
    if source == AUTO_SCALING and kind == TERMINATING:
        return _terminating(event.get("detail"), hook, groups)
    raise UnknownEventError(
        f"an event of source {_excerpt(source)} and detail-type {_excerpt(kind)} is not for this function: it takes "
        f"'{TICK}' of aws.events, '{STATUS_CHANGE}' of aws.ssm, '{INSTANCE_STATE}' or '{SPOT_WARNING}' of aws.ec2, "
        f"'{TERMINATING}' of aws.autoscaling. "
        'To try it by hand, send {"source": "aws.events", "detail-type": "Scheduled Event"}'
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


def _nat_ending(detail: object, nats: Collection[str]) -> NatEnding:
    instance = detail.get("instance-id") if isinstance(detail, Mapping) else None
    if not isinstance(instance, str) or instance not in nats:
        raise UnknownEventError(
            f"the event is of instance {_excerpt(instance)}, the pair's NATs are {' and '.join(nats)}: "
            "correct the rule's event pattern"
        )
    return NatEnding(instance)


def _terminating(detail: object, hook: str, groups: Collection[str]) -> NatEnding:
    """Return what an action of the pair's own hook says; one of another hook is for whoever has made that."""
    fields = detail if isinstance(detail, Mapping) else {}
    group, name = fields.get("AutoScalingGroupName"), fields.get("LifecycleHookName")
    if group not in tuple(groups) or name != hook:
        raise UnknownEventError(
            f"the lifecycle action is of hook {_excerpt(name)} of group {_excerpt(group)}, this pair's is {hook} of "
            f"{' and '.join(groups) or 'no group'}: correct the rule's event pattern"
        )
    instance, token = fields.get("EC2InstanceId"), fields.get("LifecycleActionToken")
    if not isinstance(instance, str) or not INSTANCE.fullmatch(instance):
        raise UnknownEventError(f"the lifecycle action's EC2InstanceId is {_excerpt(instance)}: it must be an id")
    if not isinstance(token, str) or not TOKEN.fullmatch(token):
        raise UnknownEventError(f"the lifecycle action's LifecycleActionToken is {_excerpt(token)}: it must be a UUID")
    return NatEnding(instance, LifecycleAction(str(group), hook, token))


def _excerpt(value: object) -> str:
    try:
        text = json.dumps(value)
    except (TypeError, ValueError, RecursionError):
        text = type(value).__name__
    return text if len(text) <= 80 else text[:77] + "..."
