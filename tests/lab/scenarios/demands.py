"""What must have come of a scenario beside its outcome; a sentence for each thing that is wrong."""

from __future__ import annotations

from collections.abc import Callable

from nat_failover.judging.conditions import Trouble
from nat_failover.network.route_tables import SwapFailedError
from tests.lab.cloud.execution import FunctionEndedError
from tests.lab.lab import Lab
from tests.lab.network.layout import PEER_CIDR, PRIVATE_WAYS, VPN, VPN_CIDR


def one_swap(lab: Lab) -> list[str]:
    """Every subnet was moved once, by one invocation."""
    swaps, subnets = len(lab.gateway.replaced_at), len(lab.network.layout.private_subnets)
    problems = [] if swaps == subnets else [f"{swaps} associations were replaced, of {subnets} subnets"]
    acted = len(lab.results("failed-over"))
    return problems if acted == 1 else [*problems, f"{acted} invocations failed over"]


def within(seconds: float) -> Callable[[Lab], list[str]]:
    """Return the demand that there is one swap, and nobody is offline for longer than so."""

    def demand(lab: Lab) -> list[str]:
        outages = {host: lab.pinger.outage(host, lab.broken_at or 0.0) for host in lab.standing()}
        late = {host: outage for host, outage in outages.items() if outage is None or outage > seconds}
        return [*one_swap(lab), *([f"offline for longer than {seconds:g} s: {late}"] if late else [])]

    return demand


def without_outage(lab: Lab) -> list[str]:
    """There is one swap, and nobody was offline for a moment; the mail says that it was handed over."""
    outages = {host: lab.pinger.outage(host, lab.broken_at or 0.0) for host in lab.standing()}
    offline = {host: outage for host, outage in outages.items() if outage != 0.0}
    has_mail = any("handed over" in subject for _, subject, _ in lab.gateway.published)
    return [
        *one_swap(lab),
        *([f"offline though the NAT was handed over: {offline}"] if offline else []),
        *([] if has_mail else ["no mail says that the NAT was handed over"]),
    ]


def nothing_moved(lab: Lab) -> list[str]:
    """No association was replaced, and the pair is armed."""
    moved = len(lab.gateway.replaced_at)
    return [f"{moved} associations were replaced"] if moved else []


def mailed(*kinds: Trouble) -> Callable[[Lab], list[str]]:
    """Return the demand that people were told of this, and of nothing else."""

    def demand(lab: Lab) -> list[str]:
        kinds_sent = {event["kind"] for event in lab.gateway.events}
        return [] if kinds_sent == set(kinds) else [f"people were told of {sorted(kinds_sent)}, not of {sorted(kinds)}"]

    return demand


def flows_reset(lab: Lab) -> list[str]:
    """Every connection from before the swap is reset at its next packet, where that comes to the standby at all.

    Whether AWS lets a packet in the middle of a flow through that no interface has tracked, it does not say.
    """
    left = [f"{host} to {to}" for host, to, path in lab.flows if lab.network.resets(host, to, path) != lab.picks_up]
    return one_swap(lab) + ([f"reset or not, against what is expected: {', '.join(left)}"] if left else [])


def nothing_lost(lab: Lab) -> list[str]:
    """No ping was lost, and every connection came about."""
    failed = lab.connected.count(False)
    lost = [f"{failed} of {len(lab.connected)} connections did not come about"] if failed or not lab.connected else []
    return without_outage(lab) + lost


def notified_of(*kinds: Trouble) -> Callable[[Lab], list[str]]:
    """Return the demand that people were told of all of these, whatever else they were told of."""

    def demand(lab: Lab) -> list[str]:
        kinds_sent = {event["kind"] for event in lab.gateway.events}
        return [f"nobody was told of {kind}" for kind in kinds if kind not in kinds_sent]

    return demand


def verified(lab: Lab) -> list[str]:
    """The mail of the failover says that every backend is online again."""
    everybody = f"{len(lab.backends)} of {len(lab.backends)} backends online through the new path"
    has_mail = any(everybody in text for _, _, text in lab.gateway.published)
    return one_swap(lab) + ([] if has_mail else ["no mail says that all backends are online again"])


