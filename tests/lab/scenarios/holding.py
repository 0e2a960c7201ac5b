"""Scenarios in which nothing may be swapped."""

from __future__ import annotations

from tests.lab.network.layout import TARGETS
from tests.lab.scenarios import demands, standing, steps
from tests.lab.scenarios.scenario import HOLD, HOLD_FOR_A_TICK, Scenario

HOLDING: tuple[Scenario, ...] = (
    Scenario(
        "healthy",
        "nothing is broken",
        HOLD,
        causes=frozenset({"HEALTHY"}),
        # Long enough for a second tick, the first that has answers to judge by.
        hold_for=HOLD_FOR_A_TICK,
    ),
    Scenario(
        "two-backends-sick",
        "two backends have troubles of their own",
        HOLD,
        steps.two_sick,
        causes=frozenset({"FEW_FAILURES"}),
    ),
    Scenario(
        "one-target-down",
        "one of three ping targets is down",
        HOLD,
        lambda lab: lab.network.set_target(TARGETS[1], False),
    ),
    Scenario("internet-down", "the Internet is gone", HOLD, steps.internet_down, causes=frozenset({"CONTROL_DOWN"})),
    Scenario(
        "internet-gone-for-seconds",
        "the Internet is gone for seconds, and the news of it come late",
        HOLD,
        steps.internet_gone_for_seconds,
    ),
    Scenario(
        "standby-dead",
        "the standby dies, then the primary too",
        HOLD,
        steps.standby_dead,
        causes=frozenset({"CONTROL_DOWN"}),
    ),
    Scenario(
        "subnet-acl-closed",
        "the network ACL of one subnet lets no answers in",
        HOLD,
        steps.acl_inside_only,
        causes=frozenset({"FEW_FAILURES"}),
    ),
    Scenario("loss-30-percent", "30 % of the packets are lost", HOLD, lambda lab: lab.network.set_loss(30)),
    Scenario(
        "nat-loses-20-percent",
        "the NAT loses 20 % of the packets to the Internet",
        HOLD,
        lambda lab: lab.network.set_nat_loss("nat01", 20),
    ),
    Scenario("nat-flaps", "the NAT is gone for a second, again and again", HOLD, steps.flaps),
    Scenario(
        "nat-booting",
        "the NAT has only just been started, and nobody has been online through it since",
        HOLD,
        before=standing.nat_booting,
        causes=frozenset({"WARM_UP"}),
        hold_for=HOLD_FOR_A_TICK,
    ),
    Scenario(
        "locked",
        "an earlier failover was not re-armed",
        HOLD,
        steps.flush,
        before=standing.locked,
        causes=frozenset({"LOCKED"}),
        problems=demands.watched_while_locked,
    ),
    Scenario(
        "paused",
        "a person has paused the pair",
        HOLD,
        steps.flush,
        before=standing.lock("paused"),
        problems=demands.no_rounds,
    ),
    Scenario(
        "unreadable-lock",
        "the lock can't be understood",
        HOLD,
        steps.flush,
        before=standing.lock('{"state": "arm'),
        causes=frozenset({"LOCKED"}),
    ),
    Scenario(
        "too-few-backends",
        "only two backends are online",
        HOLD,
        steps.flush,
        before=standing.two_online,
        causes=frozenset({"CANNOT_JUDGE"}),
        hold_for=HOLD_FOR_A_TICK,
    ),
    Scenario(
        "observe-mode",
        "the mode is observe",
        HOLD,
        steps.flush,
        settings={"mode": "observe"},
        problems=demands.notified_once,
    ),
)
