"""Scenarios of agents in trouble (no endpoints, deaf, dead, busy), and of backends that not all can be asked."""

from __future__ import annotations

from nat_failover.judging.conditions import Trouble
from tests.lab.lab import Lab
from tests.lab.scenarios import demands, standing, steps
from tests.lab.scenarios.scenario import FAIL_OVER, HOLD, HOLD_FOR, HOLD_FOR_A_TICK, Scenario, Step

WITHOUT = {"ssmAccess": "none"}
# So short that what backends watch by is over long before they can be heard, or anybody may act.
SHORT = {**WITHOUT, "window": 120}
# An event that is lost costs a period, and what a failover takes from a tick on.
PERIOD = 60.0 + 10.0
# One of two costs about a second; packets that are real have a machine with much else to do.
ONE_EVENT_LOST = 15.0


# So long that a host which were sent a watch at each tick would have a dozen of them.
LONG = {**HOLD_FOR, "simulated": 1800.0}


def _among(name: str, description: str, what: Step, who: str = "backend6") -> Scenario:
    """Have one, from the beginning, that AWS refuses to ask."""
    return Scenario(name, description, FAIL_OVER, steps.flush, before=what, problems=demands.left_out(who))


def _later(name: str, description: str, what: Step) -> Scenario:
    """Have one backend that AWS refuses to ask once it has been asked with the others."""

    def fault(lab: Lab) -> None:
        what(lab)
        lab.wait(1)
        steps.flush(lab)

    return Scenario(name, description, FAIL_OVER, fault, problems=demands.one_swap)


def _dead_while_standby_is_unfit(lab: Lab) -> None:
    """The primary dies while the standby forwards nothing, and 15 minutes later it does again."""
    lab.network.set_forwarding("nat02", False)
    lab.wait(30)
    lab.network.set_link("nat01", False)
    lab.wait(900 if lab.world.virtual else 200)
    lab.network.set_forwarding("nat02", True)
    lab.broken()


def _dead_while_locked(lab: Lab) -> None:
    """The primary dies while an earlier failover was not re-armed, and an hour later it is."""
    lab.network.set_link("nat01", False)
    lab.wait(3600 if lab.world.virtual else 200)
    lab.broken()
    lab.cloud.set_lock("armed")


def _deaf_and_dead(lab: Lab) -> None:
    """No backend's agent hears or tells anything any more, and the primary loses its rules."""
    for backend in lab.backends:
        lab.run_command.dead.add(backend)
    steps.flush(lab)


AGENTS: tuple[Scenario, ...] = (
    Scenario(
        "nat-dead-without-endpoints",
        "the NAT dies, and with it the backends' one way to Systems Manager",
        FAIL_OVER,
        steps.stop("nat01"),
        settings=WITHOUT,
        problems=demands.within(PERIOD),
    ),
    Scenario(
        "nat-dead-no-endpoints-events-lost",
        "the same, and no status-change event arrives",
        FAIL_OVER,
        steps.stop("nat01"),
        before=steps.lose_events,
        settings=WITHOUT,
        problems=demands.within(PERIOD),
    ),
    Scenario(
        "nat-dead-no-endpoints-event-lost",
        "the same, and of two events that tell of it the first does not arrive",
        FAIL_OVER,
        steps.stop("nat01"),
        before=steps.lose_next_event,
        settings=WITHOUT,
        problems=demands.within(ONE_EVENT_LOST),
    ),
    Scenario(
        "standby-unfit-for-15-minutes-while-primary-dead",
        "the NAT dies while the standby forwards nothing, and the standby recovers when no watch is left",
        FAIL_OVER,
        _dead_while_standby_is_unfit,
        settings=SHORT,
        problems=lambda lab: [
            *demands.within(PERIOD)(lab),
            *demands.notified_of(Trouble.CONTROL_DOWN, Trouble.FAILED_OVER)(lab),
        ],
    ),
    Scenario(
        "rearmed-while-primary-dead",
        "the NAT dies while the pair is locked, and it is re-armed when no watch is left",
        FAIL_OVER,
        _dead_while_locked,
        before=standing.locked,
        settings=SHORT,
        problems=lambda lab: [
            *demands.within(PERIOD)(lab),
            *demands.notified_of(Trouble.OFFLINE_WHILE_LOCKED, Trouble.FAILED_OVER)(lab),
        ],
    ),
    Scenario(
        "agents-deaf-when-primary-dies",
        "no backend's agent hears or tells anything when the NAT dies, nor afterwards",
        FAIL_OVER,
        _deaf_and_dead,
        problems=lambda lab: [*demands.verified(lab), *demands.within(PERIOD)(lab)],
    ),
    Scenario(
        "forwarding-off-without-endpoints",
        "the NAT stops forwarding, which nobody behind it can tell Systems Manager",
        FAIL_OVER,
        lambda lab: lab.network.set_forwarding("nat01", False),
        settings=WITHOUT,
        problems=demands.one_swap,
    ),
    Scenario(
        "agents-deaf-after-failover",
        "the NAT loses its rules, and with the failover every agent its connection",
        FAIL_OVER,
        steps.flush,
        settings=WITHOUT,
        problems=demands.verified,
    ),
    Scenario(
        "host-dies-while-watching",
        "backends die while they watch, and their watches count as health",
        HOLD,
        steps.most_backends_die,
        causes=frozenset({"CANNOT_JUDGE"}),
        hold_for=HOLD_FOR_A_TICK,
    ),
    Scenario(
        "watch-waits-in-the-queue",
        "watches wait behind a person's commands, and count as health",
        HOLD,
        before=steps.fill_the_queues,
        causes=frozenset({"CANNOT_JUDGE"}),
        hold_for=HOLD_FOR_A_TICK,
    ),
)

FLEETS: tuple[Scenario, ...] = (
    _among("windows-among-backends", "one backend runs Windows", standing.runs_windows("backend6")),
    _among("stopped-among-backends", "one backend is stopped", standing.stopped("backend6")),
    _among("terminated-among-backends", "one backend was terminated", standing.terminated("backend6")),
    _among("untagged-among-backends", "one backend has no tag", standing.untagged("backend6")),
    _among("hybrid-among-backends", "a server outside EC2 carries the tag", standing.hybrid, standing.HYBRID),
    _later("stopped-later", "one backend stops right before the NAT dies", standing.stopped("backend6")),
    _later("terminated-later", "one is terminated right before the NAT dies", standing.terminated("backend6")),
    _later("untagged-later", "one loses its tag right before the NAT dies", standing.untagged("backend6")),
    Scenario(
        "mixed-fleet",
        "of six backends only three can be asked: the others are on Windows, stopped, without the tag",
        FAIL_OVER,
        steps.flush,
        before=standing.mixed,
        problems=demands.left_out("backend4", "backend5", "backend6"),
    ),
    Scenario(
        "standby-silent",
        "the standby's agent answers nothing",
        HOLD,
        before=standing.silent("nat02"),
        hold_for=LONG,
        problems=demands.few_watches("nat02"),
    ),
    Scenario(
        "backend-silent",
        "a backend's agent answers nothing",
        HOLD,
        before=standing.silent("backend6"),
        hold_for=LONG,
        problems=demands.few_watches("backend6"),
    ),
    Scenario(
        "standby-stopped",
        "the standby is stopped",
        HOLD,
        before=standing.stopped("nat02"),
        hold_for=LONG,
        problems=demands.left_out("nat02"),
    ),
)