def nobody_got_the_mail(lab: Lab) -> list[str]:
    """The failover is as ever, and its mail was sent, but reached nobody."""
    sent = any("failed over" in subject for _, subject, _ in lab.gateway.sent)
    return [
        *one_swap(lab),
        *([] if sent else ["no mail of the failover was sent"]),
        *(["somebody got a mail"] if lab.gateway.published else []),
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
    if not any("the failover failed" in subject for _, subject, _ in lab.gateway.published):
        problems.append("nobody was told")
    return problems


def notified_once(lab: Lab) -> list[str]:
    """People were told once of the failover that was due."""
    subjects = [subject for _, subject, _ in lab.gateway.published if "would have failed over" in subject]
    return [] if len(subjects) == 1 else [f"people were told {len(subjects)} times that it would have failed over"]


def watched_while_locked(lab: Lab) -> list[str]:
    """A metric says that backends are offline while nothing may act."""
    if any(line.get("OfflineWhileLocked", [0.0])[0] for line in lab.functions.metrics):
        return []
    return ["no metric says that backends are offline while nothing may act"]


def no_rounds(lab: Lab) -> list[str]:
    """No round was sent."""
    return ["rounds were sent although it is paused"] if lab.gateway.calls["ssm:SendCommand"] else []


def _private_ways(lab: Lab) -> set[str]:
    """Give the ways, beside that through the NAT, that every backend can go."""
    return {
        way for way, address in PRIVATE_WAYS.items() if all(lab.network.reaches(host, address) for host in lab.backends)
    }


def named_before(lab: Lab) -> list[str]:
    """What a swap takes away was told before, and is gone."""
    named = [" ".join(line["routes"]) for line in lab.functions.metrics if "RoutesDiffer" in line]
    problems = (
        [] if named and PEER_CIDR in named[0] and "pl-" in named[0] else [f"the missing routes were not named: {named}"]
    )
    return one_swap(lab) + problems + ([f"there still: {left}"] if (left := _private_ways(lab)) else [])


def copied(lab: Lab) -> list[str]:
    """Nothing was lost by the swap."""
    missing = set(PRIVATE_WAYS) - _private_ways(lab)
    return one_swap(lab) + ([f"lost by the swap: {sorted(missing)}"] if missing else [])


def _vpn_routes_named(lab: Lab) -> list[str]:
    return [route for line in lab.functions.metrics for route in line.get("routes", []) if VPN_CIDR in route]


def vpn_of_each_nat(lab: Lab) -> list[str]:
    """Nobody was told of a difference, no route was written, and the backends reach the VPN through the other NAT."""
    named = _vpn_routes_named(lab)
    away = [host for host in lab.backends if not lab.network.reaches(host, VPN)]
    return [
        *one_swap(lab),
        *([f"told of a difference: {named[0]}"] if named else []),
        *_written(lab),
        *([f"do not reach the VPN: {away}"] if away else []),
    ]


def _written(lab: Lab) -> list[str]:
    return [f"{call} was called" for call in ("CreateRoute", "ReplaceRoute") if lab.gateway.calls[f"ec2:{call}"]]


def vpn_of_one_nat(lab: Lab) -> list[str]:
    """What the failover takes away was told before with its reason, and the route was not copied."""
    named = _vpn_routes_named(lab)
    why = [] if named and "its own NAT" in named[0] else [f"the VPN's route was not named with its reason: {named}"]
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
        kinds_by_host = {host: _sent(lab, host) for host in hosts}
        found = [f"{host} was asked: {', '.join(kinds)}" for host, kinds in kinds_by_host.items() if kinds]
        return found if _sent(lab, "backend1") else [*found, "nor was anybody else asked"]

    return problems


def few_watches(host: str) -> Callable[[Lab], list[str]]:
    """Give the demand that a silent host was sent a watch, which waits for its agent, and hardly another one.

    A list of commands may not have yet what has just been sent, so that a tick sends it again.
    """

    def problems(lab: Lab) -> list[str]:
        watches = _sent(lab, host).count("watch")
        return [f"{host} was sent {watches} watches, and answered none"] if watches > 2 else []

    return problems
