"""Pure: what people are told of what lasts: when it begins, once a day while it lasts, and when it is over."""

from __future__ import annotations

from typing import assert_never

from nat_failover.judging.conditions import Condition, Trouble
from nat_failover.settings import Settings
from nat_failover.telling.commands import (
    associate,
    move_subnet,
    online_backends,
    read_lock,
    read_log,
    read_status,
    read_tables,
    rearm,
    reboot,
)
from nat_failover.telling.formats import moment
from nat_failover.telling.message import Letter, Step, hosts
from nat_failover.telling.texts.addresses import elsewhere, unaddressed
from nat_failover.telling.texts.endings import nat_ending
from nat_failover.telling.texts.failovers import from_record
from nat_failover.telling.texts.locks import blocked, locked
from nat_failover.telling.texts.ways import never_online, pings_lost

NOTHING_DONE = "nothing: the subnets are as they were."


def letter(c: Condition, since: float, s: Settings, *, again: bool = False) -> Letter:
    """Return the letter that something is wrong, or ``again`` that it still is.

    Args:
        c: what is so.
        since: since when, seconds since the epoch.
        s: of the pair.
    """
    match c.kind:
        case Trouble.FAILED_OVER | Trouble.FAILOVER_FAILED:
            return _failover(c, s, again=again)
        case (
            Trouble.WOULD_FAIL_OVER
            | Trouble.CONTROL_DOWN
            | Trouble.NOT_THE_NAT
            | Trouble.BOOTING
            | Trouble.OFFLINE_WHILE_LOCKED
            | Trouble.NEVER_ONLINE
        ):
            return never_online(c, since, s) if c.kind is Trouble.NEVER_ONLINE else _outage(c, since, s)
        case Trouble.CANNOT_JUDGE | Trouble.NO_SUBNETS | Trouble.SPLIT | Trouble.PASSIVE_UNHEALTHY:
            return _unprotected(c, since, s)
        case Trouble.PASSIVE_WITHOUT_ADDRESS | Trouble.NAT_ENDING:
            seen = (f"{c.reason}.", f"Since {moment(since)}.")
            active = c.active or s.primary_route_table
            return nat_ending(seen, active, s) if c.kind is Trouble.NAT_ENDING else unaddressed(seen, active, s)
        case Trouble.ROUTES_DIFFER | Trouble.EGRESS_ELSEWHERE | Trouble.PINGS_LOST:
            return pings_lost(c, since, s) if c.kind is Trouble.PINGS_LOST else _degraded(c, since, s)
        case Trouble.LOCK_UNREADABLE | Trouble.PAUSED | Trouble.BLOCKED:
            return blocked(c, since, s) if c.kind is Trouble.BLOCKED else locked(c, since, s)
        case _:
            assert_never(c.kind)


def _failover(c: Condition, s: Settings, *, again: bool) -> Letter:
    if c.record is None:
        raise ValueError("the lock of a failover has a record")
    return from_record(c.record, s, again=again)


def _outage(c: Condition, since: float, s: Settings) -> Letter:
    active = c.active or s.primary_route_table
    passive = s.other_table(active)
    nat, other = s.nat_of(active), s.nat_of(passive)
    roles = s.role_of(active), s.role_of(passive)
    seen = (f"{c.reason}.", *hosts(c.evidence, s), f"Offline since about {moment(since)}.")
    dead = f"The {roles[0]} NAT {nat} does not carry traffic"
    look = Step(f"Look at both NATs, {nat} is the active one", (read_status(s, nat, other), read_log(s)))
    by_hand = Step(
        f"To move the subnets by hand, each of these associations goes to {passive}",
        (read_tables(s, active), move_subnet(s, passive)),
    )
    match c.kind:
        case Trouble.WOULD_FAIL_OVER:
            return Letter(
                f"would have failed over to the {roles[1]} NAT (observe mode)",
                f"{dead}. The mode is observe: nothing was changed, and the private subnets are offline.",
                seen,
                (f"to fail over to the {roles[1]} NAT {other}, which has the Internet.",),
                (f"nothing: {active} would have been replaced by {passive} for every protected subnet.",),
                next=(
                    Step(f"Mend the NAT {nat}", (read_status(s, nat), reboot(s, nat))),
                    by_hand,
                    Step("Set the mode to automatic and deploy, to have it done for you."),
                ),
            )
        case Trouble.CONTROL_DOWN:
            return Letter(
                "OFFLINE, not failed over: a failover would not help",
                f"Backends are offline, and do not reach the Internet through the {roles[1]} NAT {other} either, which "
                "stands by: a failover would not help.",
                seen,
                ("to hold. As soon as backends reach the Internet through the passive NAT, it fails over.",),
                (NOTHING_DONE,),
                next=(
                    Step("Look whether AWS or the Internet has trouble: https://health.aws.amazon.com/health/status"),
                    look,
                    Step(f"Mend either NAT; {other} is enough, the subnets then follow by themselves."),
                ),
            )
        case Trouble.NOT_THE_NAT:
            return Letter(
                "OFFLINE, not failed over: it is not the NAT",
                f"Backends are offline, though they reach the Internet through a port of the {roles[0]} NAT {nat} "
                "itself: something between them and the NAT keeps their traffic back.",
                seen,
                ("to hold: behind the other NAT they would be offline, too.",),
                (NOTHING_DONE,),
                next=(
                    Step(
                        f"See whether the source/destination check of {nat} is off, and whether {active} leads to it",
                        (read_status(s, nat), read_tables(s, active)),
                    ),
                    Step("Then look at what has changed: security groups, network ACLs, the hosts' own firewalls."),
                    by_hand,
                ),
            )
        case Trouble.BOOTING:
            return Letter(
                "OFFLINE, not failed over: the NAT has just booted",
                f"Backends are offline, and the NAT {nat} that they use has only just been started.",
                seen,
                (f"to hold until {nat} has run for {s.warm_up} s, or has been seen to work.",),
                (NOTHING_DONE,),
                next=(look, by_hand),
            )
        case _:
            return Letter(
                "OFFLINE and locked: nothing is done about it",
                "Backends are offline while the pair is locked: nothing fails over until you re-arm.",
                seen,
                ("to hold, because of the lock.",),
                (NOTHING_DONE,),
                next=(
                    Step("See why it is locked", (read_lock(s),)),
                    look,
                    Step(f"If the other NAT, {other}, is fine, re-arm and the subnets fail over", (rearm(s),)),
                    by_hand,
                ),
            )


