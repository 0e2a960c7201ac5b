"""Checks that stop a machine of the demo, and start it again."""

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
