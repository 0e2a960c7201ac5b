"""Pure: what people are told of a lock that keeps everything from failing over."""

from __future__ import annotations

from nat_failover.judging.conditions import Condition, Trouble
from nat_failover.settings import Settings
from nat_failover.telling.commands import own, read_lock
from nat_failover.telling.formats import moment
from nat_failover.telling.message import Letter, Step
from nat_failover.telling.texts.arming import rearm_by_hand, rearm_once_fit


def locked(c: Condition, since: float, s: Settings) -> Letter:
    """Return the letter that the pair is paused, or that its lock can't be understood.

    Args:
        c: what is so.
        since: since when, seconds since the epoch.
        s: of the pair.
    """
    seen = (f"{c.reason}.", f"Since {moment(since)}.")
    by_hand = (Step("See the lock", (read_lock(s),)), rearm_by_hand(s))
    if c.kind is Trouble.PAUSED:
        return Letter(
            "NOT PROTECTED: paused for a day",
            "A person paused the pair a day ago, or longer: no host is asked, and nothing fails over. It is not known "
            "whether the subnets are online.",
            seen,
            next=(Step("When the work is done, resume. The command checks first", (own(s, "resume"),)),),
            by_hand=by_hand,
        )
    return Letter(
        "NOT PROTECTED: the lock can't be understood",
        "The function does not understand what the lock says, and treats the pair as locked: nothing fails over.",
        seen,
        ("to hold, because of the lock.",),
        ("nothing. No subnet was moved.",),
        next=(Step("See what it says, and who wrote it", (own(s, "history"),)), rearm_once_fit(s)),
        by_hand=by_hand,
    )
