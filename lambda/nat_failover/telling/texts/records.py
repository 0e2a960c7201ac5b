"""Pure: what people are told of a failover by what the lock says of it, when it was done and a day later."""

from __future__ import annotations

from nat_failover.lock.record import LockState, Record
from nat_failover.settings import Settings
from nat_failover.telling.commands import move_subnets, own, read_status, read_tables
from nat_failover.telling.formats import moment
from nat_failover.telling.message import Letter, Step
from nat_failover.telling.texts.arming import move_yourself, rearm_by_hand, rearm_once_fit

# What a person has done, by the name of the command, for the subject and for the text.
_BY_HAND = {
    "failover": ("NOT PROTECTED: failed over by hand", "failed over by hand"),
    "failback": ("NOT PROTECTED: failed back by hand", "failed back by hand"),
    "drill": ("DRILL: not protected, subnets moved", "moved in a drill"),
}


def from_record(record: Record, s: Settings, *, again: bool) -> Letter:
    """Return the letter of what the lock says of a failover, whose author could not tell, or ``again`` a day later."""
    moved, to = record.state is LockState.FAILED_OVER, record.to_table
    outcome, headline = _outcome(record, s)
    role = f"the {s.role_of(to)} NAT" if to in s.tables else to
    since = ", not re-armed for a day" if again else f", {role} is active" if moved else ""
    left = s.nat_of(record.from_table) if record.from_table in s.tables else None
    if moved:
        first = [Step("See what is online, and which NAT is fit", (own(s, "status"),))]
        by_hand = Step("What EC2 says about the NATs", (read_status(s, *s.nats),))
    else:
        first = [Step("See which subnets are offline", (own(s, "status"),))]
        first += [move_yourself(s, to)] if to in s.tables else []
        to = to if to in s.tables else s.primary_route_table
        by_hand = Step(
            "See which subnets use which table, and move those that are left",
            (read_tables(s), *move_subnets(s, to, tuple(record.subnets.values()))),
        )
    return Letter(
        outcome + since,
        f"{headline} "
        + (
            "Since then the pair has been locked: nothing fails over."
            if again
            else "Nothing fails over until you re-arm. This is what the lock says."
        ),
        seen=(f"{record.reason}.", *record.evidence),
        decided=(f"to move the subnets, by {record.owner} at {moment(record.since)}.",),
        done=(f"{record.outcome}.",),
        next=(*first, rearm_once_fit(s, left)),
        by_hand=(by_hand, rearm_by_hand(s, left)),
    )


def _outcome(record: Record, s: Settings) -> tuple[str, str]:
    """Return what has come of it, for the subject and in a sentence."""
    old, new = _nat(record.from_table, s), _nat(record.to_table, s)
    if record.state is not LockState.FAILED_OVER:
        return (
            "POSSIBLY OFFLINE: a failover failed",
            f"The private subnets could not all be moved from {old} to {new}: some may be offline.",
        )
    if record.rolled_back:
        return (
            "NOT PROTECTED: a move by hand was undone",
            f"The private subnets were to be moved from {new} to {old}, and all use {new} again.",
        )
    subject, text = _BY_HAND.get(record.by_hand, ("NOT PROTECTED: failed over", "moved"))
    return subject, f"The private subnets were {text} from {old} to {new}."


def _nat(table: str, s: Settings) -> str:
    """Return the name of the NAT behind a table; a record may be older than the tables that the pair has now."""
    if table not in s.tables:
        return f"{table}, which is none of the pair's route tables,"
    return f"the {s.role_of(table)} NAT {s.nat_of(table)} ({table})"
