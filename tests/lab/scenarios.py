"""The scenarios: what is broken, and what must come of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from nat_failover.record import LockState, Record
from nat_failover.routes import SwapFailedError
from tests.lab.gateway import Execution, FunctionEndedError, denying
from tests.lab.lab import Lab
from tests.lab.layout import EGRESS, PEER_CIDR, PRIVATE_WAYS, TARGETS
from tests.lab.template import EGRESS_PLACE

FAIL_OVER, HOLD, FAILED = "fail-over", "hold", "failed"
# How long a lab is watched after its fault where nothing must happen, in seconds: real ones are waited for by people.
HOLD_FOR = {"namespaces": 25.0, "simulated": 200.0}
RECOVERS_WITHIN = 150.0

Step = Callable[[Lab], None]


def _nothing(lab: Lab) -> None:
    del lab


@dataclass(frozen=True)
class Scenario:
    """One scenario.

    Attributes:
        expected: ``fail-over``, ``hold`` or ``failed``.
        before: what is so before the function runs for the first time.
        fault: what breaks; it lasts as long as the step takes, or on.
        after: what is done once the failover is over.
        settings: of the pair.
        causes: of which at least one decision must have been, where nothing must be swapped.
        problems: further checks; a sentence for each thing that is wrong.
        ends_on: role of the NAT that is active at the end of a failover.
    """

    name: str
    told: str
    expected: str
    fault: Step = _nothing
    before: Step = _nothing
    after: Step = _nothing
    settings: Mapping[str, object] = field(default_factory=dict)
    causes: frozenset[str] = frozenset()
    problems: Callable[[Lab], list[str]] = lambda lab: []  # noqa: ARG005
    ends_on: str = "standby"
    hold_for: Mapping[str, float] = field(default_factory=lambda: HOLD_FOR)

    def play(self, lab: Lab, second_tick_within: float | None = None) -> None:
        """Play it; ``before`` has been done."""
        lab.begin(second_tick_within)
        lab.wait(lab.world.random.uniform(2, 12))
        lab.broken()
        self.fault(lab)
        if self.expected == HOLD:
            lab.wait(self.hold_for[lab.network.name])
            return
        lab.wait_until(lambda: _over(lab, self.expected), RECOVERS_WITHIN)
        self.after(lab)
        lab.wait(2)


def _over(lab: Lab, expected: str) -> bool:
    if expected == FAILED:
        return lab.lock_state() == "failed"
    everybody = len(lab.online()) == len(lab.backends)
    return lab.lock_state() == "failed-over" and everybody and bool(lab.results("failed-over"))


def _flush(lab: Lab) -> None:
    lab.network.flush_nat_rules("nat01")


def _stop(nat: str) -> Step:
    def step(lab: Lab) -> None:
        lab.network.stop(nat)
        lab.run_command.dead.add(nat)
        lab.cloud.stop_instance(nat)

    return step


def _internet_down(lab: Lab) -> None:
    lab.network.set_internet(False)


def _internet_gone_for_seconds(lab: Lab) -> None:
    """Cut it off for so long that everybody has seen it, and tell so late that the passive NAT has it again."""
    lab.functions.late = lambda: (lab.world.random.uniform(0, 8),)
    lab.network.set_internet(False)
    lab.wait(lab.world.random.uniform(3, 8))
    lab.network.set_internet(True)


def _two_sick(lab: Lab) -> None:
    for backend in lab.backends[:2]:
        lab.network.set_sick(backend, True)


def _lose_events(lab: Lab) -> None:
    lab.functions.events_lost = True


def _standby_dead(lab: Lab) -> None:
    _stop("nat02")(lab)
    lab.wait(5)
    _flush(lab)


def _flaps(lab: Lab) -> None:
    for _ in range(5):
        lab.network.set_link("nat01", False)
        lab.wait(lab.world.random.uniform(0.6, 1.0))
        lab.network.set_link("nat01", True)
        lab.wait(lab.world.random.uniform(2.0, 4.0))


def _backends_booting(lab: Lab) -> None:
    for backend in lab.backends:
        lab.network.set_uptime(backend, 20)


def _nat_booting(lab: Lab) -> None:
    lab.cloud.set_launched("nat01", lab.world.now() - 30)


def _lock(text: str | None) -> Step:
    def step(lab: Lab) -> None:
        lab.cloud.set_lock(text)

    return step


def _locked(lab: Lab) -> None:
    record = Record(
        LockState.FAILED_OVER,
        "an earlier invocation",
        lab.world.now() - 3600,
        lab.cloud.standby_table,
        lab.cloud.primary_table,
        {},
        (),
        "an earlier failure",
        "3 subnets moved",
        0.4,
    )
    lab.cloud.set_lock(record.text())


def _two_online(lab: Lab) -> None:
    lab.run_command.offline.update(lab.backends[2:])


def _deny(lab: Lab) -> None:
    lab.gateway.faults.append(denying(["ReplaceRouteTableAssociation"]))


def _crash(lab: Lab) -> None:
    """Have the function die once, as soon as its first association is replaced."""
    died: list[Execution] = []

    def observer(operation: str, arguments: Mapping[str, Any], execution: Execution) -> None:
        del arguments
        if operation == "ReplaceRouteTableAssociation" and not died:
            died.append(execution)
            execution.killed = True

    lab.gateway.after.append(observer)


def _all_at_once(lab: Lab) -> None:
    lab.functions.warm(3)
    lab.functions.together = 3


def _rearm_and_break_again(lab: Lab) -> None:
    """Mend the primary, re-arm, and kill the standby, which is the active one now."""
    lab.network.boot("nat01", lab.cloud.user_data)
    # The claim of the first failover protects it until its lease is over.
    lab.wait(float(lab.cloud.environment["NAT_FAILOVER_CLAIM_LEASE"]) + 5)
    lab.cloud.set_lock("armed")
    lab.wait(10)
    lab.broken()
    lab.network.flush_nat_rules("nat02")
    lab.wait_until(lambda: len(lab.results("failed-over")) == 2 and _over(lab, FAIL_OVER), RECOVERS_WITHIN)


def _one_swap(lab: Lab) -> list[str]:
    swaps, subnets = len(lab.gateway.replaced_at), len(lab.network.layout.private_subnets)
    problems = [] if swaps == subnets else [f"{swaps} associations were replaced, of {subnets} subnets"]
    acted = len(lab.results("failed-over"))
    return problems if acted == 1 else [*problems, f"{acted} invocations failed over"]


def _flush_once_seen(lab: Lab) -> None:
    lab.seen_before = lab.seen_as()
    _flush(lab)


def _deny_address(lab: Lab) -> None:
    lab.gateway.faults.append(denying(["AssociateAddress"]))


def _egress(lab: Lab, after: str, moved: bool) -> list[str]:
    """Compare what the Internet sees with what it must see, and what the lock's record says of it."""
    problems = []
    for when, seen, wanted in (("before", lab.seen_before, EGRESS), ("afterwards", lab.seen_as(), after)):
        if set(seen.values()) != {wanted} or len(seen) != len(lab.backends):
            problems.append(f"{when} the Internet saw backends as {sorted(map(str, seen.values()))}, not as {wanted}")
    recorded = json.loads(lab.cloud.lock_text() or "{}").get("egress", {})
    if recorded.get("moved") is not moved:
        problems.append(f"the lock's record says of the egress address: {recorded}")
    return problems


