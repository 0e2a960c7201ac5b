"""Auto Scaling: lets a group terminate the instance that it waits with, whatever has come of the handover."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from nat_failover.events import LifecycleAction, NatEnding, Trigger

log = logging.getLogger(__name__)

# What an invocation keeps of its time for completing an action, in seconds.
TO_COMPLETE = 5.0
# How AWS refuses an action that was completed before, or whose timeout has passed; the same code has other causes:
# https://github.com/aws/aws-node-termination-handler/blob/main/pkg/monitor/sqsevent/sqs-monitor_internal_test.go
OVER = "No active Lifecycle Action found"
# A token that no action has.
NOBODYS = "00000000-0000-0000-0000-000000000000"


class LifecycleActions:
    """Completes the actions of the pair's own hook.

    The pair's hook only holds the termination up; it never prevents it. So there is one result, ``CONTINUE``: the
    other, ``ABANDON``, ends the actions of other hooks beside, and keeps the instance if a policy of the group says so.
    https://docs.aws.amazon.com/autoscaling/ec2/userguide/lifecycle-hooks-overview.html
    https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-lifecycle-policy.html

    Args:
        autoscaling: gives the boto3 client.
    """

    def __init__(self, autoscaling: Callable[[], Any]) -> None:
        self._autoscaling = autoscaling

    @contextmanager
    def completed(self, trigger: Trigger) -> Iterator[None]:
        """Complete an event's action at the end, if it has one, also where what was done before it has failed, which is
        raised then.

        Raises:
            botocore.exceptions.ClientError, BotoCoreError: Auto Scaling refuses, and all else went well.
        """
        try:
            yield
        except Exception:
            try:
                self._complete(trigger)
            except (ClientError, BotoCoreError):
                log.exception("the lifecycle action is not completed")
            raise
        self._complete(trigger)

    def complete_nobodys(self, group: str, hook: str) -> str:
        """Try to complete an action that there is not, and return that it would be done.

        Raises:
            botocore.exceptions.ClientError, BotoCoreError: Auto Scaling refuses for another reason.
        """
        self._let_go(LifecycleAction(group, hook, NOBODYS))
        return f"would let {group} go on"

    def _complete(self, trigger: Trigger) -> None:
        if not isinstance(trigger, NatEnding) or trigger.action is None:
            return
        # Invoked twice, or again after an error, it finds the action over.
        became = "completed" if self._let_go(trigger.action, InstanceId=trigger.instance_id) else "over"
        log.info(f"the lifecycle action is {became}", extra={"group": trigger.action.group})

    def _let_go(self, action: LifecycleAction, **instance: str) -> bool:
        """Complete an action; return whether it was there."""
        try:
            self._autoscaling().complete_lifecycle_action(
                AutoScalingGroupName=action.group,
                LifecycleHookName=action.hook,
                LifecycleActionToken=action.token,
                LifecycleActionResult="CONTINUE",
                **instance,
            )
        except ClientError as error:
            if OVER not in error.response["Error"].get("Message", ""):
                raise
            return False
        return True
