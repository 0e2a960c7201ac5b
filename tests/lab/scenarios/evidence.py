"""Scenarios of what looks like a dead NAT and is none, and of what does not and is."""

from __future__ import annotations

from nat_failover.judging.conditions import Trouble
from tests.lab.lab import Lab
from tests.lab.network.guards import WEB_GROUP
from tests.lab.scenarios import demands, standing, steps
from tests.lab.scenarios.scenario import FAIL_OVER, HOLD, HOLD_FOR_A_TICK, Scenario, Step, nothing

# The mail of what may only just have been set up comes after three minutes.
# On the simulated network until a watch has ended, and what it says has lasted for a while.
PINGS_MAILED_WITHIN = {"namespaces": 75.0, "simulated": 540.0}
FOUR_TICKS = {"namespaces": 75.0, "simulated": 300.0}
# An event that is lost costs a period, and what a failover takes from a tick on.
PERIOD = 60.0 + 10.0


def _web_only(lab: Lab) -> None:
    """Both NATs' groups are as AWS's own example has them: the web passes, and no ping ever did."""
    for nat in lab.network.layout.nats:
        steps.group(nat.name, WEB_GROUP.inbound)(lab)


def _sick(count: int) -> Step:
    """Give the step by which so many backends have a firewall of their own that lets nothing out of the VPC."""

    def step(lab: Lab) -> None:
        for backend in lab.backends[:count]:
            lab.network.set_sick(backend, True)

    return step


def _pings_mailed(lab: Lab) -> list[str]:
    """People were told that pings are lost, where there was time for that, and of nothing else."""
    kinds = {event["kind"] for event in lab.gateway.events}
    expected = {Trouble.PINGS_LOST} if lab.world.virtual else set()
    return [] if expected <= kinds <= {Trouble.PINGS_LOST} else [f"people were told of {sorted(kinds)}"]


def _lose_zone(lab: Lab) -> None:
    """The primary and all backends of one subnet lose their power; EC2 still calls them running."""
    lost = lab.network.layout.private_subnets[0].name
    lab.network.stop("nat01")
    for host in lab.network.layout.backends:
        if host.subnet == lost:
            lab.network.stop(host.name)


