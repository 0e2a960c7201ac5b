"""Pure: what people are told of what lasts: when it begins, and once a day while it does."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from nat_failover.judging.conditions import OFFLINE, Condition, Trouble
from nat_failover.settings import Settings
from nat_failover.telling.commands import (
    associate,
    move_subnets,
    online_backends,
    own,
    read_log,
    read_status,
    read_subnets,
    read_tables,
    reboot,
)
from nat_failover.telling.formats import moment
from nat_failover.telling.message import Letter, Step, hosts
from nat_failover.telling.texts.addresses import elsewhere, unaddressed
from nat_failover.telling.texts.endings import nat_ending
from nat_failover.telling.texts.locks import locked
from nat_failover.telling.texts.outages import NOTHING_DONE, outage
from nat_failover.telling.texts.records import from_record
from nat_failover.telling.texts.routes import routes_differ
from nat_failover.telling.texts.ways import never_online, pings_lost


def letter(c: Condition, since: float, s: Settings, *, again: bool = False) -> Letter:
    """Return the letter that something is wrong, or ``again`` that it still is.

    Args:
        c: what is so.
        since: since when, seconds since the epoch.
        s: of the pair.
    """
    if c.kind in (Trouble.FAILED_OVER, Trouble.FAILOVER_FAILED):
        if c.record is None:
            raise ValueError("the lock of a failover has a record")
        return from_record(c.record, s, again=again)
    write = _LETTERS.get(c.kind) or (outage if c.kind in OFFLINE else _unprotected)
    return write(c, since, s)


def _unprotected(c: Condition, since: float, s: Settings) -> Letter:
    seen = (f"{c.reason}.", *hosts(c.evidence, s), f"Since {moment(since)}.")
    hold = ("to hold: no failover while this lasts.",)
    log = Step("What the function's log says", (read_log(s),))
    tables = Step("See which subnets use which table", (read_tables(s),))
    match c.kind:
        case Trouble.CANNOT_JUDGE:
            few = "None of the" if c.nobody else f"Fewer than {s.failure_threshold}"
            return Letter(
                "POSSIBLY OFFLINE: no backend answers" if c.nobody else "NOT PROTECTED: too few backends answer",
                f"{few} backends answer. A dead NAT can't be told apart from dead servers, and it is not known whether "
                "the subnets are online.",
                seen,
                hold,
                (NOTHING_DONE,),
                next=(
                    Step("See which backends answer, and why the others don't", (own(s, "doctor"),)),
                    Step(
                        f"At least {s.failure_threshold} have to run, carry the tag "
                        f"{s.probe_tag_key}={s.probe_tag_value}, and be online in Systems Manager."
                    ),
                ),
                by_hand=(Step("See which are online in Systems Manager", (online_backends(s),)), log),
            )
        case Trouble.NO_SUBNETS:
            return Letter(
                "NOT PROTECTED: no subnet uses the pair's route tables",
                "No subnet is explicitly associated with either route table of the pair, so there is nothing to move.",
                seen,
                hold,
                (NOTHING_DONE,),
                next=(
                    Step(
                        "See which subnets follow the main route table, and the commands that associate them",
                        (own(s, "doctor"),),
                    ),
                ),
                by_hand=(
                    Step(
                        "See which subnets the backends are in, and which use which table",
                        (read_subnets(s), *tables.commands),
                    ),
                    Step(
                        f"Associate each private subnet with {s.primary_route_table}, one line a subnet",
                        (associate(s, s.primary_route_table),),
                    ),
                ),
            )
        case Trouble.SPLIT:
            return Letter(
                "NOT PROTECTED: subnets are split over both NATs",
                "Some subnets use one route table of the pair and some the other, so neither NAT is the active one.",
                seen,
                hold,
                (NOTHING_DONE,),
                next=(
                    Step("See which NAT is fit, and the commands that bring the subnets together", (own(s, "doctor"),)),
                ),
                by_hand=(
                    tables,
                    Step(
                        f"Move all of them to the primary NAT {s.primary_instance}, if it is fit, one line a subnet",
                        move_subnets(s, s.primary_route_table, c.associations),
                    ),
                ),
            )
        case _:
            passive = s.other_table(c.active or s.primary_route_table)
            nat, role = s.nat_of(passive), s.role_of(passive)
            return Letter(
                f"NOT PROTECTED: the {role} NAT can't take over",
                f"The {role} NAT {nat} stands by, but can't take over: if the active NAT dies, the subnets stay "
                "offline.",
                seen,
                hold,
                (NOTHING_DONE,),
                next=(
                    Step("See what is wrong with it, and the command that fixes it", (own(s, "doctor"),)),
                    Step("Start or fix it; a reboot is harmless while it is passive", (reboot(s, nat),)),
                ),
                by_hand=(Step("What EC2 says about it", (read_status(s, nat), read_tables(s, passive))), log),
            )


_LETTERS: Mapping[Trouble, Callable[[Condition, float, Settings], Letter]] = {
    Trouble.NEVER_ONLINE: never_online,
    Trouble.PASSIVE_WITHOUT_ADDRESS: unaddressed,
    Trouble.EGRESS_ELSEWHERE: elsewhere,
    Trouble.NAT_ENDING: nat_ending,
    Trouble.ROUTES_DIFFER: routes_differ,
    Trouble.PINGS_LOST: pings_lost,
    Trouble.LOCK_UNREADABLE: locked,
    Trouble.PAUSED: locked,
}
