"""Scenarios in which the subnets must fail over, or the failover must fail."""

from __future__ import annotations

from tests.lab.scenarios import demands, standing, steps
from tests.lab.scenarios.scenario import FAIL_OVER, FAILED, Scenario

FAILING_OVER: tuple[Scenario, ...] = (
    Scenario(
        "nat-rules-flushed",
        "the NAT loses its translation rules",
        FAIL_OVER,
        steps.flush,
        problems=demands.one_swap,
    ),
    Scenario(
        "nat-forwarding-off",
        "the NAT stops forwarding",
        FAIL_OVER,
        lambda lab: lab.network.set_forwarding("nat01", False),
        problems=demands.one_swap,
    ),
    Scenario(
        "nat-link-down",
        "the NAT loses its network",
        FAIL_OVER,
        lambda lab: lab.network.set_link("nat01", False),
        problems=demands.one_swap,
    ),
    Scenario("nat-stopped", "the NAT instance is stopped", FAIL_OVER, steps.stop("nat01"), problems=demands.one_swap),
    Scenario(
        "nat-uplink-blackholed",
        "the NAT's packets to the Internet vanish on the way",
        FAIL_OVER,
        lambda lab: lab.network.set_uplink("nat01", False),
        problems=demands.one_swap,
    ),
    Scenario(
        "nat-group-closed",
        "the NAT's security group admits nobody any more",
        FAIL_OVER,
        steps.group("nat01", ()),
        problems=demands.one_swap,
    ),
    Scenario(
        "nat-check-on",
        "the NAT's source/destination check is turned on",
        FAIL_OVER,
        steps.check_on("nat01"),
        problems=demands.one_swap,
    ),
    Scenario(
        "nat-dead-without-endpoints",
        "the NAT dies, and with it the backends' one way to Systems Manager",
        FAIL_OVER,
        steps.stop("nat01"),
        settings={"ssmAccess": "none"},
        problems=demands.one_swap,
    ),
    Scenario(
        "events-lost",
        "no status-change event arrives",
        FAIL_OVER,
        steps.flush,
        before=steps.lose_events,
        problems=demands.one_swap,
    ),
    Scenario(
        "swap-denied",
        "EC2 refuses to replace associations",
        FAILED,
        steps.flush,
        before=steps.deny,
        after=steps.rerun_never,
        problems=demands.failed_once,
    ),
    Scenario(
        "crash-mid-swap",
        "the function dies after the first association",
        FAIL_OVER,
        steps.flush,
        before=steps.crash,
        problems=demands.finished_by_another,
    ),
    Scenario(
        "simultaneous-events",
        "three events arrive at once",
        FAIL_OVER,
        steps.flush,
        before=steps.all_at_once,
        problems=demands.three_at_once,
    ),
    Scenario(
        "failover-after-rearm",
        "re-armed, then the standby dies",
        FAIL_OVER,
        steps.flush,
        after=steps.rearm_and_break_again,
        ends_on="primary",
    ),
    Scenario(
        "lock-deleted",
        "there is no lock parameter, which is armed",
        FAIL_OVER,
        steps.flush,
        before=standing.lock(None),
        problems=demands.one_swap,
    ),
    Scenario(
        "large-fleet",
        "there are more backends than a page of SSM's list holds",
        FAIL_OVER,
        steps.flush,
        before=steps.list_in_short_pages,
        problems=demands.drawn_by_tag,
    ),
)
