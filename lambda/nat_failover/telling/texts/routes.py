"""Pure: what people are told where the two route tables differ in more than the default route."""

from __future__ import annotations

from nat_failover.judging.conditions import Condition
from nat_failover.settings import Settings
from nat_failover.telling.commands import read_tables
from nat_failover.telling.formats import moment
from nat_failover.telling.message import Letter, Step


def routes_differ(c: Condition, since: float, s: Settings) -> Letter:
    """Return the letter that the tables differ.

    Args:
        c: what is so, with the differences.
        since: since when, seconds since the epoch.
        s: of the pair.
    """
    active = c.active or s.primary_route_table
    passive = s.other_table(active)
    commands = tuple(filter(None, (difference.command(passive, s.region) for difference in c.routes)))
    rest = len(c.routes) - len(commands)
    return Letter(
        "DEGRADED: the route tables differ",
        "The two route tables differ in more than the default route: a failover would take these routes from the "
        "subnets, or add them.",
        (f"{c.reason}.", *(f"{difference.in_words}." for difference in c.routes), f"Since {moment(since)}."),
        ("to tell you before it matters. It stops no failover.",),
        ("nothing. No subnet was moved.",),
        next=(
            *((Step(f"Add to {passive} what it lacks", commands),) if commands else ()),
            *((Step(f"Decide about the other differences, and make {passive} match {active}"),) if rest else ()),
            Step(
                "Or set mirrorRoutes in the pair's configuration to have missing routes copied (for gateway endpoints, "
                "mirrorEndpoints too)."
            ),
        ),
        by_hand=(Step("See both tables", (read_tables(s),)),),
    )
