"""Scenarios of an Elastic IP that follows the active NAT."""

from __future__ import annotations

from tests.lab.cloud.template import EGRESS_PLACE, STANDBY_EGRESS_PLACE
from tests.lab.scenarios import demands, steps
from tests.lab.scenarios.scenario import FAIL_OVER, Scenario

TWO_ADDRESSES = {"egressAddress": EGRESS_PLACE, "standbyEgressAddress": STANDBY_EGRESS_PLACE}

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
    Scenario(
        "egress-loser-without-address",
        "re-armed while the primary has no public address, then the standby dies: it holds until there is one",
        FAIL_OVER,
        steps.flush_once_seen,
        before=steps.address_takes_minutes,
        after=steps.rearm_at_once_and_break_again,
        settings={"egressAddress": EGRESS_PLACE},
        problems=demands.held_until_addressed,
        ends_on="primary",
    ),
    Scenario(
        "egress-addresses-change-places",
        "the pair has two Elastic IPs, and each NAT gets the other's",
        FAIL_OVER,
        steps.flush_once_seen,
        settings=TWO_ADDRESSES,
        after=steps.mend_the_primary,
        problems=lambda lab: demands.one_swap(lab) + demands.addresses_changed_places(lab),
    ),
    Scenario(
        "egress-addresses-crash-between",
        "the function dies when one of two Elastic IPs has moved, and a later invocation moves the other",
        FAIL_OVER,
        steps.flush_once_seen,
        before=steps.crash_once_addressed,
        settings=TWO_ADDRESSES,
        problems=demands.second_address_came,
    ),
)
