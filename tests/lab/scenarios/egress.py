"""Scenarios of an Elastic IP that follows the active NAT, and of what route tables have beside the default route."""

from __future__ import annotations

import json

from tests.lab.cloud.template import EGRESS_PLACE, ENDPOINT_PLACE, STANDBY_EGRESS_PLACE
from tests.lab.lab import Lab
from tests.lab.network.layout import EGRESS as ADDRESS
from tests.lab.network.layout import STANDBY_EGRESS, TARGETS
from tests.lab.scenarios import demands, steps
from tests.lab.scenarios.scenario import FAIL_OVER, Scenario

TWO_ADDRESSES = {"egressAddress": EGRESS_PLACE, "standbyEgressAddress": STANDBY_EGRESS_PLACE}


def _egress(lab: Lab, after: str, moved: bool) -> list[str]:
    """Compare what the Internet sees with what it must see, and what the lock's record says of it."""
    problems = []
    for when, seen, wanted in (("before", lab.seen_before, ADDRESS), ("afterwards", lab.seen_as(), after)):
        if set(seen.values()) != {wanted} or len(seen) != len(lab.backends):
            problems.append(f"{when} the Internet saw backends as {sorted(map(str, seen.values()))}, not as {wanted}")
    recorded = json.loads(lab.cloud.lock_text() or "{}").get("egress", {})
    if recorded.get("moved") is not moved:
        problems.append(f"the lock's record says of the egress address: {recorded}")
    return problems


def egress_followed(lab: Lab) -> list[str]:
    """The egress address went with the subnets, and people were told."""
    has_mail = any(
        f"Egress address: {ADDRESS} " in text and "has moved" in text for _, _, text in lab.gateway.published
    )
    metric = any("EgressElsewhere" in line for line in lab.functions.metrics)
    return [
        *_egress(lab, ADDRESS, moved=True),
        *([] if has_mail else ["no mail tells that the address has moved"]),
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
        *([] if own == {"nat01": STANDBY_EGRESS, "nat02": ADDRESS} else [f"the NATs' own addresses: {own}"]),
        *([] if recorded.get("moved") is True else [f"the lock's record says of the second address: {recorded}"]),
        *([] if len(moves) > 1 and max(moves) - min(moves) < 15 else [f"addresses were moved at {moves}"]),
        *(["a metric says that the passive NAT has no address"] if without else []),
    ]


def held_until_addressed(lab: Lab) -> list[str]:
    """Nothing failed over to the NAT without an address, the reason and a metric said so, and afterwards it did."""
    waiting = [i for i in lab.functions.invocations if i.result and "no public address" in str(i.result["reason"])]
    # One that looks beside the failover may still see what was so before.
    back = [invocation.ended_at for invocation in lab.results("failed-over")[1:]]
    early = bool(waiting) and min(back, default=waiting[-1].at) < waiting[-1].at
    return [
        # So may a tick while the address moves.
        *(problem for problem in egress_followed(lab) if "metric" not in problem),
        *([] if waiting else ["no decision says that the passive NAT has no public address"]),
        *(["it failed over while the passive NAT had no public address"] if early else []),
        *([] if any("PassiveNatWithoutAddress" in m for m in lab.functions.metrics) else ["no metric says so"]),
    ]


def second_address_came(lab: Lab) -> list[str]:
    """Both addresses are where the record says, whoever moved them."""
    recorded = json.loads(lab.cloud.lock_text() or "{}").get("egress", {}).get("standby", {})
    elastic = lab.cloud.elastic()
    return [
        *egress_followed(lab),
        *([] if elastic == {"nat01": STANDBY_EGRESS, "nat02": ADDRESS} else [f"the Elastic IPs are with {elastic}"]),
        *([] if recorded.get("moved") is True else [f"the lock's record says of the second address: {recorded}"]),
    ]


def egress_stayed(lab: Lab) -> list[str]:
    """The subnets went without the egress address, and people were told."""
    own = lab.network.layout.host("nat02").public or ""
    has_mail = any("could NOT be moved" in text for _, _, text in lab.gateway.published)
    metric = any("EgressElsewhere" in line for line in lab.functions.metrics)
    return [
        *demands.one_swap(lab),
        *_egress(lab, own, moved=False),
        *([] if has_mail else ["no mail tells that the address was not moved"]),
        *([] if metric else ["no metric says that the address is elsewhere"]),
    ]


