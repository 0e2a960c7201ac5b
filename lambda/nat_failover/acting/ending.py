"""The event that a NAT goes: EC2 is asked until it says so itself, and of whom else, or it was nothing."""

from __future__ import annotations

from nat_failover.events import NatEnding
from nat_failover.judging.view import View
from nat_failover.lookout import Lookout
from nat_failover.runtime import Runtime

# What EC2 describes may be a few seconds older than what its event says:
# https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
SAYS_SO_WITHIN, ASK_EVERY = 6.0, (0.8, 1.2)
# Whoever stops a whole environment does it by a few calls, in any order. A machine that stops forwards on for longer
# than so many seconds, while its services end.
OTHERS_FOLLOW = 2.0


class Ending:
    """Waits for EC2's own word.

    Args:
        runtime: clock, waiting, chance.
        lookout: describes the instances.
    """

    def __init__(self, runtime: Runtime, lookout: Lookout) -> None:
        self._runtime = runtime
        self._lookout = lookout

    def await_end(self, view: View, trigger: NatEnding) -> View:
        """Return what is known a moment after EC2 has described the NAT as going, or has announced it, or some
        seconds later.

        That moment shows whether others stop with it; of a Spot instance, which AWS takes away by itself, it is not
        waited for. An event may be late, too: of a NAT that runs again there is nothing to wait for but those seconds.

        Raises:
            botocore.exceptions.ClientError: EC2 refuses.
        """
        until = self._runtime.now() + SAYS_SO_WITHIN
        while view.instances[trigger.instance_id].state == "running":
            if trigger.instance_id in view.announced:
                if trigger.action is None:
                    return view
                break  # its group waits
            if self._runtime.now() >= until:
                return view
            self._runtime.sleep(self._runtime.random.uniform(*ASK_EVERY))
            view = self._lookout.describe_again(view)
        self._runtime.sleep(OTHERS_FOLLOW)
        return self._lookout.describe_again(view)
