"""Scenarios of a NAT that is not dead yet, and of telling early that it may be soon."""

from __future__ import annotations

from collections.abc import Callable

from tests.lab.lab import Lab
from tests.lab.scenarios import demands, steps
from tests.lab.scenarios.scenario import FAIL_OVER, HOLD, Scenario

# A probe looks every ten seconds how full its NAT is.
SEEN_WITHIN = 12.0
# What a backend loses it tells after two to four minutes, and a tick reads it.
LOST_WITHIN = 330.0
PERIOD = 60.0 + 10.0


def _fill(lab: Lab) -> None:
    """The primary tracks 85 % of the connections that it can."""
    lab.network.set_tracked("nat01", 85)


def _fill_and_wait(lab: Lab) -> None:
    """The same, and its probe has told so: the next one is not sent before the next tick."""
    _fill(lab)
    lab.wait(SEEN_WITHIN + lab.latencies.event[1])
    lab.broken()


def _fill_and_flush(lab: Lab) -> None:
    """The primary is nearly full, tells it, and dies."""
    _fill_and_wait(lab)
    steps.flush(lab)


def _fill_and_block(lab: Lab) -> None:
    """The primary is nearly full, tells it, and all backends get a firewall that lets nothing out of the VPC."""
    _fill_and_wait(lab)
    for backend in lab.backends:
        lab.network.set_sick(backend, True)


def _lose(lab: Lab) -> None:
    """The primary loses 15 % of what it ought to hand on."""
    lab.network.set_nat_loss("nat01", 15)


def _lose_and_flush(lab: Lab) -> None:
    """The same for minutes, and then it dies."""
    _lose(lab)
    lab.wait(LOST_WITHIN if lab.world.virtual else 10.0)
    lab.broken()
    lab.network.set_nat_loss("nat01", 0)
    steps.flush(lab)


def _measured(metric: str, at_least: float, within: float) -> Callable[[Lab], list[str]]:
    """Return the demand that a metric has such a value in time, and no lower one after that."""

    def demand(lab: Lab) -> list[str]:
        begun = lab.broken_at or 0.0
        values = [
            (i.at - begun, line[metric][0]) for i in lab.functions.invocations for line in i.lines if metric in line
        ]
        high = [at for at, value in values if value >= at_least]
        problems = [] if high and high[0] <= within else [f"{metric}, from the fault on: {values}"]
        low = [at for at, value in values if high and at > high[0] and value < at_least]
        return [*problems, *([f"{metric} is low again after {low[0]:.0f} s"] if low else [])]

    return demand


def _few_commands(lab: Lab) -> list[str]:
    """A NAT that stays full is asked anew once in five minutes, and no minute has a command of its own."""
    nat = lab.cloud.instances["nat01"]
    sent = [c for c in lab.run_command.service.commands if nat in c.arguments["InstanceIds"] and c.kind == "watch"]
    return [] if len(sent) <= 4 else [f"the primary was sent {len(sent)} watches"]


HEALTH: tuple[Scenario, ...] = (
    Scenario(
        "nat-nearly-full",
        "the primary tracks nearly as many connections as it can",
        HOLD,
        _fill,
        causes=frozenset({"HEALTHY"}),
        hold_for={"namespaces": 75.0, "simulated": 420.0},
        problems=lambda lab: [*_measured("ConnectionsNearlyFull", 80, SEEN_WITHIN + 8.0)(lab), *_few_commands(lab)],
    ),
    Scenario(
        "nearly-full-nat-dies",
        "the primary is nearly full, tells it, and dies before it is asked again",
        FAIL_OVER,
        _fill_and_flush,
        problems=demands.within(PERIOD),
    ),
    Scenario(
        "blocked-behind-a-nearly-full-nat",
        "the primary is nearly full and tells it, and before it is asked again nothing lets the backends out any more",
        HOLD,
        _fill_and_block,
        causes=frozenset({"NOT_THE_NAT"}),
        hold_for={"namespaces": 75.0, "simulated": 200.0},
    ),
    Scenario(
        "nat-loses-15-percent",
        "the primary loses 15 % of the packets to the Internet, for minutes",
        HOLD,
        _lose,
        hold_for={"namespaces": 60.0, "simulated": 600.0},
        problems=lambda lab: _measured("PacketsLost", 10, LOST_WITHIN)(lab) if lab.world.virtual else [],
    ),
    Scenario(
        "lossy-nat-dies",
        "the primary loses 15 % for minutes, the backends have told it, and then it dies",
        FAIL_OVER,
        _lose_and_flush,
        problems=demands.within(PERIOD),
    ),
)
