"""Pure: what people are told of a failover: done, failed, and, where whoever did it has died, what its record says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nat_failover.judging.nat_gone import EC2_SAYS
from nat_failover.lock.record import LockState, Record
from nat_failover.network.egress_address import Move
from nat_failover.network.swap import Swapped
from nat_failover.probing.observation import Observation
from nat_failover.probing.verification import Verified
from nat_failover.settings import Settings
from nat_failover.telling.commands import move_subnet, read_log, read_status, read_tables, rearm
from nat_failover.telling.formats import clock, duration, moment
from nat_failover.telling.message import Letter, Step, hosts


def failed_over(
    record: Record,
    evidence: Sequence[Observation],
    swapped: Swapped,
    verified: Verified,
    s: Settings,
    unrecorded: str = "",
) -> Letter:
    """Return the letter that the subnets have been moved; ``unrecorded`` is why the lock does not say so yet."""
    old, new = s.nat_of(record.from_table), s.nat_of(record.to_table)
    role = s.role_of(record.to_table)
    done = "handed over" if record.handover else "failed over"
    moved = f"were moved to the {role} NAT {new}" + (" before it did" if record.handover else "")
    return Letter(
        f"{done} to the {role} NAT, {verified.said}",
        f"{_why(record, s)}, and the private subnets {moved}.",
        seen=(f"{record.reason}.", *(hosts(evidence, s) or record.evidence)),
        decided=_decided(record, s),
        done=(
            f"{len(swapped.moved)} subnets moved from {record.from_table} to {record.to_table} in "
            f"{swapped.seconds:.1f} s ({', '.join(swapped.moved)}).",
            *_egress(swapped.egress),
            *_unrecorded(unrecorded),
        ),
        helped=(_helped(verified), *_outage(evidence, swapped, verified)),
        next=(
            *_move_egress(swapped.egress, s),
            Step(
                f"Once {old}, or what takes its place, runs again, it can stand by"
                if record.handover
                else f"Find out what happened to {old} and mend it",
                (read_status(s, old),),
            ),
            Step("Until you re-arm, nothing fails over again", (rearm(s),)),
            Step(
                f"After that {new} is the active NAT and {old} stands by; the pair is symmetric, so there is no need "
                "to go back."
            ),
        ),
    )


def swap_failed(
    record: Record,
    evidence: Sequence[Observation],
    error: str,
    left: Sequence[str],
    s: Settings,
    egress: Move | None = None,
) -> Letter:
    """Return the letter that subnets could not be moved; ``left`` are their associations, where they are known."""
    role, to_table = s.role_of(record.to_table), record.to_table
    by_hand = tuple(move_subnet(s, to_table, association) for association in left)
    return Letter(
        "FAILOVER FAILED, subnets may be offline: act now",
        f"{_why(record, s)}, and the private subnets could not all be moved to the {role} NAT {s.nat_of(to_table)}.",
        seen=(f"{record.reason}.", *(hosts(evidence, s) or record.evidence)),
        decided=_decided(record, s),
        done=(f"FAILED: {error}.", *_egress(egress)),
        helped=("no: what could not be moved is offline.",),
        next=(
            Step(
                f"Associate the subnets that are left on {record.from_table} with {to_table} by hand",
                (read_tables(s, record.from_table), *(by_hand or (move_subnet(s, to_table),))),
            ),
            *_move_egress(egress, s),
            Step("Mend what EC2 complains of; the function's log has all of it", (read_log(s),)),
            Step("Nothing is tried again until you re-arm", (rearm(s),)),
        ),
    )


def from_record(record: Record, s: Settings, *, again: bool) -> Letter:
    """Return the letter of what the lock says of a failover, whose author could not tell, or ``again`` a day later."""
    moved, to = record.state is LockState.FAILED_OVER, record.to_table
    ways = f"from {_nat(record.from_table, s)} to {_nat(to, s)}"
    ways_back = f"from {_nat(to, s)} to {_nat(record.from_table, s)}"
    tables = (read_tables(s), move_subnet(s, to if to in s.tables else s.primary_route_table))
    if moved and record.rolled_back:
        outcome = "a move by hand was rolled back"
        headline = f"The private subnets were to be moved {ways_back}, and are all with {_nat(to, s)} again"
        first = Step(
            "Find out what is wrong with the NAT that they were to go to, and mend it", (read_status(s, *s.nats),)
        )
    elif moved:
        outcome, headline = "failed over", f"The private subnets were moved {ways}"
        first = Step("Find out what happened to the NAT that they have left, and mend it", (read_status(s, *s.nats),))
    else:
        outcome = "FAILOVER FAILED"
        headline = f"The private subnets could not all be moved {ways}: some may be offline"
        first = Step("Associate every protected subnet with one of the pair's route tables by hand", tables)
    return Letter(
        f"{outcome}, and not re-armed since" if again else f"{outcome}, says the lock",
        f"{headline}. "
        + (
            "Since then the pair has been locked: nothing fails over."
            if again
            else "Whoever did it has not told you: this is what the lock says."
        ),
        seen=(f"{record.reason}.", *record.evidence),
        decided=(f"to move the subnets, by {record.owner} at {moment(record.since)}.",),
        done=(f"{record.outcome}.",),
        next=(first, Step("Until you re-arm, nothing fails over", (rearm(s),))),
    )


def _nat(table: str, s: Settings) -> str:
    """Return the name of the NAT behind a table; a record may be older than the tables that the pair has now."""
    if table not in s.tables:
        return f"{table}, which is none of the pair's route tables,"
    return f"the {s.role_of(table)} NAT {s.nat_of(table)} ({table})"


def facts(
    record: Record, swapped: Swapped | None, verified: Verified | None, evidence: Sequence[Observation]
) -> dict[str, Any]:
    """Return what a failover did, as the message's JSON has it."""
    said: dict[str, Any] = {
        "from": record.from_table,
        "to": record.to_table,
        "subnets": list(swapped.moved if swapped is not None else sorted(record.subnets)),
    }
    seconds = record.seconds if swapped is None else swapped.seconds
    if seconds is not None:
        said["seconds"] = round(seconds, 3)
    if swapped is not None and evidence:
        said["outage_seconds"] = round(max(0.0, swapped.ended_at - min(o.since for o in evidence)), 3)
    if verified is not None and verified.asked:
        said["backends"] = {
            "asked": len(verified.asked),
            "online": len(verified.online),
            "offline": list(verified.offline),
            "silent": list(verified.silent),
        }
    return said


