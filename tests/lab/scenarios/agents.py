"""Scenarios of agents in trouble: deaf, dead or busy, and some whose only way to Systems Manager is the NAT."""

from __future__ import annotations

from tests.lab.scenarios import demands, steps
from tests.lab.scenarios.scenario import FAIL_OVER, HOLD, HOLD_FOR, Scenario

SPEAKING = "backends speak through the standby"

AGENTS: tuple[Scenario, ...] = (
    Scenario(
        "forwarding-off-without-endpoints",
        "the NAT stops forwarding, which nobody behind it can tell Systems Manager",
        FAIL_OVER,
        lambda lab: lab.network.set_forwarding("nat01", False),
        settings={"ssmAccess": "none"},
        problems=demands.one_swap,
    ),
    Scenario(
        "agents-deaf-after-failover",
        "the NAT loses its rules, and with the failover every agent its connection",
        FAIL_OVER,
        steps.flush,
        settings={"ssmAccess": "none"},
        problems=demands.verified,
        fails_until=SPEAKING,
    ),
    Scenario(
        "host-dies-while-watching",
        "backends die while they watch, and their watches count as health",
        HOLD,
        steps.most_backends_die,
        causes=frozenset({"CANNOT_JUDGE"}),
        hold_for={**HOLD_FOR, "namespaces": 65.0},
        fails_until=SPEAKING,
    ),
    Scenario(
        "watch-waits-in-the-queue",
        "watches wait behind a person's commands, and count as health",
        HOLD,
        before=steps.fill_the_queues,
        causes=frozenset({"CANNOT_JUDGE"}),
        hold_for={**HOLD_FOR, "namespaces": 65.0},
        fails_until=SPEAKING,
    ),
)