EGRESS: tuple[Scenario, ...] = (
    Scenario(
        "egress-address-follows",
        "the pair has an Elastic IP, as which the Internet sees the backends before and afterwards",
        FAIL_OVER,
        steps.flush_once_seen,
        settings={"egressAddress": EGRESS_PLACE},
        problems=lambda lab: demands.one_swap(lab) + egress_followed(lab),
    ),
    Scenario(
        "egress-move-denied",
        "EC2 refuses to move the Elastic IP, and the subnets fail over without it",
        FAIL_OVER,
        steps.flush_once_seen,
        before=steps.deny_address,
        settings={"egressAddress": EGRESS_PLACE},
        problems=egress_stayed,
    ),
    Scenario(
        "egress-crash-mid-swap",
        "the function dies after the first association, and the Elastic IP comes with the rest",
        FAIL_OVER,
        steps.flush_once_seen,
        before=steps.crash,
        settings={"egressAddress": EGRESS_PLACE},
        problems=lambda lab: demands.finished_by_another(lab) + egress_followed(lab),
    ),
    Scenario(
        "egress-address-returns",
        "re-armed, then the standby dies: the Elastic IP comes back to the primary",
        FAIL_OVER,
        steps.flush_once_seen,
        after=steps.rearm_and_break_again,
        settings={"egressAddress": EGRESS_PLACE},
        problems=egress_followed,
        ends_on="primary",
    ),
    Scenario(
        "egress-loser-without-address",
        "re-armed while the primary has no public address, then the standby dies: it holds until there is one",
        FAIL_OVER,
        steps.flush_once_seen,
        before=steps.address_takes_minutes,
        after=steps.rearm_at_once_and_break_again,
        settings={"egressAddress": EGRESS_PLACE},
        problems=held_until_addressed,
        ends_on="primary",
    ),
    Scenario(
        "egress-addresses-change-places",
        "the pair has two Elastic IPs, and each NAT gets the other's",
        FAIL_OVER,
        steps.flush_once_seen,
        settings=TWO_ADDRESSES,
        after=steps.mend_the_primary,
        problems=lambda lab: demands.one_swap(lab) + addresses_changed_places(lab),
    ),
    Scenario(
        "egress-addresses-crash-between",
        "the function dies when one of two Elastic IPs has moved, and a later invocation moves the other",
        FAIL_OVER,
        steps.flush_once_seen,
        before=steps.crash_once_addressed,
        settings=TWO_ADDRESSES,
        problems=second_address_came,
    ),
)

ROUTES: tuple[Scenario, ...] = (
    Scenario(
        "routes-missing",
        "the standby's table lacks a peering and S3's endpoint, which a metric names before they are lost",
        FAIL_OVER,
        steps.flush,
        before=lambda lab: lab.cloud.add_private_routes(),
        problems=demands.named_before,
    ),
    Scenario(
        "routes-mirrored",
        "the standby's table lacks the same, and the function copies them",
        FAIL_OVER,
        steps.flush,
        before=lambda lab: lab.cloud.add_private_routes(),
        settings={"mirrorRoutes": True, "mirrorEndpoints": [ENDPOINT_PLACE]},
        problems=demands.copied,
    ),
    Scenario(
        "vpn-on-each-nat",
        "each table routes a VPN to its own NAT, which is no difference and is never mirrored",
        FAIL_OVER,
        steps.flush,
        before=steps.vpn_on_each_nat,
        settings={"mirrorRoutes": True},
        problems=demands.vpn_of_each_nat,
    ),
    Scenario(
        "vpn-on-the-primary",
        "only the primary's table routes a VPN to its NAT, which is told and not mirrored",
        FAIL_OVER,
        steps.flush,
        before=steps.vpn_on_the_primary,
        settings={"mirrorRoutes": True},
        problems=demands.vpn_of_one_nat,
    ),
)