def _why(record: Record, s: Settings) -> str:
    why = "is going away" if record.handover else "no longer carries traffic"
    return f"The {s.role_of(record.from_table)} NAT {s.nat_of(record.from_table)} {why}"


def _decided(record: Record, s: Settings) -> tuple[str, ...]:
    nat = f"the {s.role_of(record.to_table)} NAT {s.nat_of(record.to_table)}"
    when = f"to {'hand' if record.handover else 'fail'} over at {clock(record.since)} UTC"
    if record.reason.startswith(EC2_SAYS):
        return (f"{when}, by EC2's own word, and as nothing was known against {nat}.",)
    return (
        f"{when}, since at least {s.failure_threshold} backends were offline, and reached the Internet through {nat}.",
    )


def _unrecorded(why: str) -> tuple[str, ...]:
    if not why:
        return ()
    return (
        f"The lock could not be written ({why}): it still says that the failover is under way. The "
        "function sets it right by itself within three minutes, and then tells you once more.",
    )


def _helped(verified: Verified) -> str:
    if not verified.asked:
        return f"nobody could be asked whether it helped: {verified.why}."
    said = f"{verified.said} through the new path."
    if verified.offline:
        said += f" Still offline: {', '.join(verified.offline)}."
    if verified.silent:
        said += f" No answer yet from: {', '.join(verified.silent)}."
    return said


def _outage(evidence: Sequence[Observation], swapped: Swapped, verified: Verified) -> tuple[str, ...]:
    """Return how long it was offline, as far as backends have told: until the last subnet was moved."""
    if not evidence:
        return ()
    first = min(evidence, key=lambda o: o.since)
    lasted = duration(max(0.0, swapped.ended_at - first.since))
    begun = "the first signal of a backend that is offline" if first.relayed_by else "the first lost ping"
    roughly = "at least" if first.relayed_by else "about"
    said = f"Outage: {roughly} {lasted}, from {clock(first.since)} ({begun}) to {clock(swapped.ended_at)} UTC"
    return (f"{said} (the last subnet was moved)." if verified.online else f"{said}, if it has helped.",)


def _egress(move: Move | None) -> tuple[str, ...]:
    """Return what became of the pair's addresses; nothing where it has none."""
    if move is None:
        return ()
    told = [_of_address("Egress address", move, ", so that partners see the same address as before")]
    if move.standby is not None:
        told.append(_of_address("Standby address", move.standby, ", so that it has an address while it stands by"))
    return tuple(told)


def _of_address(what: str, move: Move, use: str) -> str:
    name = f"{move.public} ({move.allocation})" if move.public else move.allocation
    if move.moved:
        return f"{what}: {name} has moved to {move.nat}{use}."
    return f"{what}: {name} could NOT be moved to {move.nat} ({move.why})."


def _move_egress(move: Move | None, s: Settings) -> tuple[Step, ...]:
    if move is None or not move.left:
        return ()
    commands = tuple(f"{each.by_hand} --region {s.region}" for each in move.left)
    if move.moved:
        return (Step("Give the NAT that stands by its address: without one it can't take over", commands),)
    return (
        Step(
            "Move the egress address: until you do, the subnets use that NAT's own address, which partners may refuse",
            commands,
        ),
    )
