"""Pure: what people are told of a lock that keeps everything from failing over."""

from __future__ import annotations

from nat_failover.judging.conditions import Condition, Trouble
from nat_failover.settings import Settings
from nat_failover.telling.commands import move_subnet, read_claims, read_lock, read_tables, rearm
from nat_failover.telling.formats import moment
from nat_failover.telling.message import Letter, Step, hosts


def locked(c: Condition, since: float, s: Settings) -> Letter:
    """Return the letter that the pair is paused, or that its lock can't be understood.

    Args:
        c: what is so.
        since: since when, seconds since the epoch.
        s: of the pair.
    """
    seen = (f"{c.reason}.", f"Since {moment(since)}.")
    see = Step("See the lock", (read_lock(s),))
    if c.kind is Trouble.PAUSED:
        return Letter(
            "paused for a day: nothing is protected",
            "A person has paused the pair, a day ago or longer: no host is asked, and nothing fails over.",
            seen,
            next=(see, Step("When the work is done, re-arm", (rearm(s),))),
        )
    return Letter(
        "the lock can't be understood: locked",
        "The lock holds something that the function does not understand, so that it takes the pair for locked: "
        "nothing fails over.",
        seen,
        ("to hold, because of the lock.",),
        ("nothing: the subnets are as they were.",),
        next=(see, Step("If nobody meant it, re-arm", (rearm(s),))),
    )


def blocked(c: Condition, since: float, s: Settings) -> Letter:
    """Return the letter that somebody's claims keep a failover from being made; see ``locked``."""
    active = c.active or s.primary_route_table
    passive = s.other_table(active)
    return Letter(
        "OFFLINE, and a claim blocks the failover",
        f"Backends are offline by the NAT {s.nat_of(active)}, and the failover is not made: somebody keeps writing a "
        "claim, as if about to fail over, and does not.",
        (f"{c.reason}.", *hosts(c.evidence, s), f"Since {moment(since)}."),
        ("to fail over all the same as soon as this has lasted for two leases of a claim.",),
        ("nothing yet: the subnets are as they were.",),
        next=(
            Step("See who writes the claims, and take the permission away", (read_claims(s),)),
            Step(
                f"To move the subnets by hand, each of these associations goes to {passive}",
                (read_tables(s, active), move_subnet(s, passive)),
            ),
        ),
    )
