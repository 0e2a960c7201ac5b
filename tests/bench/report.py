"""The bench's tables: on the terminal, and as Markdown in RESULTS.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from infra.config import PairConfig
from tests.bench.cost import bill, cost
from tests.bench.deaths import WITHIN
from tests.bench.outage import DEATHS, EVENTS_LOST, OURS, STEPS, Sample, offline
from tests.bench.scale import scale, startup
from tests.bench.tables import Table

RESULTS = Path(__file__).with_name("RESULTS.md")
BEGIN, END = "<!-- measured: written by `make bench RESULTS=1` -->\n", "<!-- end of measured -->\n"
COSTS_BEGIN, COSTS_END = "<!-- costs: written by `make bench RESULTS=1` -->\n", "<!-- end of costs -->\n"
AFTER = ("median", "p95", "max")
# All deaths but by loss, which takes longer to see.
PROMPT = tuple(death for death in DEATHS if death != "nat-loses-60-percent")
WHO = {OURS: "nat-failover", "a": "(a) the article", "b": "(b) a checking function", "c": "(c) replacement by a group"}


def tables(found: Mapping[str, Any]) -> list[Table]:
    """Give all tables of a bench's results."""
    return [
        _outages(found),
        _false_failovers(found),
        _deaths(found),
        *scale.tables(found["scale"]),
        *cost.tables(found["cost"]),
        costs(found),
        *startup.tables(found["startup"]),
        _bars(found),
    ]


def costs(found: Mapping[str, Any]) -> Table:
    """Return what a pair with the default settings costs."""
    pair = PairConfig(name="main", vpc_id="", primary_route_table_id="", primary_instance_id="")
    return bill.table(bill.bill(found["cost"], pair))


def markdown(found: Mapping[str, Any]) -> str:
    """Give all tables as Markdown, with what they were measured on."""
    measured, ranges = found["measured"], found["latencies"]
    given = ", ".join(f"{name.replace('_', ' ')} {low:g} to {high:g} s" for name, (low, high) in ranges.items())
    harsh = ", ".join(
        f"{name.replace('_', ' ')} {' to '.join(f'{v:g}' for v in (rate if isinstance(rate, list) else [rate]))}"
        for name, rate in found["harshness"].items()
    )
    parts = [
        f"By `make bench` on {measured['at'][:10]}, on {measured['machine']}, Python {measured['python']}. No AWS is "
        f"involved: what it would add is drawn uniformly from these ranges ({given}), and on an ordinary day "
        f"it refuses, loses and forgets so often (calls a second, shares, and ranges in seconds: {harsh}).",
        "![What share of backends was back online after how many seconds](plots/outage.svg)",
        "![API calls and duration of a tick by fleet size](plots/scale.svg)",
    ]
    # What a pair costs has its place elsewhere on the page.
    parts += [table.markdown() for table in tables(found) if table != costs(found)]
    peers = "\n".join(f"- {WHO[name]}: {description}." for name, description in found["peers"].items())
    parts += ["### The models of what users have today", peers]
    return "\n\n".join(part for part in parts if part) + "\n"


def put(body: str, path: Path = RESULTS, marks: tuple[str, str] = (BEGIN, END)) -> None:
    """Put Markdown between two of the page's marks: those of the results unless told otherwise.

    Raises:
        ValueError: the marks are missing.
    """
    text = path.read_text(encoding="utf-8")
    before, begin, rest = text.partition(marks[0])
    _, end, after = rest.partition(marks[1])
    if not begin or not end:
        raise ValueError(f"{path.name} has to have the lines {marks[0]!r} and {marks[1]!r}")
    path.write_text(before + begin + "\n" + body + "\n" + end + after, encoding="utf-8")


