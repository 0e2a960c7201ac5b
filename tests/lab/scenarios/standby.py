"""Scenarios of a standby that could not take over: nothing may be swapped to it, and people are told."""

from __future__ import annotations

from nat_failover.judging.conditions import PATIENCE, Trouble
from tests.lab.lab import Lab
from tests.lab.scenarios import demands, steps
from tests.lab.scenarios.scenario import FAIL_OVER, HOLD, HOLD_FOR_A_TICK, Scenario
from tests.lab.standing import standing

# Until people are told of what the end of a watch says, in virtual time only: a watch, and what may mend itself.
MAILED_AFTER = 600.0 + PATIENCE + 120.0


def _flush_once_mailed(lab: Lab) -> None:
    """Wait until people know that the standby is unfit; then the primary loses its rules."""
    lab.wait(MAILED_AFTER if lab.world.virtual else 30)
    lab.broken()
    steps.flush(lab)


def _mailed(lab: Lab) -> list[str]:
    first = [Trouble.PASSIVE_UNHEALTHY] if lab.world.virtual else []
    return demands.mailed(*first, Trouble.CONTROL_DOWN)(lab)


def _rearm_while_unfit(lab: Lab) -> None:
    """Re-arm while the old NAT's rules are still gone; the new one loses its own for a while."""
    lab.cloud.set_lock("armed")
    lab.wait(5)
    lab.protected.append(standing(lab).protected)
    lab.wait(
        max(MAILED_AFTER if lab.world.virtual else 0, float(lab.cloud.environment["NAT_FAILOVER_CLAIM_LEASE"]) + 5)
    )
    lab.network.flush_nat_rules("nat02")
    lab.wait(75)
    lab.network.boot("nat02", lab.cloud.user_data)
    lab.wait_until(lambda: set(lab.standing()) <= set(lab.online()), 10)


def _stayed(lab: Lab) -> list[str]:
    first = [Trouble.PASSIVE_UNHEALTHY] if lab.world.virtual else []
    protected = ["status calls a pair protected whose standby forwards nothing"] if any(lab.protected) else []
    return [
        *demands.one_swap(lab),
        *protected,
        *demands.notified_of(Trouble.FAILED_OVER, *first, Trouble.CONTROL_DOWN)(lab),
    ]


STANDBY: tuple[Scenario, ...] = (
    Scenario(
        "standby-forwards-nothing",
        "the standby has the Internet, and forwards nothing",
        HOLD,
        _flush_once_mailed,
        before=lambda lab: lab.network.set_forwarding("nat02", False),
        causes=frozenset({"CONTROL_DOWN"}),
        problems=_mailed,
        hold_for=HOLD_FOR_A_TICK,
    ),
    Scenario(
        "standby-check-on",
        "the standby answers for itself, and EC2 drops what others send through it, which it tells",
        HOLD,
        _flush_once_mailed,
        before=steps.check_on("nat02"),
        causes=frozenset({"CONTROL_DOWN"}),
        problems=_mailed,
        hold_for=HOLD_FOR_A_TICK,
    ),
    Scenario(
        "standby-group-closed",
        "the standby's security group admits none of the backends, which say so while they are online",
        HOLD,
        _flush_once_mailed,
        before=steps.group("nat02", ()),
        causes=frozenset({"CONTROL_DOWN"}),
        problems=_mailed,
        hold_for=HOLD_FOR_A_TICK,
    ),
    Scenario(
        "rearmed-by-hand-while-unfit",
        "re-armed while the old NAT forwards nothing yet, then the new one fails: nothing is swapped to a dead NAT",
        FAIL_OVER,
        steps.flush,
        after=_rearm_while_unfit,
        problems=_stayed,
    ),
)
