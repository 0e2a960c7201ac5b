"""Pure: what people are told of a lock that keeps everything from failing over."""

from __future__ import annotations

from nat_failover.judging.conditions import Condition, Trouble
from nat_failover.settings import Settings
from nat_failover.telling.commands import read_lock, rearm
from nat_failover.telling.formats import moment
from nat_failover.telling.message import Letter, Step


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
