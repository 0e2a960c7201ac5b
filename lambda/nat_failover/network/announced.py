"""EC2: ends of instances that AWS has announced while DescribeInstances still says ``running``."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from nat_failover.aws_errors import is_passing
from nat_failover.network.instances import Nat
from nat_failover.runtime import Runtime
from nat_failover.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

log = logging.getLogger(__name__)

# Maintenance is asked of at every fifth tick or so; at every tick once it is so near, in seconds.
ASK_EVERY, NEAR = 4.5, 900.0
# How long before maintenance begins the NAT is handed over, in seconds.
BEFORE = 300.0
# How the status of a Spot request begins whose instance is about to be interrupted:
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-request-status.html
MARKED = "marked-for-"
# How an event's description begins that is over; it is listed for a week more:
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceStatusEvent.html; and that was cancelled, as the
# instance metadata have it: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/viewing_scheduled_events.html
OVER = ("[Completed]", "[Canceled]")
# How the state of an instance begins that its group terminates, the waiting for a lifecycle action included:
# https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_AutoScalingInstanceDetails.html
TERMINATING = "Terminating"


@dataclass(frozen=True)
class Announced:
    """An end that AWS has announced.

    Attributes:
        what: in words, to be read after "AWS has announced".
        at: when it begins at the earliest, seconds since the epoch; None where that may be at any moment.
    """

    instance_id: str
    what: str
    at: float | None = None

    @property
    def in_words(self) -> str:
        """The announcement, for people."""
        return f"AWS has announced {self.what} of {self.instance_id}"

    def is_due(self, now: float) -> bool:
        """Return whether it comes so soon that the NAT has to be handed over."""
        return self.at is None or now >= self.at - BEFORE

    @property
    def comes_at(self) -> float:
        """When it may come, to be compared with another."""
        return 0.0 if self.at is None else self.at


class Announcements:
    """Ends of the pair's NATs.

    Args:
        ec2: boto3 client.
        autoscaling: gives the boto3 client of Auto Scaling, where a NAT is in a group.
        settings: which the NATs and their groups are.
        runtime: clock.

    Attributes:
        refused: why AWS did not tell, when it was asked last, and will not tell the next time; None where it did.
    """

    def __init__(self, ec2: EC2Client, autoscaling: Callable[[], Any], settings: Settings, runtime: Runtime) -> None:
        self._ec2 = ec2
        self._autoscaling = autoscaling
        self._settings = settings
        self._runtime = runtime
        self._scheduled: dict[str, Announced] = {}
        self._asked_at = -inf
        self.refused: ClientError | BotoCoreError | None = None

    def read(self, instances: Mapping[str, Nat]) -> dict[str, Announced]:
        """Return what is announced for the NATs that run, by instance id.

        Of Spot instances it is asked each time, since their end comes two minutes after it is announced, and of those
        in a group; of maintenance, which is announced days ahead, now and then. What AWS does not tell stops no
        failover: see ``refused``.
        """
        self.refused = None
        running = [i for i in self._settings.nats if i in instances and instances[i].state == "running"]
        spot = [i for i in running if instances[i].is_spot]
        now = self._runtime.now()
        if running and self._asks(now):
            scheduled = self._ask(partial(self._maintenance, running, now))
            if scheduled is not None:
                self._scheduled, self._asked_at = scheduled, now
        found = dict(self._scheduled)
        if spot:
            found |= self._ask(partial(self._interruptions, spot)) or {}
        if running and self._settings.auto_scaling_groups:
            found |= self._ask(partial(self._terminations, running)) or {}
        return {i: each for i, each in found.items() if i in running}

    def _ask(self, read: Callable[[], dict[str, Announced]]) -> dict[str, Announced] | None:
        """Return what AWS tells; None where it does not."""
        try:
            return read()
        except (ClientError, BotoCoreError) as error:
            log.error("AWS does not tell what it has announced", extra={"error": str(error)})  # noqa: TRY400
            if not is_passing(error):
                self.refused = error
            return None

    def _asks(self, now: float) -> bool:
        near = any(found.comes_at - NEAR <= now for found in self._scheduled.values())
        return near or now - self._asked_at >= ASK_EVERY * self._settings.period

    def _interruptions(self, spot: Sequence[str]) -> dict[str, Announced]:
        pages = self._ec2.get_paginator("describe_spot_instance_requests").paginate(
            Filters=[{"Name": "instance-id", "Values": list(spot)}]
        )
        requests: Iterable[Any] = (found for page in pages for found in page["SpotInstanceRequests"])
        marked = [r for r in requests if r.get("Status", {}).get("Code", "").startswith(MARKED)]
        return {r["InstanceId"]: Announced(r["InstanceId"], "the interruption, as a Spot instance,") for r in marked}

    def _terminations(self, running: Sequence[str]) -> dict[str, Announced]:
        pages = self._autoscaling().get_paginator("describe_auto_scaling_instances").paginate(InstanceIds=list(running))
        instances: Iterable[Any] = (found for page in pages for found in page["AutoScalingInstances"])
        going = [each["InstanceId"] for each in instances if each["LifecycleState"].startswith(TERMINATING)]
        return {i: Announced(i, "the termination, by its Auto Scaling group,") for i in going}

    def _maintenance(self, running: Sequence[str], now: float) -> dict[str, Announced]:
        pages = self._ec2.get_paginator("describe_instance_status").paginate(InstanceIds=list(running))
        found: dict[str, Announced] = {}
        for status in (each for page in pages for each in page["InstanceStatuses"]):
            for event in status.get("Events", []):
                begins, ends = event.get("NotBefore"), event.get("NotAfter")
                if begins is None or event.get("Description", "").startswith(OVER):
                    continue
                if ends is not None and ends.timestamp() < now:
                    continue
                at, instance = begins.timestamp(), status["InstanceId"]
                when = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")
                if instance not in found or at < found[instance].comes_at:
                    found[instance] = Announced(instance, f"maintenance ({event['Code']}), from {when} on,", at)
        return found
