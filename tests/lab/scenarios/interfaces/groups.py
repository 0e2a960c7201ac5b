"""Scenarios with a NAT in an Auto Scaling group of one, which waits for the pair before it terminates the instance."""

from __future__ import annotations

from collections.abc import Mapping

from nat_failover.judging.conditions import Trouble
from nat_failover.telling.commands import heartbeat
from tests.lab.lab import Lab
from tests.lab.scenarios import demands
from tests.lab.scenarios.interfaces.account import NAT, SETTINGS, InterfaceCloud
from tests.lab.scenarios.scenario import FAIL_OVER, FAILED, HOLD, Scenario, Step
from tests.lab.scenarios.steps import deny

IN_A_GROUP: Mapping[str, object] = {**SETTINGS, "primaryAutoScalingGroup": "nat-primary"}
# The tick that sees what no event has told comes within so many seconds.
TICK_WITHIN = 65.0


def terminated(*, event_sent: bool = True, replaced_after: float = 5.0) -> Step:
    """Give the step by which the group terminates the NAT: it waits for the pair first, and then launches another.

    Where the event is lost it waits until the hook's timeout has passed; on real packets until after the next tick.
    """

    def step(lab: Lab) -> None:
        assert isinstance(lab.cloud, InterfaceCloud)
        lab.functions.late = lambda: (0.0,)
        waiting = lab.cloud.begin_termination(NAT)
        if event_sent:
            lab.functions.tell_terminating(waiting)
        longest = heartbeat(lab.cloud.timeout) if lab.world.virtual or event_sent else TICK_WITHIN
        lab.wait_until(lambda: not lab.cloud.auto_scaling.is_waiting(waiting), longest)
        lab.cloud.auto_scaling.time_out(waiting)
        lab.network.stop(NAT)
        lab.cloud.stop_instance(NAT, "shutting-down")
        lab.wait(replaced_after)
        lab.cloud.move_interface(lab.world.now())
        lab.network.start(NAT)
        lab.network.boot(NAT, lab.cloud.user_data)
        lab.wait(20)

    return step


def locked(lab: Lab) -> None:
    """A person has the pair paused."""
    lab.cloud.set_lock("paused")


def completed(lab: Lab) -> list[str]:
    """The action was completed, and nothing is waited for any more."""
    scaling = lab.cloud.auto_scaling
    return [] if scaling.completed and not scaling.waiting else ["the lifecycle action was not completed"]


def _not_completed(lab: Lab) -> list[str]:
    return ["an action was completed of which nobody has told"] if lab.cloud.auto_scaling.completed else []


GROUPS: tuple[Scenario, ...] = (
    Scenario(
        "lifecycle-terminate",
        "the Auto Scaling group of the NAT terminates it, and waits until the pair has left it",
        FAIL_OVER,
        terminated(),
        settings=IN_A_GROUP,
        problems=lambda lab: demands.without_outage(lab) + completed(lab),
        cloud=InterfaceCloud,
    ),
    Scenario(
        "lifecycle-terminate-lost",
        "the same, and the event is lost: the next tick asks, and the hook's timeout lets the group go on",
        FAIL_OVER,
        terminated(event_sent=False),
        settings=IN_A_GROUP,
        problems=lambda lab: demands.without_outage(lab) + _not_completed(lab),
        cloud=InterfaceCloud,
    ),
    Scenario(
        "lifecycle-terminate-paused",
        "the same while the pair is paused: people are told, nothing is moved, and the group goes on at once",
        HOLD,
        terminated(),
        before=locked,
        settings=IN_A_GROUP,
        problems=lambda lab: [
            *demands.nothing_moved(lab),
            *demands.notified_of(Trouble.NAT_ENDING)(lab),
            *completed(lab),
        ],
        cloud=InterfaceCloud,
    ),
    Scenario(
        "lifecycle-terminate-denied",
        "the same, and EC2 refuses to move the subnets: the group goes on all the same",
        FAILED,
        terminated(),
        before=deny,
        settings=IN_A_GROUP,
        problems=lambda lab: demands.failed_once(lab) + completed(lab),
        cloud=InterfaceCloud,
    ),
    Scenario(
        "lifecycle-terminate-told-only",
        "handover is set to tell: people are told, the group goes on, and the NAT fails over once it is terminated",
        FAIL_OVER,
        terminated(replaced_after=70.0),
        settings={**IN_A_GROUP, "handover": "tell"},
        problems=lambda lab: [
            *demands.one_swap(lab),
            *demands.notified_of(Trouble.NAT_ENDING, Trouble.FAILED_OVER)(lab),
            *completed(lab),
        ],
        cloud=InterfaceCloud,
    ),
)
