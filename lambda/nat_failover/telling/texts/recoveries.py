"""Pure: what people are told of what is over."""

from __future__ import annotations

from nat_failover.judging.conditions import Trouble
from nat_failover.settings import Settings
from nat_failover.telling.commands import own
from nat_failover.telling.formats import duration, moment
from nat_failover.telling.message import Letter, Step

# The end of the subject, of which there are no two alike, and a sentence.
_OVER: dict[Trouble, tuple[str, str]] = {
    Trouble.FAILED_OVER: ("re-armed after the failover", "The lock no longer says that the pair has failed over."),
    Trouble.FAILOVER_FAILED: ("re-armed after a failed failover", "The lock no longer says that a failover failed."),
    Trouble.WOULD_FAIL_OVER: ("online again, no failover is due", "A failover would no longer be due."),
    Trouble.CONTROL_DOWN: (
        "online again, after neither NAT got backends through",
        "Backends reach the Internet again.",
    ),
    Trouble.NOT_THE_NAT: ("online again, after trouble that was not the NAT", "Backends reach the Internet again."),
    Trouble.BOOTING: ("online again, the NAT has booted", "Backends reach the Internet again."),
    Trouble.OFFLINE_WHILE_LOCKED: ("online again, after an outage while locked", "Backends reach the Internet again."),
    Trouble.BLOCKED: ("no claim blocks failovers any more", "No claim blocks failovers of the pair any more."),
    Trouble.NEVER_ONLINE: (
        "backends are online for the first time",
        "Backends reach the Internet through the active NAT.",
    ),
    Trouble.CANNOT_JUDGE: ("enough backends answer again", "Enough backends answer to judge the NAT."),
    Trouble.NO_SUBNETS: (
        "subnets use the pair's route tables again",
        "Subnets are associated with a route table of the pair.",
    ),
    Trouble.SPLIT: ("the subnets all use one NAT again", "All protected subnets use the same route table."),
    Trouble.NAT_ENDING: ("no NAT is going away any more", "Neither NAT is about to go away any more."),
    Trouble.PASSIVE_UNHEALTHY: ("the passive NAT can take over again", "The NAT that stands by can take over."),
    Trouble.PASSIVE_WITHOUT_ADDRESS: (
        "the passive NAT has a public address again",
        "The NAT that stands by has a public address again.",
    ),
    Trouble.ROUTES_DIFFER: ("the route tables are alike", "The two tables differ only in the default route."),
    Trouble.EGRESS_ELSEWHERE: ("the egress address is in place", "The pair's addresses are where they belong."),
    Trouble.PINGS_LOST: ("pings are answered again", "Backends' pings to the targets are answered again."),
    Trouble.LOCK_UNREADABLE: ("the lock is readable again", "The function understands the lock again."),
    Trouble.PAUSED: ("no longer paused", "The pair is no longer paused."),
}


_DRILL_OVER = ("re-armed after the drill", "The drill is over: the pair is no longer locked.")


def ending(kind: Trouble, since: float, until: float, now: str, s: Settings, *, drill: bool = False) -> Letter:
    """Return the letter that something is over.

    Args:
        kind: what is over.
        since: when it began, seconds since the epoch.
        until: since when it is no longer seen.
        now: what the pair's state is, in words.
        s: of the pair.
        drill: it was a drill's failover.
    """
    outcome, headline = _DRILL_OVER if drill and kind is Trouble.FAILED_OVER else _OVER[kind]
    return Letter(
        f"RECOVERED: {outcome}",
        headline,
        seen=(f"It lasted {duration(until - since)}, from {moment(since)} to {moment(until)}.", f"Now: {now}."),
        next=(Step("No action needed. To check the pair", (own(s, "status"),)),),
    )
