"""Pure: what a pair costs in a month, item by item: at list prices, and with the free tiers that don't expire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.config import PairConfig
from tests.bench.cost import prices
from tests.bench.tables import Table

# A ping of ping(8): 56 bytes of data, and the headers of ICMP and IPv4.
PING_BYTES = 56 + 8 + 20
SECONDS = prices.HOURS * 3600
VOLUME_GB = 8
# The sample is spread over two availability zones, and the active NAT stands in one of them.
IN_ANOTHER_ZONE = 0.5
# Of the stack's endpoints: ssm and ssmmessages, in two availability zones.
ENDPOINTS, ZONES = 2, 2
SUM = "**in all**"
ENDPOINT_ROW, SUM_WITH_ENDPOINTS = "endpoints, where the stack makes them", "**in all, with endpoints**"
GATEWAY = "for comparison: a NAT gateway, without traffic"


@dataclass(frozen=True)
class Item:
    """A line of the bill.

    Attributes:
        what: is paid for.
        much: how much of it, and its price.
        dollars: a month, at list price.
        left: dollars a month in an account that uses nothing else of the free tiers.
    """

    what: str
    much: str
    dollars: float
    left: float


def bill(found: Mapping[str, Any], pair: PairConfig) -> list[Item]:
    """Return the items of a month.

    Args:
        found: what was measured: ``memory_mb``, ``healthy`` with ``billed_ms_mean``, ``metrics``, ``alarms``,
            ``log_bytes_a_minute``.
        pair: the pair's configuration.
    """
    return [*_standby(), *_function(found), *_cloudwatch(found), *_traffic(pair), _nothing()]


def _standby() -> list[Item]:
    instance, address = prices.T4G_NANO_HOUR * prices.HOURS, prices.PUBLIC_ADDRESS_HOUR * prices.HOURS
    volume = VOLUME_GB * prices.GP3_GB
    return [
        Item("the standby", f"`t4g.nano` at ${prices.T4G_NANO_HOUR} an hour", instance, instance),
        Item("its public IPv4 address", f"${prices.PUBLIC_ADDRESS_HOUR} an hour", address, address),
        Item("its volume", f"{VOLUME_GB} GiB gp3 at ${prices.GP3_GB:.2f}", volume, volume),
    ]


def _function(found: Mapping[str, Any]) -> list[Item]:
    billed, memory = found["healthy"]["billed_ms_mean"], found["memory_mb"]
    gb = found["log_bytes_a_minute"] * prices.MINUTES / 1e9
    return [
        Item(
            "the function",
            f"{prices.MINUTES:,.0f} invocations of {billed / 1000:.2f} s at {memory} MB",
            prices.lambda_month(1, billed, memory),
            prices.lambda_month_beyond_free(1, billed, memory),
        ),
        Item(
            "its log",
            f"{gb:.2f} GB at ${prices.LOGS_GB:.2f}",
            gb * prices.LOGS_GB,
            _beyond(gb, prices.LOGS_FREE_GB) * prices.LOGS_GB,
        ),
    ]


def _cloudwatch(found: Mapping[str, Any]) -> list[Item]:
    metrics, alarms = len(found["metrics"]), found["alarms"]
    return [
        Item(
            "metrics",
            f"{metrics} at ${prices.METRIC:.2f}",
            metrics * prices.METRIC,
            _beyond(metrics, prices.METRICS_FREE) * prices.METRIC,
        ),
        Item(
            "alarms",
            f"{alarms} at ${prices.ALARM:.2f}",
            alarms * prices.ALARM,
            _beyond(alarms, prices.ALARMS_FREE) * prices.ALARM,
        ),
        Item(
            "dashboard",
            f"1 at ${prices.DASHBOARD:.2f}",
            prices.DASHBOARD,
            _beyond(1, prices.DASHBOARDS_FREE) * prices.DASHBOARD,
        ),
    ]


def _traffic(pair: PairConfig) -> list[Item]:
    """Return what the pings cost: those of the sample, and those of the passive NAT."""
    one = PING_BYTES * SECONDS / pair.interval / 1e9
    out = one * (pair.sample_size + 1)
    # Each way is paid for twice, by who sends and by who receives; and there is an answer to each.
    between = one * pair.sample_size * IN_ANOTHER_ZONE * 2
    paid = between * 2 * prices.ZONE_GB
    return [
        Item(
            "pings to the Internet",
            f"{out:.1f} GB at ${prices.OUT_GB:.2f}",
            out * prices.OUT_GB,
            _beyond(out, prices.OUT_FREE_GB) * prices.OUT_GB,
        ),
        Item(
            "pings and answers between two zones", f"{between:.1f} GB at ${prices.ZONE_GB:.2f} in and out", paid, paid
        ),
    ]


def _nothing() -> Item:
    return Item("Run Command, standard parameters, EventBridge's rules, a thousand mails", "free", 0, 0)


def _beyond(much: float, free: float) -> float:
    return max(0.0, much - free)


def table(items: Sequence[Item]) -> Table:
    """Return the bill, with its sums."""
    endpoint = prices.ENDPOINT_HOUR * prices.HOURS
    endpoints = ENDPOINTS * ZONES * endpoint
    gateway = (prices.NAT_GATEWAY_HOUR + prices.PUBLIC_ADDRESS_HOUR) * prices.HOURS
    sums = [sum(getattr(i, column) for i in items) for column in ("dollars", "left")]
    rows = [
        *([i.what, i.much, *_dollars(i.dollars, i.left)] for i in items),
        [SUM, "", *_dollars(*sums, bold=True)],
        [ENDPOINT_ROW, f"{ENDPOINTS} in {ZONES} zones at ${endpoint:.2f}", *_dollars(endpoints, endpoints)],
        [SUM_WITH_ENDPOINTS, "", *_dollars(*(s + endpoints for s in sums), bold=True)],
        [
            GATEWAY,
            f"${prices.NAT_GATEWAY_HOUR} an hour and ${prices.NAT_GATEWAY_GB} a GB, and its public IPv4 address",
            *_dollars(gateway, gateway),
        ],
    ]
    caption = (
        "A pair with the default settings in us-east-1, in dollars a month of 730 hours, at list prices "
        "([EC2](https://aws.amazon.com/ec2/pricing/on-demand/), [VPC](https://aws.amazon.com/vpc/pricing/), "
        "[EBS](https://aws.amazon.com/ebs/pricing/), [Lambda](https://aws.amazon.com/lambda/pricing/), "
        "[CloudWatch](https://aws.amazon.com/cloudwatch/pricing/), "
        "[PrivateLink](https://aws.amazon.com/privatelink/pricing/)), and what is left of them in an account that uses "
        "nothing else of the free tiers that don't expire. The function's time is measured; its other metrics cost "
        "$0.30 each only in a month, by the hour, in which they have something to say. Not in it: "
        "your primary NAT, and your own traffic, which costs the same through either NAT."
    )
    head = ["what", "how much", "list price", "with the free tiers"]
    return Table("Costs", caption, head, rows)


def _dollars(*amounts: float, bold: bool = False) -> list[str]:
    return [f"**{amount:.2f}**" if bold else f"{amount:.2f}" for amount in amounts]
