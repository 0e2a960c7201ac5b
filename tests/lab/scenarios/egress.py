"""Scenarios of an Elastic IP that follows the active NAT."""

from __future__ import annotations

from tests.lab import demands, steps
from tests.lab.scenario import FAIL_OVER, Scenario
from tests.lab.template import EGRESS_PLACE

EGRESS: tuple[Scenario, ...] = (
    Scenario(
        "egress-address-follows",
        "the pair has an Elastic IP, as which the Internet sees the backends before and afterwards",
        FAIL_OVER,
        steps.flush_once_seen,
        settings={"egressAddress": EGRESS_PLACE},
        problems=lambda lab: demands.one_swap(lab) + demands.egress_followed(lab),
    ),
    Scenario(
        "egress-move-denied",
        "EC2 refuses to move the Elastic IP, and the subnets fail over without it",
        FAIL_OVER,
        steps.flush_once_seen,
        before=steps.deny_address,
        settings={"egressAddress": EGRESS_PLACE},
        problems=demands.egress_stayed,
    ),
    Scenario(
        "egress-crash-mid-swap",
        "the function dies after the first association, and the Elastic IP comes with the rest",
        FAIL_OVER,
        steps.flush_once_seen,
        before=steps.crash,
        settings={"egressAddress": EGRESS_PLACE},
        problems=lambda lab: demands.finished_by_another(lab) + demands.egress_followed(lab),
    ),
    Scenario(
        "egress-address-returns",
        "re-armed, then the standby dies: the Elastic IP comes back to the primary",
        FAIL_OVER,
        steps.flush_once_seen,
        after=steps.rearm_and_break_again,
        settings={"egressAddress": EGRESS_PLACE},
        problems=demands.egress_followed,
        ends_on="primary",
    ),
)
