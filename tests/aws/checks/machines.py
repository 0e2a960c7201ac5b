"""Checks of the demo's machines; one stops a backend, and starts it again."""

from __future__ import annotations

import time

from nat_failover.network.instances import read_instance
from tests.aws.deployment import Deployment
from tests.aws.holding import hold

# EC2 tells whole seconds, and its clock is not this machine's.
TOLERANCE = 120.0


def stop_is_dated(of: Deployment) -> str:
    """Stop a backend, read when EC2 says that it was stopped, and start it again."""
    host, begun = of.backends[0], time.time()
    of.ec2.stop_instances(InstanceIds=[host])
    try:
        of.ec2.get_waiter("instance_stopped").wait(InstanceIds=[host])
        (described,) = of.ec2.describe_instances(InstanceIds=[host])["Reservations"]
        (raw,) = described["Instances"]
        left_at = read_instance(raw).left_at
    finally:
        of.ec2.start_instances(InstanceIds=[host])
    reason = str(raw.get("StateTransitionReason"))
    hold(left_at is not None and abs(left_at - begun) < TOLERANCE, f"it says {reason!r}")
    return reason


def endings_are_drawn(of: Deployment) -> str:
    """Ask for tags by what the ids of instances end with, as the function does in a large fleet."""
    tag = [{"Name": "key", "Values": [of.settings.probe_tag_key]}]
    tag += [{"Name": "value", "Values": [of.settings.probe_tag_value]}]

    def found(*endings: str) -> set[str]:
        ids = {"Name": "resource-id", "Values": [f"i-*{each}" for each in endings]}
        pages = of.ec2.get_paginator("describe_tags").paginate(Filters=[*tag, ids])
        return {each["ResourceId"] for page in pages for each in page["Tags"]}

    own = {host: host[-3:] for host in of.backends}
    nobodys = next(ending for number in range(len(own) + 1) if (ending := f"{number:03x}") not in own.values())
    theirs, others = found(*own.values()), found(nobodys)
    hold(theirs == set(of.backends), f"with their endings are {theirs}")
    hold(not others, f"with {nobodys} ends {others}, which is none of {sorted(own)}")
    return f"{len(own)} backends by the last three characters of their ids, and none by others"