def _egress_followed(lab: Lab) -> list[str]:
    told = any(f"Egress address: {EGRESS} " in text and "has moved" in text for _, _, text in lab.gateway.published)
    metric = any("EgressElsewhere" in line for line in lab.functions.metrics)
    return [
        *_egress(lab, EGRESS, moved=True),
        *([] if told else ["no mail tells that the address has moved"]),
        *(["a metric says that the address is elsewhere"] if metric else []),
    ]


def _egress_stayed(lab: Lab) -> list[str]:
    own = lab.network.layout.host("nat02").public or ""
    told = any("could NOT be moved" in text for _, _, text in lab.gateway.published)
    metric = any("EgressElsewhere" in line for line in lab.functions.metrics)
    return [
        *_one_swap(lab),
        *_egress(lab, own, moved=False),
        *([] if told else ["no mail tells that the address was not moved"]),
        *([] if metric else ["no metric says that the address is elsewhere"]),
    ]


def _three_at_once(lab: Lab) -> list[str]:
    begun = sorted(i.at for i in lab.functions.invocations if i.trigger == "event")
    close = any(third - first < 0.1 for first, third in zip(begun, begun[2:], strict=False))
    return _one_swap(lab) + ([] if close else ["no three invocations began at the same time"])


def _finished_by_another(lab: Lab) -> list[str]:
    died = [i for i in lab.functions.invocations if isinstance(i.error, FunctionEndedError)]
    acted = lab.results("failed-over")
    problems = [] if len(died) == 1 else [f"{len(died)} invocations died, 1 should have"]
    if not acted or not died or acted[0].at <= died[0].at:
        problems.append("no later invocation finished the failover")
    replaced = len(lab.gateway.replaced_at)
    if replaced != len(lab.network.layout.private_subnets):
        problems.append(f"{replaced} associations were replaced")
    return problems