def curves(samples: Sequence[Sample]) -> dict[str, list[float]]:
    """Give the outages that the plot shows, by the name of the curve."""

    def seconds(who: str, failures: Sequence[str], network: str, *, endpoints: bool = True) -> list[float]:
        chosen = (who, network, 1.0, endpoints)
        return offline(samples, lambda s: (s.who, s.network, s.slower, s.endpoints) == chosen and s.failure in failures)

    real = "namespaces" if any(sample.network == "namespaces" for sample in samples) else "simulated"
    packets = "real packets" if real == "namespaces" else real
    found = {
        f"nat-failover, {packets}": seconds(OURS, PROMPT, real),
        f"nat-failover, no endpoints, {packets}": seconds(OURS, PROMPT, real, endpoints=False),
        "nat-failover, events lost": seconds(OURS, [EVENTS_LOST], "simulated"),
        **{WHO[peer]: seconds(peer, ["nat-stopped"], "simulated") for peer in ("b", "a", "c")},
    }
    return {name: values for name, values in found.items() if values}


def _outages(found: Mapping[str, Any]) -> Table:
    rows = []
    for row in found["outage"]:
        offline_for, steps = row["offline"], row["steps"]
        rows.append(
            [
                WHO[row["who"]],
                f"`{row['failure']}`",
                "real packets" if row["network"] == "namespaces" else row["network"],
                "yes" if row["endpoints"] else "no",
                f"x{row['latencies']:g}",
                str(row["runs"]),
                *(f"{offline_for[key]:.1f}" for key in AFTER),
                *(f"{steps[step]:.1f}" if step in steps else "" for step in STEPS),
            ]
        )
    head = ["who", "failure", "network", "endpoints", "latencies", "runs", "median s", "95 % s", "max s", *STEPS]
    caption = (
        "Seconds that each of six backends in three subnets was offline, by a pinger of the lab's own that knows "
        "nothing of the product, after a failure at a random moment of the schedule's period (where pings or some "
        "packets still pass, until the route leads to the other NAT); then the median of when it was seen by the first "
        "probe, told to the function, decided, swapped, routed (all backends are online), and of the mail that says so."
    )
    return Table("Outage", caption, head, rows)


def _false_failovers(found: Mapping[str, Any]) -> Table:
    days = found["false_failovers"]
    mix = "; ".join(f"{kind['told']} ({kind['a_day']} a day)" for kind in days["mix"].values())
    rows = [[WHO[who], str(count)] for who, count in days["false_failovers"].items()]
    caption = (
        f"In {days['days']} virtual days in which the NAT is well: {mix}. Of the status-change events "
        f"{days['events']}. Half of the days are without endpoints, and in a quarter "
        "no ping ever passed the NATs. Hours in which nothing is the matter are left out."
    )
    return Table("False failovers", caption, ["who", "failovers that should not have been"], rows)


def _deaths(found: Mapping[str, Any]) -> Table:
    rows = [
        [
            circumstances,
            *map(str, (kind["deaths"], kind["missed"], len(kind["unseen"]))),
            *(f"{kind['after'][key]:.0f}" for key in AFTER),
        ]
        for circumstances, kind in found["deaths"].items()
    ]
    caption = (
        "Virtual deaths of the active NAT, of the kinds above, half of them without endpoints, in the midst of the "
        "episodes above, or while nothing can be done for a minute to an hour; missed is what is not moved within "
        f"{WITHIN:.0f} s of when it can be. Unseen is what is not moved since too few backends watched when the NAT "
        "died (agents that had only just been restarted) and, without endpoints, none can be asked to after that. Then "
        "the seconds from that moment on (0: moved before the episode ended)."
    )
    columns = ["deaths", "how many", "missed", "unseen", "median s", "95 % s", "max s"]
    return Table("Missed failovers", caption, columns, rows)


def _bars(found: Mapping[str, Any]) -> Table:
    rows = [[b["bar"], f"{b['limit']:g}", f"{b['measured']:g}", "yes" if b["met"] else "**no**"] for b in found["bars"]]
    return Table("Bars", "", ["what", "bar", "measured", "met"], rows)
