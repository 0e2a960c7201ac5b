"""Pure: what people are told where AWS has announced the end of a NAT, and the subnets have not left it (yet)."""

from __future__ import annotations

from nat_failover.network.announced import BEFORE
from nat_failover.settings import Handover, Settings
from nat_failover.telling.commands import read_lock, read_status, read_tables
from nat_failover.telling.message import Letter, Step


def nat_ending(seen: tuple[str, ...], active: str, s: Settings) -> Letter:
    """Return the letter that a NAT of the pair is going away; ``active`` is the route table that the subnets use."""
    if s.handover is Handover.TELL:
        decided = "to tell you: handover is set to tell."
    else:
        decided = (
            f"to move the subnets away from the active NAT in time, before maintenance {BEFORE / 60:.0f} minutes "
            "ahead: if the pair is armed, and backends get through the other NAT. The passive one's end moves nothing."
        )
    return Letter(
        "a NAT is going away",
        "AWS takes a NAT of the pair away. Once it is gone, the other NAT is the only one, and nothing can fail over.",
        seen=seen,
        decided=(decided,),
        done=("nothing: the subnets are as they were.",),
        next=(
            Step("See what EC2 says of both NATs", (read_status(s, *s.nats),)),
            Step("If it is the active one, see that the pair is armed", (read_lock(s), read_tables(s, active))),
            Step(f"Or move the subnets yourself: nat-failover failover {s.pair} (failback from the standby)"),
        ),
    )
