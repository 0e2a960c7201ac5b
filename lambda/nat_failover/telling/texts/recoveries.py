"""Pure: what people are told of what is over."""

from __future__ import annotations

from nat_failover.judging.conditions import Trouble
from nat_failover.settings import Settings
from nat_failover.telling.commands import read_lock
from nat_failover.telling.formats import duration, moment
from nat_failover.telling.message import Letter, Step

_OVER: dict[Trouble, tuple[str, str]] = {
    Trouble.FAILED_OVER: (
        "the lock is reset after the failover",
        "The lock no longer says that the pair has failed over.",
    ),
    Trouble.FAILOVER_FAILED: (
        "the lock is reset after a failure",
        "The lock no longer holds a failed failover.",
    ),
    Trouble.WOULD_FAIL_OVER: ("backends are online again", "A failover would no longer be due."),
    Trouble.CONTROL_DOWN: ("backends are online again", "Backends reach the Internet again."),
    Trouble.NOT_THE_NAT: ("backends are online again", "Backends reach the Internet again."),
    Trouble.BOOTING: ("backends are online again", "Backends reach the Internet again."),
    Trouble.OFFLINE_WHILE_LOCKED: (
        "backends are online again",
        "Backends reach the Internet again.",
    ),
    Trouble.BLOCKED: ("failovers are not blocked any more", "No claim keeps the pair from failing over any more."),
    Trouble.NEVER_ONLINE: ("backends are online", "Backends reach the Internet through the active NAT."),
    Trouble.CANNOT_JUDGE: ("enough backends answer again", "Enough backends answer to judge the NAT."),
    Trouble.NO_SUBNETS: ("subnets are protected", "Subnets are associated with a route table of the pair."),
    Trouble.SPLIT: ("the subnets are not split any more", "All protected subnets use the same route table."),
    Trouble.NAT_ENDING: ("no NAT is going away", "Of neither NAT an end is announced any more."),
    Trouble.PASSIVE_UNHEALTHY: ("the passive NAT could take over", "The NAT that stands by could take over again."),
    Trouble.PASSIVE_WITHOUT_ADDRESS: (
        "the passive NAT has a public address",
        "The NAT that stands by has a public address again.",
    ),
    Trouble.ROUTES_DIFFER: (
        "the route tables are alike",
        "The two route tables differ in nothing but the default route.",
    ),
    Trouble.EGRESS_ELSEWHERE: ("the egress address is in place", "The pair's addresses are where they belong."),
    Trouble.PINGS_LOST: ("pings are answered again", "Backends' pings to the targets are answered again."),
    Trouble.LOCK_UNREADABLE: ("the lock can be understood", "The lock says something that the function understands."),
    Trouble.PAUSED: ("no longer paused", "The pair is no longer paused."),
}


def ending(kind: Trouble, since: float, until: float, now: str, s: Settings) -> Letter:
    """Return the letter that something is over.

    Args:
        kind: what is over.
        since: when it began, seconds since the epoch.
        until: since when it is no longer seen.
        now: what the pair's state is, in words.
        s: of the pair.
    """
    outcome, headline = _OVER[kind]
    return Letter(
        f"recovered: {outcome}",
        headline,
        seen=(f"It lasted {duration(until - since)}, from {moment(since)} to {moment(until)}.", f"Now: {now}."),
        next=(Step("No action needed. To check the lock", (read_lock(s),)),),
    )
