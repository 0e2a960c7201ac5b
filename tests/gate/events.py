"""Events as EventBridge delivers them: the schedule's, Run Command's status changes, EC2's and Auto Scaling's.

https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html
https://docs.aws.amazon.com/systems-manager/latest/userguide/monitoring-systems-manager-event-examples.html
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-instance-state-changes.html
https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-event-reference.html
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any

TICK = "Scheduled Event"
STATUS_CHANGE = "EC2 Command Invocation Status-change Notification"
INSTANCE_STATE = "EC2 Instance State-change Notification"
SPOT_WARNING = "EC2 Spot Instance Interruption Warning"
TERMINATING = "EC2 Instance-terminate Lifecycle Action"
_SECOND = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"
# What each key of the envelope looks like, as a whole.
_ENVELOPE = {
    "version": r"0",
    "id": r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "detail-type": r".+",
    "source": r"aws\.[a-z0-9]+",
    "account": r"\d{12}",
    "time": rf"{_SECOND}Z",
    "region": r"[a-z]{2}(-[a-z]+)+-\d",
}
# What the detail of an event has, by its source and detail-type; all of it is text.
_DETAILS: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("aws.events", TICK): {},
    ("aws.ssm", STATUS_CHANGE): {
        "command-id": r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        "document-name": r"[a-zA-Z0-9_\-.]{3,128}",
        "instance-id": r"i-[0-9a-f]{8}|m?i-[0-9a-f]{17}",
        "requested-date-time": rf"{_SECOND}(\.\d{{3}})?Z",
        "status": r"Pending|InProgress|Delayed|Success|Cancelled|TimedOut|Failed|Cancelling",
    },
    ("aws.ec2", INSTANCE_STATE): {
        "instance-id": r"i-[0-9a-f]{8}|i-[0-9a-f]{17}",
        "state": r"pending|running|stopping|stopped|shutting-down|terminated",
    },
    ("aws.ec2", SPOT_WARNING): {
        "instance-id": r"i-[0-9a-f]{8}|i-[0-9a-f]{17}",
        "instance-action": r"hibernate|stop|terminate",
    },
    # NotificationMetadata is there where the hook has some.
    ("aws.autoscaling", TERMINATING): {
        "LifecycleActionToken": r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        "AutoScalingGroupName": r"[!-9;-~ ]{1,255}",
        "LifecycleHookName": r"[A-Za-z0-9\-_/]{1,255}",
        "EC2InstanceId": r"i-[0-9a-f]{8}|i-[0-9a-f]{17}",
        "LifecycleTransition": r"autoscaling:EC2_INSTANCE_TERMINATING",
        "Origin": r"AutoScalingGroup",
        "Destination": r"EC2|WarmPool",
    },
}
_INSTANCE = r"arn:aws[a-z-]*:ec2:[a-z0-9-]+:\d{12}:instance/\S+"
_RESOURCE = {
    TICK: r"arn:aws[a-z-]*:events:[a-z0-9-]+:\d{12}:rule/\S+",
    STATUS_CHANGE: _INSTANCE,
    INSTANCE_STATE: _INSTANCE,
    # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html
    SPOT_WARNING: r"arn:aws[a-z-]*:ec2:[a-z0-9-]+:instance/\S+",
    TERMINATING: r"arn:aws[a-z-]*:autoscaling:[a-z0-9-]+:\d{12}:autoScalingGroup:[0-9a-f-]{36}:autoScalingGroupName/.+",
}


@dataclass(frozen=True)
class Change:
    """A change of status of a command's invocation on one instance.

    Attributes:
        requested_at: when the command was sent, seconds since the epoch.
    """

    command_id: str
    instance_id: str
    document: str
    status: str
    requested_at: float


@dataclass(frozen=True)
class Waiting:
    """A group waits with an instance that it terminates."""

    instance_id: str
    group: str
    hook: str
    token: str


@dataclass(frozen=True)
class Bus:
    """The default event bus of an account in a Region.

    Args:
        chance: source of the events' ids.
    """

    account: str
    region: str
    chance: Random

    def tick(self, at: float, rule: str) -> dict[str, Any]:
        """Return the event of a scheduled rule.

        Args:
            at: seconds since the epoch.
            rule: name of the rule.
        """
        return self._event(at, "aws.events", TICK, f"arn:aws:events:{self.region}:{self.account}:rule/{rule}", {})

    def status_change(self, at: float, change: Change) -> dict[str, Any]:
        """Return Run Command's event for a change of status at a time, in seconds since the epoch."""
        resource = f"arn:aws:ec2:{self.region}:{self.account}:instance/{change.instance_id}"
        requested = datetime.fromtimestamp(change.requested_at, UTC).isoformat(timespec="milliseconds")
        detail = {
            "command-id": change.command_id,
            "document-name": change.document,
            "instance-id": change.instance_id,
            "requested-date-time": requested.replace("+00:00", "Z"),
            "status": change.status,
        }
        return self._event(at, "aws.ssm", STATUS_CHANGE, resource, detail)

    def instance_state(self, at: float, instance_id: str, state: str) -> dict[str, Any]:
        """Return EC2's event that an instance is in a state from a time on, in seconds since the epoch."""
        resource = f"arn:aws:ec2:{self.region}:{self.account}:instance/{instance_id}"
        return self._event(at, "aws.ec2", INSTANCE_STATE, resource, {"instance-id": instance_id, "state": state})

    def spot_warning(self, at: float, instance_id: str) -> dict[str, Any]:
        """Return EC2's event that a Spot instance will be terminated in two minutes."""
        resource = f"arn:aws:ec2:{self.region}:instance/{instance_id}"
        return self._event(
            at, "aws.ec2", SPOT_WARNING, resource, {"instance-id": instance_id, "instance-action": "terminate"}
        )

    def terminating(self, at: float, waiting: Waiting) -> dict[str, Any]:
        """Return Auto Scaling's event that a group waits since a time, in seconds since the epoch."""
        group = f"autoScalingGroup:{uuid.UUID(int=0)}:autoScalingGroupName/{waiting.group}"
        detail = {
            "LifecycleActionToken": waiting.token,
            "AutoScalingGroupName": waiting.group,
            "LifecycleHookName": waiting.hook,
            "EC2InstanceId": waiting.instance_id,
            "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING",
            "Origin": "AutoScalingGroup",
            "Destination": "EC2",
        }
        resource = f"arn:aws:autoscaling:{self.region}:{self.account}:{group}"
        return self._event(at, "aws.autoscaling", TERMINATING, resource, detail)

    def _event(self, at: float, source: str, kind: str, resource: str, detail: Mapping[str, str]) -> dict[str, Any]:
        return {
            "version": "0",
            "id": str(uuid.UUID(int=self.chance.getrandbits(128), version=4)),
            "detail-type": kind,
            "source": source,
            "account": self.account,
            "time": datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": self.region,
            "resources": [resource],
            "detail": dict(detail),
        }