def _lose_half_as_the_listener_begins(lab: Lab) -> None:
    """The primary and half of the backends lose their power when the standby has only just begun to listen."""
    standby = lab.cloud.instances["nat02"]

    def listened() -> int:
        watches = [c for c in lab.run_command.service.commands if c.kind == "watch"]
        return sum(standby in c.arguments["InstanceIds"] for c in watches)

    before = listened()
    lab.wait_until(lambda: listened() > before, 2 * PERIOD)
    lab.wait(lab.latencies.delivery[1])
    lab.broken()
    lab.network.stop("nat01")
    for backend in lab.backends[: len(lab.backends) // 2]:
        lab.network.stop(backend)


def _stop_for_the_night(lab: Lab) -> None:
    """All backends but two are stopped, and then the primary, all within a moment."""
    for host in (*lab.backends[2:], "nat01"):
        steps.stop(host)(lab)


def _intercept(lab: Lab) -> None:
    """Both NATs answer connections to port 443 themselves, as a transparent proxy does."""
    for nat in lab.network.layout.nats:
        lab.network.set_intercepting(nat.name, True)


def _never_online_mailed(lab: Lab) -> list[str]:
    """A metric says so at once, and a mail, once it has lasted for three minutes."""
    has_metric = any(line.get("NeverOnline", [0.0])[0] for line in lab.functions.metrics)
    problems = [] if has_metric else ["no metric says that nobody was ever online"]
    return problems + (demands.mailed(Trouble.NEVER_ONLINE)(lab) if lab.world.virtual else [])


def _forget_and_flush(lab: Lab) -> None:
    """Have all forgotten that was sent and seen, once it is remembered, and the primary lose its rules."""
    name = lab.cloud.environment["NAT_FAILOVER_TOLD_PARAMETER"]
    lab.wait_until(lambda: "online" in str((lab.cloud.parameter(name) or {}).get("Value")), PERIOD)
    lab.cloud.set_told_parameter(None)
    lab.broken()
    steps.flush(lab)


def _without_pings(name: str, description: str, *, before: Step = nothing, fault: Step = nothing) -> Scenario:
    """Give a scenario in which pings are lost, and connections come about."""
    return Scenario(
        name,
        description,
        HOLD,
        fault,
        before,
        causes=frozenset({"HEALTHY"}),
        problems=_pings_mailed,
        hold_for=PINGS_MAILED_WITHIN,
        settings={"window": 120},
    )


EVIDENCE: tuple[Scenario, ...] = (
    _without_pings(
        "icmp-never-allowed",
        "the NATs' group is AWS's own example: the web passes, and no ping ever did",
        before=_web_only,
    ),
    _without_pings(
        "icmp-filtered-later",
        "the NAT begins to drop pings, and forwards all else",
        fault=lambda lab: lab.network.set_dropping("nat01", {"icmp"}),
    ),
    _without_pings(
        "targets-rate-limited",
        "targets answer one ping a second of an address, and behind a NAT all backends have one",
        before=lambda lab: lab.network.set_pings_limited(True),
    ),
    Scenario(
        "three-of-ten-sick",
        "three of ten backends have troubles of their own, and seven are well behind the same NAT",
        HOLD,
        _sick(3),
        causes=frozenset({"NOT_THE_NAT"}),
        problems=demands.mailed(Trouble.NOT_THE_NAT),
        hold_for=HOLD_FOR_A_TICK,
        backends=10,
    ),
    Scenario(
        "all-backends-blocked",
        "all backends are given a firewall that lets nothing out of the VPC",
        HOLD,
        _sick(6),
        causes=frozenset({"NOT_THE_NAT"}),
        problems=demands.mailed(Trouble.NOT_THE_NAT),
        hold_for=HOLD_FOR_A_TICK,
    ),
    Scenario(
        "never-let-out",
        "from the first day nothing lets the backends out of the VPC, and nobody asks the active NAT's proof port",
        HOLD,
        before=_sick(6),
        settings={"proveActive": False},
        causes=frozenset({"NEVER_ONLINE"}),
        problems=_never_online_mailed,
        hold_for=FOUR_TICKS,
    ),
    Scenario(
        "nat-never-passed-anything",
        "the primary has never translated, since the day of its deployment",
        HOLD,
        before=steps.flush,
        causes=frozenset({"NEVER_ONLINE"}),
        problems=_never_online_mailed,
        hold_for=FOUR_TICKS,
    ),
    Scenario(
        "memory-lost-before-the-nat-dies",
        "the parameter of what was sent is deleted while all is well, and then the primary dies",
        FAIL_OVER,
        _forget_and_flush,
        problems=demands.within(PERIOD),
    ),
    Scenario(
        "tcp-dead",
        "the NAT drops TCP, and forwards pings",
        FAIL_OVER,
        lambda lab: lab.network.set_dropping("nat01", {"tcp"}),
        problems=demands.within(PERIOD),
    ),
    Scenario(
        "nat-stopped-two-backends",
        "EC2 says that the primary is stopped, and only two backends can be asked",
        FAIL_OVER,
        steps.stop("nat01"),
        before=standing.two_online,
        problems=demands.within(PERIOD),
    ),
    Scenario(
        "stops-for-the-night",
        "all backends but two are stopped, and the primary with them",
        HOLD,
        _stop_for_the_night,
        hold_for={"namespaces": 75.0, "simulated": 200.0},
    ),
    Scenario(
        "zone-lost",
        "the primary and a third of the backends are gone, and EC2 does not know it",
        FAIL_OVER,
        _lose_zone,
        problems=demands.within(PERIOD),
    ),
    Scenario(
        "half-lost-as-the-listener-begins",
        "the primary and one of two zones are gone, and the standby has only just begun to listen",
        FAIL_OVER,
        _lose_half_as_the_listener_begins,
        # Whoever may be watching still is asked first, and is given ten seconds to answer.
        problems=demands.within(PERIOD + 10.0),
        settings={"window": 120},
    ),
    Scenario(
        "port-443-intercepted",
        "the NATs answer for port 443 themselves, so that only pings tell that the primary's uplink is gone",
        FAIL_OVER,
        lambda lab: lab.network.set_uplink("nat01", False),
        before=_intercept,
        problems=demands.within(PERIOD),
    ),
)