def _failed_once(lab: Lab) -> list[str]:
    failed = [i for i in lab.functions.invocations if isinstance(i.error, SwapFailedError)]
    lab_calls = lab.gateway.calls["ec2:ReplaceRouteTableAssociation"]
    problems = [] if len(failed) == 1 else [f"{len(failed)} invocations raised SwapFailedError, 1 should have"]
    if not lab_calls:
        problems.append("EC2 was never asked")
    if not any("FAILED" in subject for _, subject, _ in lab.gateway.published):
        problems.append("nobody was told")
    return problems


def _told_once(lab: Lab) -> list[str]:
    told = [subject for _, subject, _ in lab.gateway.published if "would have failed over" in subject]
    return [] if len(told) == 1 else [f"people were told {len(told)} times that it would have failed over"]


def _watched_while_locked(lab: Lab) -> list[str]:
    if any(line.get("OfflineWhileLocked", [0.0])[0] for line in lab.functions.metrics):
        return []
    return ["no metric says that backends are offline while nothing may act"]


def _nobody_asked(lab: Lab) -> list[str]:
    return ["rounds were sent although it is paused"] if lab.gateway.calls["ssm:SendCommand"] else []


def _private_ways(lab: Lab) -> set[str]:
    """Give the ways, beside that through the NAT, that every backend can go."""
    return {
        way for way, address in PRIVATE_WAYS.items() if all(lab.network.reaches(host, address) for host in lab.backends)
    }


def _told_before(lab: Lab) -> list[str]:
    told = [" ".join(line["routes"]) for line in lab.functions.metrics if "RoutesDiffer" in line]
    problems = (
        [] if told and PEER_CIDR in told[0] and "pl-" in told[0] else [f"the missing routes were not named: {told}"]
    )
    return _one_swap(lab) + problems + ([f"there still: {left}"] if (left := _private_ways(lab)) else [])


def _copied(lab: Lab) -> list[str]:
    missing = set(PRIVATE_WAYS) - _private_ways(lab)
    return _one_swap(lab) + ([f"lost by the swap: {sorted(missing)}"] if missing else [])


def _list_in_short_pages(lab: Lab) -> None:
    lab.run_command.page = 4


def _drawn_by_tag(lab: Lab) -> list[str]:
    return _one_swap(lab) + ([] if lab.gateway.calls["ec2:DescribeTags"] else ["EC2 was not asked who carries the tag"])


def _rerun_never(lab: Lab) -> None:
    lab.wait(130 if lab.world.virtual else 15)


SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario("nat-rules-flushed", "the NAT loses its translation rules", FAIL_OVER, _flush, problems=_one_swap),
        Scenario(
            "nat-forwarding-off",
            "the NAT stops forwarding",
            FAIL_OVER,
            lambda lab: lab.network.set_forwarding("nat01", False),
            problems=_one_swap,
        ),
        Scenario(
            "nat-link-down",
            "the NAT loses its network",
            FAIL_OVER,
            lambda lab: lab.network.set_link("nat01", False),
            problems=_one_swap,
        ),
        Scenario("nat-stopped", "the NAT instance is stopped", FAIL_OVER, _stop("nat01"), problems=_one_swap),
        Scenario(
            "nat-uplink-blackholed",
            "the NAT's packets to the Internet vanish on the way",
            FAIL_OVER,
            lambda lab: lab.network.set_uplink("nat01", False),
            problems=_one_swap,
        ),
        Scenario(
            "nat-dead-without-endpoints",
            "the NAT dies, and with it the backends' one way to Systems Manager",
            FAIL_OVER,
            _stop("nat01"),
            settings={"ssmAccess": "none"},
            problems=_one_swap,
        ),
        Scenario(
            "events-lost", "no status-change event arrives", FAIL_OVER, _flush, before=_lose_events, problems=_one_swap
        ),
        Scenario(
            "healthy",
            "nothing is broken",
            HOLD,
            causes=frozenset({"HEALTHY"}),
            # Long enough for a second tick, the first that has answers to judge by.
            hold_for={**HOLD_FOR, "namespaces": 65.0},
        ),
        Scenario(
            "two-backends-sick",
            "two backends have troubles of their own",
            HOLD,
            _two_sick,
            causes=frozenset({"FEW_FAILURES"}),
        ),
        Scenario(
            "one-target-down",
            "one of three ping targets is down",
            HOLD,
            lambda lab: lab.network.set_target(TARGETS[1], False),
        ),
        Scenario("internet-down", "the Internet is gone", HOLD, _internet_down, causes=frozenset({"CONTROL_DOWN"})),
        Scenario(
            "internet-gone-for-seconds",
            "the Internet is gone for seconds, and the news of it come late",
            HOLD,
            _internet_gone_for_seconds,
        ),
        Scenario(
            "standby-dead",
            "the standby dies, then the primary too",
            HOLD,
            _standby_dead,
            causes=frozenset({"CONTROL_DOWN"}),
        ),
        Scenario("loss-30-percent", "30 % of the packets are lost", HOLD, lambda lab: lab.network.set_loss(30)),
        Scenario("nat-flaps", "the NAT is gone for a second, again and again", HOLD, _flaps),
        Scenario(
            "backends-booting",
            "the backends have only just booted",
            HOLD,
            _flush,
            before=_backends_booting,
            causes=frozenset({"CANNOT_JUDGE"}),
        ),
        Scenario(
            "nat-booting",
            "the NAT has only just been started",
            HOLD,
            _flush,
            before=_nat_booting,
            causes=frozenset({"WARM_UP"}),
        ),
        Scenario(
            "locked",
            "an earlier failover was not re-armed",
            HOLD,
            _flush,
            before=_locked,
            causes=frozenset({"LOCKED"}),
            problems=_watched_while_locked,
        ),
        Scenario(
            "paused", "a person has paused the pair", HOLD, _flush, before=_lock("paused"), problems=_nobody_asked
        ),
        Scenario(
            "unreadable-lock",
            "the lock can't be understood",
            HOLD,
            _flush,
            before=_lock('{"state": "arm'),
            causes=frozenset({"LOCKED"}),
        ),
        Scenario(
            "too-few-backends",
            "only two backends are online",
            HOLD,
            _flush,
            before=_two_online,
            causes=frozenset({"CANNOT_JUDGE"}),
        ),
        Scenario(
            "observe-mode", "the mode is observe", HOLD, _flush, settings={"mode": "observe"}, problems=_told_once
        ),
        Scenario(
            "swap-denied",
            "EC2 refuses to replace associations",
            FAILED,
            _flush,
            before=_deny,
            after=_rerun_never,
            problems=_failed_once,
        ),
        Scenario(
            "crash-mid-swap",
            "the function dies after the first association",
            FAIL_OVER,
            _flush,
            before=_crash,
            problems=_finished_by_another,
        ),
        Scenario(
            "simultaneous-events",
            "three events arrive at once",
            FAIL_OVER,
            _flush,
            before=_all_at_once,
            problems=_three_at_once,
        ),
        Scenario(
            "failover-after-rearm",
            "re-armed, then the standby dies",
            FAIL_OVER,
            _flush,
            after=_rearm_and_break_again,
            ends_on="primary",
        ),
        Scenario(
            "lock-deleted",
            "there is no lock parameter, which is armed",
            FAIL_OVER,
            _flush,
            before=_lock(None),
            problems=_one_swap,
        ),
        Scenario(
            "large-fleet",
            "there are more backends than a page of SSM's list holds",
            FAIL_OVER,
            _flush,
            before=_list_in_short_pages,
            problems=_drawn_by_tag,
        ),
        Scenario(
            "routes-missing",
            "the standby's table lacks a peering and S3's endpoint, which a metric names before they are lost",
            FAIL_OVER,
            _flush,
            before=lambda lab: lab.cloud.add_private_routes(),
            problems=_told_before,
        ),
        Scenario(
            "routes-mirrored",
            "the standby's table lacks the same, and the function copies them",
            FAIL_OVER,
            _flush,
            before=lambda lab: lab.cloud.add_private_routes(),
            settings={"mirrorRoutes": True},
            problems=_copied,
        ),
        Scenario(
            "egress-address-follows",
            "the pair has an Elastic IP, as which the Internet sees the backends before and afterwards",
            FAIL_OVER,
            _flush_once_seen,
            settings={"egressAddress": EGRESS_PLACE},
            problems=lambda lab: _one_swap(lab) + _egress_followed(lab),
        ),
        Scenario(
            "egress-move-denied",
            "EC2 refuses to move the Elastic IP, and the subnets fail over without it",
            FAIL_OVER,
            _flush_once_seen,
            before=_deny_address,
            settings={"egressAddress": EGRESS_PLACE},
            problems=_egress_stayed,
        ),
        Scenario(
            "egress-crash-mid-swap",
            "the function dies after the first association, and the Elastic IP comes with the rest",
            FAIL_OVER,
            _flush_once_seen,
            before=_crash,
            settings={"egressAddress": EGRESS_PLACE},
            problems=lambda lab: _finished_by_another(lab) + _egress_followed(lab),
        ),
        Scenario(
            "egress-address-returns",
            "re-armed, then the standby dies: the Elastic IP comes back to the primary",
            FAIL_OVER,
            _flush_once_seen,
            after=_rearm_and_break_again,
            settings={"egressAddress": EGRESS_PLACE},
            problems=_egress_followed,
            ends_on="primary",
        ),
    )
}
