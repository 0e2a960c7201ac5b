"""Scenarios with two pairs, whose NATs stand by for each other."""

from __future__ import annotations

from nat_failover.judging.conditions import PATIENCE, Trouble
from nat_failover.names import Metric
from tests.lab.lab import Lab
from tests.lab.network.layout import zones_layout
from tests.lab.scenarios import demands
from tests.lab.scenarios.scenario import FAIL_OVER, Scenario
from tests.lab.scenarios.steps import stop
from tests.lab.scenarios.two_pairs.account import TwoZonesCloud
from tests.lab.scenarios.two_pairs.neighbour import Neighbour

# The next tick measures it, and people are told of what does not mend itself, in virtual time only.
MEASURED_WITHIN, MAILED_WITHIN = 75.0, PATIENCE + 75.0


def with_the_other_pair(lab: Lab) -> None:
    """The other zone's pair runs beside the lab's own."""
    lab.neighbour = Neighbour(lab)
    lab.neighbour.start()


def first_zones_nat_dies(lab: Lab) -> None:
    """The first zone's NAT is stopped, without a word before it."""
    _other(lab).run_command.dead.add("nat01")
    stop("nat01")(lab)


def until_the_other_pair_says_so(lab: Lab) -> None:
    """Wait until the alarm of the other zone can fire, and where that takes no real minutes, until people are told."""
    lab.wait_until(lambda: _measured(lab), MEASURED_WITHIN)
    if lab.world.virtual:
        lab.wait_until(lambda: bool(_other(lab).gateway.events), MAILED_WITHIN)


def only_one_zone_moved(lab: Lab) -> list[str]:
    """The other zone stayed where it was, online all the time, and people know that nothing stands by for it."""
    other, layout = _other(lab), lab.network.layout
    tables = {subnet.name: other.cloud.table_of(other.cloud.subnets[subnet.name]) for subnet in layout.other_subnets}
    moved = sorted(subnet for subnet, table in tables.items() if table != other.cloud.primary_table)
    outages = {host.name: lab.pinger.outage(host.name, lab.broken_at or 0.0) for host in layout.other_backends}
    offline = {host: outage for host, outage in outages.items() if outage != 0.0}
    kinds = {event["kind"] for event in other.gateway.events}
    expected = {Trouble.PASSIVE_UNHEALTHY} if lab.world.virtual else set()
    return [
        *demands.one_swap(lab),
        *demands.notified_of(Trouble.FAILED_OVER)(lab),
        *([f"of the other zone were moved: {moved}"] if moved else []),
        *([f"of the other zone were offline: {offline}"] if offline else []),
        *([] if other.cloud.lock_text() == "armed" else ["the other pair is not armed any more"]),
        *([] if _measured(lab) else ["no metric of the other pair says that nothing stands by for it"]),
        *([f"of the other pair people were told {sorted(kinds)}"] if kinds != expected else []),
        *(f"the other pair's function failed: {i.error!r}" for i in other.functions.invocations if i.error),
    ]


def _measured(lab: Lab) -> bool:
    return any(line.get(Metric.PASSIVE_NAT_UNHEALTHY, [0.0])[0] for line in _other(lab).functions.metrics)


def _other(lab: Lab) -> Neighbour:
    assert lab.neighbour is not None
    return lab.neighbour


TWO_PAIRS: tuple[Scenario, ...] = (
    Scenario(
        "two-zones-one-dies",
        "two zones back each other up; the NAT of one dies, and the other zone is told that nothing stands by for it",
        FAIL_OVER,
        first_zones_nat_dies,
        before=with_the_other_pair,
        after=until_the_other_pair_says_so,
        problems=only_one_zone_moved,
        layout=zones_layout(),
        cloud=TwoZonesCloud,
    ),
)
