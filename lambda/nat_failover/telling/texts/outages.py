"""Pure: what people are told while backends are offline, and nothing is swapped."""

from __future__ import annotations

from dataclasses import replace

from nat_failover.judging.conditions import Condition, Trouble
from nat_failover.settings import Mode, Settings
from nat_failover.telling.commands import (
    move_subnets,
    own,
    read_checks,
    read_claims,
    read_lock,
    read_log,
    read_status,
    read_tables,
    reboot,
)
from nat_failover.telling.formats import duration, moment
from nat_failover.telling.message import Letter, Step, hosts
from nat_failover.telling.texts.arming import rearm_by_hand

NOTHING_DONE = "nothing. No subnet was moved."


def outage(c: Condition, since: float, s: Settings) -> Letter:
    """Return the letter of an outage in which a failover is held.

    Args:
        c: what is so.
        since: since when, seconds since the epoch.
        s: of the pair.
    """
    active = c.active or s.primary_route_table
    passive = s.other_table(active)
    nat, other = s.nat_of(active), s.nat_of(passive)
    role, to = f"the {s.role_of(active)} NAT {nat}", f"the {s.role_of(passive)} NAT {other}"
    seen = (f"{c.reason}.", *hosts(c.evidence, s), f"Offline since about {moment(since)}.")
    move = Step(f"Move the subnets to {to} yourself. The command checks, and asks first", (own(s, "failover"),))
    by_hand = Step(f"Move the subnets to {to}, one line each", move_subnets(s, passive, c.associations))
    look = Step("What EC2 says about both NATs, and the function's log", (read_status(s, nat, other), read_log(s)))
    leases = duration(2 * s.claim_lease)
    observes = s.mode is Mode.OBSERVE
    fails_over = "automatic mode would fail over" if observes else "the function fails over"
    match c.kind:
        case Trouble.WOULD_FAIL_OVER:
            return Letter(
                f"OFFLINE (observe mode): would have failed over to the {s.role_of(passive)} NAT",
                f"Backends are offline: {role} does not carry traffic, and {to} would. The mode is observe, so "
                "nothing was changed.",
                seen,
                (f"to fail over to {to}, through which they are online.",),
                (f"nothing: every protected subnet would have been moved from {active} to {passive}.",),
                next=(
                    move,
                    Step(f"Or fix {nat}; a reboot often does it", (reboot(s, nat),)),
                    Step("Set the mode to automatic and deploy, to have it done for you."),
                ),
                by_hand=(by_hand, look),
            )
        case Trouble.CONTROL_DOWN:
            return Letter(
                "OFFLINE, not failed over: neither NAT gets backends through",
                f"Backends are offline through {role}, and through {to} as well: a failover would not help.",
                seen,
                (f"to hold. As soon as backends reach the Internet through {other}, {fails_over}.",),
                (NOTHING_DONE,),
                next=(
                    Step("See what is wrong with each NAT", (own(s, "doctor"),)),
                    Step(f"Fix one. If it is {other}, {fails_over} to it", (reboot(s, other),)),
                    Step("Check whether AWS reports a problem: https://health.aws.amazon.com/health/status"),
                ),
                by_hand=(look,),
            )
        case Trouble.NOT_THE_NAT:
            return Letter(
                "OFFLINE, not failed over: it is not the NAT",
                f"Backends are offline, though they reach the Internet through a port of {role} itself: something "
                "between them and the NAT blocks their traffic.",
                seen,
                ("to hold: they would be offline behind the other NAT, too.",),
                (NOTHING_DONE,),
                next=(
                    Step(
                        f"See whether the source/destination check of {nat} is off, and whether {active} leads to it",
                        (own(s, "doctor"),),
                    ),
                    Step("Then look at what has changed: security groups, network ACLs, the hosts' own firewalls."),
                ),
                by_hand=(
                    Step("The same with the AWS CLI", (read_checks(s, nat), read_tables(s, active))),
                    replace(by_hand, text=f"Only if one of them is wrong: m{by_hand.text[1:]}"),
                ),
            )
        case Trouble.BOOTING:
            return Letter(
                "OFFLINE, not failed over yet: the NAT has just booted",
                f"Backends are offline, and {role}, which they use, has only just been started.",
                seen,
                (
                    f"to hold until {nat} has run for {s.warm_up} s, or a backend has been online through it. If "
                    f"backends are offline after that, {fails_over}.",
                ),
                (NOTHING_DONE,),
                next=(Step("Wait, and check", (own(s, "status"),)), replace(move, text=f"Or m{move.text[1:]}")),
                by_hand=(look, by_hand),
            )
        case Trouble.BLOCKED:
            return Letter(
                "OFFLINE, not failed over: a claim is in the way",
                f"Backends are offline through {role}, and the failover is blocked: somebody keeps writing the claim, "
                "as if to fail over, but doesn't.",
                (f"{c.reason}.", *hosts(c.evidence, s), f"Since {moment(since)}."),
                (f"to fail over anyway, once this has lasted for two leases of a claim ({leases}).",),
                ("nothing yet. No subnet was moved.",),
                next=(
                    Step("See whether the function has failed over by now", (own(s, "status"),)),
                    replace(
                        move,
                        text=f"If not, move the subnets to {to} yourself. The command waits for the claim, checks, and "
                        "asks first",
                    ),
                ),
                by_hand=(
                    Step("See who writes the claims, and take the permission away from them", (read_claims(s),)),
                    Step("See which subnets use which table", (read_tables(s, active),)),
                    by_hand,
                ),
            )
        case _:
            return Letter(
                "OFFLINE, and locked: nothing fails over",
                "Backends are offline while the pair is locked: nothing fails over"
                + (". The mode is observe, so re-arming alone moves nothing." if observes else " until you re-arm."),
                seen,
                ("to hold, because of the lock.",),
                (NOTHING_DONE,),
                next=(
                    Step("See why it is locked, and which NAT is fit", (own(s, "status"),)),
                    replace(move, text=f"If {other} is fit, m{move.text[1:]}")
                    if observes
                    else Step(
                        f"If {other} is fit, re-arm, and the subnets fail over to it. The command checks first",
                        (own(s, "rearm"),),
                    ),
                ),
                by_hand=(Step("See the lock", (read_lock(s),)), rearm_by_hand(s, other), by_hand),
            )