def _unprotected(c: Condition, since: float, s: Settings) -> Letter:
    seen = (f"{c.reason}.", *hosts(c.evidence, s), f"Since {moment(since)}.")
    hold = ("to hold: nothing fails over while it is so.",)
    log = Step("What the function says of it", (read_log(s),))
    match c.kind:
        case Trouble.CANNOT_JUDGE:
            return Letter(
                "can't judge: too few backends answer",
                f"Fewer than {s.failure_threshold} backends answer, so that a dead NAT could not be told from dead "
                "servers: the subnets are not protected.",
                seen,
                hold,
                (NOTHING_DONE,),
                next=(
                    Step(
                        f"See which are online in Systems Manager; at least {s.failure_threshold} have to run, carry "
                        f"the tag {s.probe_tag_key}={s.probe_tag_value}, and be online",
                        (online_backends(s),),
                    ),
                    log,
                ),
            )
        case Trouble.NO_SUBNETS:
            return Letter(
                "no subnet is protected",
                "No subnet is explicitly associated with either route table of the pair, so that there is nothing "
                "that could be moved: the subnets are not protected.",
                seen,
                hold,
                (NOTHING_DONE,),
                next=(
                    Step("See which subnets use which table", (read_tables(s),)),
                    Step("Associate each private subnet", (associate(s, s.primary_route_table),)),
                ),
            )
        case Trouble.SPLIT:
            return Letter(
                "subnets split over both NATs: unprotected",
                "Some subnets use one route table of the pair and some the other, so that no NAT is the active one.",
                seen,
                hold,
                (NOTHING_DONE,),
                next=(
                    Step("See which subnets use which table", (read_tables(s),)),
                    Step("Move all of them to one table", (move_subnet(s, s.primary_route_table),)),
                ),
            )
        case _:
            passive = s.other_table(c.active or s.primary_route_table)
            nat = s.nat_of(passive)
            return Letter(
                "the passive NAT could not take over",
                f"The {s.role_of(passive)} NAT {nat} that stands by could not take over: the subnets are online, but "
                "not protected.",
                seen,
                ("nothing; a failover would be held.",),
                (NOTHING_DONE,),
                next=(
                    Step("See what EC2 says of it", (read_status(s, nat), read_tables(s, passive))),
                    Step("Start or mend it; a reboot is harmless while it is passive", (reboot(s, nat),)),
                    log,
                ),
            )


def _degraded(c: Condition, since: float, s: Settings) -> Letter:
    seen = (f"{c.reason}.", *c.details, f"Since {moment(since)}.")
    active = c.active or s.primary_route_table
    if c.kind is Trouble.ROUTES_DIFFER:
        return Letter(
            "the route tables differ",
            "The two route tables differ in more than the default route: a failover would take these routes from the "
            "subnets, or add them.",
            seen,
            ("to tell you before it matters; a failover is not held back by it.",),
            (NOTHING_DONE,),
            next=(
                Step(f"Make {s.other_table(active)} like {active}", (read_tables(s),)),
                Step(
                    "Or set mirrorRoutes in the pair's configuration, to have missing routes copied (those of gateway "
                    "endpoints: mirrorEndpoints, too)."
                ),
            ),
        )
    return elsewhere(seen, active, s)
