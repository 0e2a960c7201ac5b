"""Auto Scaling, as far as a group that terminates a NAT goes: it waits for whoever has made a lifecycle hook.

moto takes any action for completed, and keeps none: https://docs.getmoto.org/en/latest/docs/services/autoscaling.html
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from tests.gate.events import Waiting
from tests.gate.rules.rule import changed


class AutoScaling:
    """Groups that wait.

    Attributes:
        waiting: what is waited for, by token.
        completed: tokens of the actions that somebody has completed.
    """

    def __init__(self) -> None:
        self.waiting: dict[str, Waiting] = {}
        self.completed: set[str] = set()
        self._states: dict[str, tuple[str, str]] = {}
        self._begun = 0

    def begin(self, instance_id: str, group: str, hook: str) -> Waiting:
        """Have a group begin to terminate an instance, which its hook holds up; it runs on meanwhile."""
        self._begun += 1
        token = str(uuid.UUID(int=self._begun, version=4))
        made = self.waiting[token] = Waiting(instance_id, group, hook, token)
        self._states[instance_id] = (group, "Terminating:Wait")
        return made

    def is_waiting(self, waiting: Waiting) -> bool:
        """Return whether nobody has completed an action, and its timeout has not passed."""
        return waiting.token in self.waiting

    def time_out(self, waiting: Waiting) -> None:
        """Let the timeout of an action have passed, where it is not completed."""
        if self.waiting.pop(waiting.token, None) is not None:
            self._states[waiting.instance_id] = (waiting.group, "Terminating:Proceed")

    def forget(self, instance_id: str) -> None:
        """Let an instance be in no group any more."""
        self._states.pop(instance_id, None)
        self.waiting = {token: each for token, each in self.waiting.items() if each.instance_id != instance_id}

    def answer(self, operation: str, arguments: Mapping[str, Any]) -> dict[str, Any] | None:
        """Answer a call; None for any that is not about groups.

        Raises:
            botocore.exceptions.ClientError: as AWS would.
        """
        if operation == "DescribeAutoScalingInstances":
            found = {i: self._states[i] for i in arguments["InstanceIds"] if i in self._states}
            return {
                "AutoScalingInstances": [
                    {"InstanceId": i, "AutoScalingGroupName": group, "LifecycleState": state}
                    for i, (group, state) in found.items()
                ]
            }
        if operation == "CompleteLifecycleAction":
            return self._complete(arguments)
        return None

    def _complete(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        token = arguments["LifecycleActionToken"]
        found = self.waiting.get(token)
        named = (arguments["AutoScalingGroupName"], arguments["LifecycleHookName"])
        if found is None or named != (found.group, found.hook):
            changed("R19d")
            message = f"No active Lifecycle Action found with token {token}"
            raise ClientError({"Error": {"Code": "ValidationError", "Message": message}}, "CompleteLifecycleAction")
        self.time_out(found)
        self.completed.add(token)
        return {}
