"""What must have come of a scenario beside its outcome; a sentence for each thing that is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable

from nat_failover.network.route_tables import SwapFailedError
from tests.lab.cloud.execution import FunctionEndedError
from tests.lab.lab import Lab
from tests.lab.network.layout import EGRESS, PEER_CIDR, PRIVATE_WAYS, STANDBY_EGRESS, TARGETS, VPN, VPN_CIDR


def one_swap(lab: Lab) -> list[str]:
    """Every subnet was moved once, by one invocation."""
    swaps, subnets = len(lab.gateway.replaced_at), len(lab.network.layout.private_subnets)
    problems = [] if swaps == subnets else [f"{swaps} associations were replaced, of {subnets} subnets"]
    acted = len(lab.results("failed-over"))
    return problems if acted == 1 else [*problems, f"{acted} invocations failed over"]


def verified(lab: Lab) -> list[str]:
    """The mail of the failover says that every backend is online again."""
    everybody = f"{len(lab.backends)} of {len(lab.backends)} backends online through the new path"
    told = any(everybody in text for _, _, text in lab.gateway.published)
    return one_swap(lab) + ([] if told else ["no mail says that all backends are online again"])


def nobody_got_the_mail(lab: Lab) -> list[str]:
    """The failover is as ever, and its mail was sent, but reached nobody."""
    sent = any("failed over" in subject for _, subject, _ in lab.gateway.sent)
    return [
        *one_swap(lab),
        *([] if sent else ["no mail of the failover was sent"]),
        *(["somebody got a mail"] if lab.gateway.published else []),
    ]


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


def addresses_changed_places(lab: Lab) -> list[str]:
    """Each NAT has the other's address, the record says so, and neither was without one for more than a moment."""
    own = {nat: lab.network.egress_address(nat, TARGETS[0]) for nat in ("nat01", "nat02")}
    recorded = json.loads(lab.cloud.lock_text() or "{}").get("egress", {}).get("standby", {})
    # Who looks between the two calls sees it; a tick does not, but by chance.
    without = any("PassiveNatWithoutAddress" in line and "Tick" in line for line in lab.functions.metrics)
    moves = lab.gateway.addressed_at
    return [
        *egress_followed(lab),
        *([] if own == {"nat01": STANDBY_EGRESS, "nat02": EGRESS} else [f"the NATs' own addresses: {own}"]),
        *([] if recorded.get("moved") is True else [f"the lock's record says of the second address: {recorded}"]),
        *([] if len(moves) > 1 and max(moves) - min(moves) < 15 else [f"addresses were moved at {moves}"]),
        *(["a metric says that the passive NAT has no address"] if without else []),
    ]


def held_until_addressed(lab: Lab) -> list[str]:
    """Nothing failed over to the NAT without an address, the reason and a metric said so, and afterwards it did."""
    told = [i for i in lab.functions.invocations if i.result and "no public address" in str(i.result["reason"])]
    back = [invocation.at for invocation in lab.results("failed-over")[1:]]
    early = bool(told) and min(back, default=told[-1].at) < told[-1].at
    return [
        *egress_followed(lab),
        *([] if told else ["no decision says that the passive NAT has no public address"]),
        *(["it failed over while the passive NAT had no public address"] if early else []),
        *([] if any("PassiveNatWithoutAddress" in m for m in lab.functions.metrics) else ["no metric says so"]),
    ]


def second_address_came(lab: Lab) -> list[str]:
    """Both addresses are where the record says, whoever moved them."""
    recorded = json.loads(lab.cloud.lock_text() or "{}").get("egress", {}).get("standby", {})
    elastic = lab.cloud.elastic()
    return [
        *egress_followed(lab),
        *([] if elastic == {"nat01": STANDBY_EGRESS, "nat02": EGRESS} else [f"the Elastic IPs are with {elastic}"]),
        *([] if recorded.get("moved") is True else [f"the lock's record says of the second address: {recorded}"]),
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


def _routes_told(lab: Lab) -> list[str]:
    return [said for line in lab.functions.metrics for said in line.get("routes", []) if VPN_CIDR in said]


def vpn_of_each_nat(lab: Lab) -> list[str]:
    """Nobody was told of a difference, no route was written, and the backends reach the VPN through the other NAT."""
    told = _routes_told(lab)
    away = [host for host in lab.backends if not lab.network.reaches(host, VPN)]
    return [
        *one_swap(lab),
        *([f"told of a difference: {told[0]}"] if told else []),
        *_written(lab),
        *([f"do not reach the VPN: {away}"] if away else []),
    ]


def _written(lab: Lab) -> list[str]:
    return [f"{call} was called" for call in ("CreateRoute", "ReplaceRoute") if lab.gateway.calls[f"ec2:{call}"]]


def vpn_of_one_nat(lab: Lab) -> list[str]:
    """What the failover takes away was told before with its reason, and the route was not copied."""
    told = _routes_told(lab)
    why = [] if told and "its own NAT" in told[0] else [f"the VPN's route was not named with its reason: {told}"]
    return [*one_swap(lab), *why, *_written(lab)]


def drawn_by_tag(lab: Lab) -> list[str]:
    """EC2 was asked who carries the tag."""
    return one_swap(lab) + ([] if lab.gateway.calls["ec2:DescribeTags"] else ["EC2 was not asked who carries the tag"])


def _sent(lab: Lab, host: str) -> list[str]:
    """Give the kinds of all rounds that a host, or whoever has this id, was asked in."""
    instance = lab.cloud.instances.get(host, host)
    return [c.kind for c in lab.run_command.service.commands if instance in c.arguments["InstanceIds"]]


def left_out(*hosts: str) -> Callable[[Lab], list[str]]:
    """Give the demand that hosts were never asked, and did not keep the others from being asked."""

    def problems(lab: Lab) -> list[str]:
        asked = {host: _sent(lab, host) for host in hosts}
        found = [f"{host} was asked: {', '.join(kinds)}" for host, kinds in asked.items() if kinds]
        return found if _sent(lab, "backend1") else [*found, "nor was anybody else asked"]

    return problems


def few_watches(host: str) -> Callable[[Lab], list[str]]:
    """Give the demand that a silent host was sent one watch at most, which waits for its agent."""

    def problems(lab: Lab) -> list[str]:
        watches = _sent(lab, host).count("watch")
        return [f"{host} was sent {watches} watches, and answered none"] if watches > 1 else []

    return problems
