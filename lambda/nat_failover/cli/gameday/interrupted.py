"""What is left to do after a drill that a person has interrupted."""

from __future__ import annotations

from botocore.exceptions import BotoCoreError, ClientError

from nat_failover.cli.operator.operator import Hand, Say
from nat_failover.lock.record import LockState
from nat_failover.network.route_tables import RouteTablesError
from nat_failover.telling.commands import own

# The function may fail over by what it has heard before the NAT forwarded again: for so many seconds at most.
MAY_FOLLOW = 10.0


def left_by(hand: Hand, home: str, say: Say, *, broken: bool) -> list[str]:
    """Return the commands that are left to run, in order; none where all is as it was before.

    Args:
        hand: means of the person.
        home: route table that the subnets used before.
        say: tells the person how it goes.
        broken: a NAT forwarded no more for some time.
    """
    s = hand.settings
    try:
        if broken and hand.lock.read().lock.state is LockState.ARMED:
            say("checking whether the function fails over anyway")
            hand.runtime.sleep(MAY_FOLLOW)
        tables, state = hand.routes.read(), hand.lock.read().lock.state
    except (ClientError, BotoCoreError, RouteTablesError, KeyboardInterrupt):
        return [own(s, "status")]
    back = own(s, "failback") if home == s.primary_route_table else own(s, "failover", "--to", "standby")
    if state is LockState.FAILING_OVER:
        return [own(s, "status", "--watch"), back, own(s, "rearm")]
    if tables.active != home:
        return [back, own(s, "rearm")]
    return [] if state is LockState.ARMED else [own(s, "rearm")]
