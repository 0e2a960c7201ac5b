"""Pure: steps of several mails: to re-arm, with checks and without them, and to move what a failover has left."""

from __future__ import annotations

from nat_failover.settings import Settings
from nat_failover.telling.commands import own, rearm
from nat_failover.telling.message import Step


def rearm_once_fit(s: Settings, other: str | None = None) -> Step:
    """Return the step to re-arm; ``other`` is the NAT that has to be fit before, where it is known which."""
    nat = "the other NAT" if other is None else other
    return Step(f"Re-arm. The command checks first, and refuses while {nat} can't take over", (own(s, "rearm"),))


def rearm_by_hand(s: Settings, other: str | None = None) -> Step:
    """Return the step to re-arm without any check; see ``rearm_once_fit``."""
    nat = "the other NAT" if other is None else other
    return Step(
        f"Re-arm without these checks. Make sure first that {nat} forwards: until it does, nothing is protected",
        (rearm(s),),
    )


def move_yourself(s: Settings, to_table: str) -> Step:
    """Return the step to move what a failover has left behind."""
    role = s.role_of(to_table)
    return Step(
        f"Move the subnets to the {role} NAT yourself: your permissions may do what the function's did not. "
        "The command checks, and asks first",
        (own(s, "failover", "--to", role),),
    )