def faults_of(event: Mapping[str, Any]) -> list[str]:
    """Return what of an event is not as EventBridge delivers it, a sentence each; none where all is."""
    expected = _DETAILS.get((event.get("source", ""), event.get("detail-type", "")))
    if expected is None:
        return [f"no event has source {event.get('source')!r} and detail-type {event.get('detail-type')!r}"]
    found = _keys(event, {*_ENVELOPE, "resources", "detail"}, "event") + _texts(event, _ENVELOPE)
    found += _keys(event.get("detail", {}), set(expected), "detail") + _texts(event.get("detail", {}), expected)
    form = _RESOURCE[event["detail-type"]]
    found += [f"resource {arn!r}" for arn in event.get("resources", ()) if not re.fullmatch(form, arn)]
    return found if event.get("resources") else [*found, "no resources"]


def _keys(fields: Mapping[str, Any], expected: set[str], where: str) -> list[str]:
    return [f"{where}: {key} is missing" for key in sorted(expected - set(fields))] + [
        f"{where}: {key} is none of its keys" for key in sorted(set(fields) - expected)
    ]


def _texts(fields: Mapping[str, Any], forms: Mapping[str, str]) -> list[str]:
    wrong = ((key, fields[key]) for key, form in forms.items() if key in fields and not _is(fields[key], form))
    return [f"{key} is {value!r}" for key, value in wrong]


def _is(value: object, form: str) -> bool:
    return isinstance(value, str) and re.fullmatch(form, value) is not None
