"""Pure: what people are told where AWS has announced the end of a NAT, and the subnets have not left it (yet)."""

from __future__ import annotations

from nat_failover.judging.conditions import Condition
from nat_failover.network.announced import BEFORE
from nat_failover.settings import Handover, Mode, Settings
from nat_failover.telling.commands import own, read_lock, read_status, read_tables
from nat_failover.telling.formats import moment
from nat_failover.telling.message import Letter, Step


def nat_ending(c: Condition, since: float, s: Settings) -> Letter:
    """Return the letter that a NAT of the pair is going away.

    Args:
        c: what is so.
        since: since when, seconds since the epoch.
        s: of the pair.
    """
    active = c.active or s.primary_route_table
    if s.handover is Handover.TELL:
        decided = "to tell you: handover is set to tell."
    elif s.mode is Mode.OBSERVE:
        decided = "to tell you: in observe mode nothing is moved."
    else:
        decided = (
            f"to move the subnets off the active NAT in time ({BEFORE / 60:.0f} minutes before maintenance), if the "
            "pair is armed and backends get through the other NAT. If it is the passive NAT, nothing is moved."
        )
    move = "failover" if active == s.primary_route_table else "failback"
    return Letter(
        "NOT PROTECTED soon: a NAT is going away",
        "AWS is about to take away one of the pair's NATs. Once it is gone, the other is the only one, and nothing can "
        "fail over.",
        seen=(f"{c.reason}.", f"Since {moment(since)}."),
        decided=(decided,),
        done=("nothing: the subnets are as they were.",),
        next=(
            Step("See which NAT is active, and that the pair is armed", (own(s, "status"),)),
            Step(
                "If the one that is going away is active, you can move the subnets now. The command checks, and "
                "asks first",
                (own(s, move),),
            ),
        ),
        by_hand=(
            Step("What EC2 says about both NATs", (read_status(s, *s.nats),)),
            Step("See the lock, and which table the subnets use", (read_lock(s), read_tables(s, active))),
        ),
    )
