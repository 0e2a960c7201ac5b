"""Pure: what people are told where something on the way to the targets lets nothing, or no pings, through."""

from __future__ import annotations

from nat_failover.judging.conditions import Condition
from nat_failover.settings import Settings
from nat_failover.telling.commands import own, read_acls, read_checks, read_groups, read_log, read_tables
from nat_failover.telling.formats import moment
from nat_failover.telling.message import Letter, Step, hosts


def never_online(c: Condition, since: float, s: Settings) -> Letter:
    """Return the letter that no backend has ever reached the Internet through the active NAT.

    Args:
        c: what is so.
        since: since when, seconds since the epoch.
        s: of the pair.
    """
    active = c.active or s.primary_route_table
    nat = s.nat_of(active)
    backends = tuple(o.host for o in c.evidence)[:3]
    return Letter(
        "OFFLINE, not failed over: no backend was ever online",
        f"Backends are offline, and none was ever seen online through the {s.role_of(active)} NAT {nat}: the function "
        "can't tell a dead NAT from one that never let them through. (What was seen before the targets were changed, "
        "or the NAT was replaced, does not count.)",
        (f"{c.reason}.", *hosts(c.evidence, s), f"Since {moment(since)}."),
        ("to hold. The pair is protected as soon as one backend is online.",),
        ("nothing. No subnet was moved.",),
        next=(
            Step("See what keeps them offline, and the command that fixes it", (own(s, "doctor"),)),
            Step(
                "If the NAT worked before and is dead now, move the subnets yourself. The command checks, and asks "
                "first",
                (own(s, "failover"),),
            ),
        ),
        by_hand=(
            Step(
                f"Check that {nat} runs with its source/destination check off, and that the default route of {active} "
                "leads to it",
                (read_checks(s, nat), read_tables(s, active)),
            ),
            Step(
                "Check the security groups: the backends' must let out ICMP echo and TCP 443 to anywhere, the NAT's "
                "must let both in from the backends and out to anywhere",
                (read_groups(s, nat, *backends),),
            ),
            Step(
                "Check the network ACLs of the private and the public subnets: both ways, answers to ports 1024 to "
                "65535 too",
                (read_acls(s, nat, *backends),),
            ),
            Step(f"On a backend, try the targets: ping -c 3 {s.targets[0]}; curl -m 5 https://{s.targets[0]}"),
            Step("What the function logged", (read_log(s),)),
        ),
    )


def pings_lost(c: Condition, since: float, s: Settings) -> Letter:
    """Return the letter that backends are online, and their pings are lost.

    Args:
        c: what is so.
        since: since when, seconds since the epoch.
        s: of the pair.
    """
    nat = s.nat_of(c.active or s.primary_route_table)
    backends = tuple(o.host for o in c.evidence)[:3]
    lost = tuple(f"{o.host}: {o.pings[0]} of {o.pings[1]} pings answered" for o in c.evidence)
    return Letter(
        "DEGRADED: backends are online, but most pings are lost",
        "Backends are online and their connections work, but most of their pings are lost: only connections would show "
        "a dead NAT.",
        (f"{c.reason}.", *lost, f"Since about {moment(since)}."),
        ("to tell you. It stops no failover.",),
        ("nothing. No subnet was moved.",),
        next=(
            Step("See which security group or network ACL keeps pings out", (own(s, "doctor"),)),
            Step(
                "If none does, choose other targets: many limit pings from one address, and behind a NAT all backends "
                f"have one (now {', '.join(s.targets)})"
            ),
        ),
        by_hand=(
            Step(
                f"Ping a target from {backends[0] if backends else 'a backend'}, then from {nat}: "
                f"ping -c 5 {s.targets[0]}"
            ),
            Step(
                "If only the backend's pings are lost, let ICMP echo through: the security groups of the backends and "
                "of both NATs, and the network ACLs",
                (read_groups(s, *s.nats, *backends), read_acls(s, *s.nats, *backends)),
            ),
        ),
    )
