"""What must have come of a scenario beside its outcome; a sentence for each thing that is wrong."""

from __future__ import annotations

import json

from nat_failover.routes import SwapFailedError
from tests.lab.gateway import FunctionEndedError
from tests.lab.lab import Lab
from tests.lab.layout import EGRESS, PEER_CIDR, PRIVATE_WAYS


def one_swap(lab: Lab) -> list[str]:
    """Every subnet was moved once, by one invocation."""
    swaps, subnets = len(lab.gateway.replaced_at), len(lab.network.layout.private_subnets)
    problems = [] if swaps == subnets else [f"{swaps} associations were replaced, of {subnets} subnets"]
    acted = len(lab.results("failed-over"))
    return problems if acted == 1 else [*problems, f"{acted} invocations failed over"]


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


def egress_followed(lab: Lab) -> list[str]:
    """The egress address went with the subnets, and people were told."""
    told = any(f"Egress address: {EGRESS} " in text and "has moved" in text for _, _, text in lab.gateway.published)
    metric = any("EgressElsewhere" in line for line in lab.functions.metrics)
    return [
        *_egress(lab, EGRESS, moved=True),
        *([] if told else ["no mail tells that the address has moved"]),
        *(["a metric says that the address is elsewhere"] if metric else []),
    ]


def egress_stayed(lab: Lab) -> list[str]:
    """The subnets went without the egress address, and people were told."""
    own = lab.network.layout.host("nat02").public or ""
    told = any("could NOT be moved" in text for _, _, text in lab.gateway.published)
    metric = any("EgressElsewhere" in line for line in lab.functions.metrics)
    return [
        *one_swap(lab),
        *_egress(lab, own, moved=False),
        *([] if told else ["no mail tells that the address was not moved"]),
        *([] if metric else ["no metric says that the address is elsewhere"]),
    ]


def three_at_once(lab: Lab) -> list[str]:
    """Three invocations began at once, and one swapped."""
    begun = sorted(i.at for i in lab.functions.invocations if i.trigger == "event")
    close = any(third - first < 0.1 for first, third in zip(begun, begun[2:], strict=False))
    return one_swap(lab) + ([] if close else ["no three invocations began at the same time"])


def finished_by_another(lab: Lab) -> list[str]:
    """One invocation died, and a later one finished."""
    died = [i for i in lab.functions.invocations if isinstance(i.error, FunctionEndedError)]
    acted = lab.results("failed-over")
    problems = [] if len(died) == 1 else [f"{len(died)} invocations died, 1 should have"]
    if not acted or not died or acted[0].at <= died[0].at:
        problems.append("no later invocation finished the failover")
    replaced = len(lab.gateway.replaced_at)
    if replaced != len(lab.network.layout.private_subnets):
        problems.append(f"{replaced} associations were replaced")
    return problems


def failed_once(lab: Lab) -> list[str]:
    """One invocation tried and failed, and people were told."""
    failed = [i for i in lab.functions.invocations if isinstance(i.error, SwapFailedError)]
    lab_calls = lab.gateway.calls["ec2:ReplaceRouteTableAssociation"]
    problems = [] if len(failed) == 1 else [f"{len(failed)} invocations raised SwapFailedError, 1 should have"]
    if not lab_calls:
        problems.append("EC2 was never asked")
    if not any("FAILED" in subject for _, subject, _ in lab.gateway.published):
        problems.append("nobody was told")
    return problems


def told_once(lab: Lab) -> list[str]:
    """People were told once of the failover that was due."""
    told = [subject for _, subject, _ in lab.gateway.published if "would have failed over" in subject]
    return [] if len(told) == 1 else [f"people were told {len(told)} times that it would have failed over"]


def watched_while_locked(lab: Lab) -> list[str]:
    """A metric says that backends are offline while nothing may act."""
    if any(line.get("OfflineWhileLocked", [0.0])[0] for line in lab.functions.metrics):
        return []
    return ["no metric says that backends are offline while nothing may act"]


def nobody_asked(lab: Lab) -> list[str]:
    """No round was sent."""
    return ["rounds were sent although it is paused"] if lab.gateway.calls["ssm:SendCommand"] else []


def _private_ways(lab: Lab) -> set[str]:
    """Give the ways, beside that through the NAT, that every backend can go."""
    return {
        way for way, address in PRIVATE_WAYS.items() if all(lab.network.reaches(host, address) for host in lab.backends)
    }


def told_before(lab: Lab) -> list[str]:
    """What a swap takes away was told before, and is gone."""
    told = [" ".join(line["routes"]) for line in lab.functions.metrics if "RoutesDiffer" in line]
    problems = (
        [] if told and PEER_CIDR in told[0] and "pl-" in told[0] else [f"the missing routes were not named: {told}"]
    )
    return one_swap(lab) + problems + ([f"there still: {left}"] if (left := _private_ways(lab)) else [])


def copied(lab: Lab) -> list[str]:
    """Nothing was lost by the swap."""
    missing = set(PRIVATE_WAYS) - _private_ways(lab)
    return one_swap(lab) + ([f"lost by the swap: {sorted(missing)}"] if missing else [])


def drawn_by_tag(lab: Lab) -> list[str]:
    """EC2 was asked who carries the tag."""
    return one_swap(lab) + ([] if lab.gateway.calls["ec2:DescribeTags"] else ["EC2 was not asked who carries the tag"])
