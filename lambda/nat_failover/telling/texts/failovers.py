"""Pure: what people are told of a failover: done, failed, and, where whoever did it has died, what its record says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nat_failover.lock.record import DRILL, Record
from nat_failover.network.egress_address import Move
from nat_failover.network.swap import Swapped
from nat_failover.probing.observation import Observation
from nat_failover.probing.verification import Verified
from nat_failover.settings import Settings
from nat_failover.telling.commands import move_subnets, own, read_log, read_status, read_tables, reboot
from nat_failover.telling.formats import clock, counted, duration
from nat_failover.telling.message import Letter, Step, hosts
from nat_failover.telling.texts.addresses import move_egress, moved_egress
from nat_failover.telling.texts.arming import move_yourself, rearm_by_hand, rearm_once_fit

# What a person moves subnets with, as the record and the message's JSON have it.
COMMANDS = ("failover", "failback", DRILL)


def failed_over(
    record: Record,
    evidence: Sequence[Observation],
    swapped: Swapped,
    verified: Verified,
    s: Settings,
    unrecorded: str = "",
) -> Letter:
    """Return the letter that the subnets have been moved; ``unrecorded`` is why the lock does not say so yet."""
    new, role = s.nat_of(record.to_table), s.role_of(record.to_table)
    steps, by_hand = _after(record, verified, s)
    return Letter(
        _outcome(record, verified, role, kept=swapped.egress is not None and not swapped.egress.moved),
        f"{_now(verified, f'the {role} NAT {new}')} {_why(record, s)} Until you re-arm, nothing fails over again.",
        seen=(f"{record.reason}.", *(hosts(evidence, s) or record.evidence)),
        decided=_decided(record, s),
        done=(
            f"{counted(len(swapped.moved), 'subnet')} moved from {record.from_table} to {record.to_table} in "
            f"{swapped.seconds:.1f} s ({', '.join(swapped.moved)}).",
            *moved_egress(swapped.egress),
            *_unrecorded(unrecorded),
        ),
        helped=(_helped(verified), *_outage(evidence, swapped, verified)),
        next=(*move_egress(swapped.egress, s), *steps),
        by_hand=by_hand,
    )


def _outcome(record: Record, verified: Verified, role: str, *, kept: bool) -> str:
    """Return the subject; a drill's begins with it only where all backends are online: a mark may be forged.

    Where the egress address was ``kept`` by the NAT that has died, partners may refuse who is online: it comes first.
    """
    how = "handed over" if record.handover else "failed over"
    state, over = _state(verified), f"{how} to the {role} NAT"
    if kept and verified.all_online and not record.in_drill:
        online = f"{len(verified.online)} of {len(verified.hosts)} online"
        return f"ONLINE, NOT PROTECTED: {how} without the egress address, {online}"
    if not record.in_drill:
        return f"{state}, {over}"
    return f"DRILL: ONLINE, NOT PROTECTED, {over}" if verified.all_online else state.replace(":", " in a drill:", 1)


def _state(verified: Verified) -> str:
    """Return what a person has to know before anything else: whether backends are online."""
    if not verified.hosts:
        return "POSSIBLY OFFLINE: no backend asked yet"
    if verified.all_online:
        return f"ONLINE, NOT PROTECTED: {verified.in_words}"
    return f"{'STILL' if verified.offline and not verified.online else 'POSSIBLY'} OFFLINE: {verified.in_words}"


def _now(verified: Verified, nat: str) -> str:
    if not verified.hosts:
        return f"The private subnets were moved to {nat}. Whether backends are online through it is not known yet."
    if verified.all_online:
        return f"Backends are online through {nat}."
    count = f"{len(verified.online)} of {len(verified.hosts)}" if verified.online else f"none of {len(verified.hosts)}"
    return f"The private subnets were moved to {nat}, and {count} backends are online through it."


def _after(record: Record, verified: Verified, s: Settings) -> tuple[tuple[Step, ...], tuple[Step, ...]]:
    """Return what to do after a failover, and the same by hand."""
    old, new = s.nat_of(record.from_table), s.nat_of(record.to_table)
    if verified.hosts and not verified.online:
        back = "failback" if record.from_table == s.primary_route_table else "failover"
        associations = tuple(record.subnets.values())
        return (
            Step(
                "Do not re-arm yet: both NATs are in question. See which of them gets backends through",
                (own(s, "doctor"),),
            ),
            Step(f"Fix {new}; a reboot often does it", (reboot(s, new),)),
            Step(f"Or, if {old} is the fitter one, go back to it", (own(s, back),)),
        ), (
            Step("What EC2 says about both NATs", (read_status(s, old, new),)),
            Step("Go back", move_subnets(s, record.from_table, associations)),
        )
    look = () if verified.all_online else (Step("See who is online by now", (own(s, "status"),)),)
    if record.in_drill:
        return (
            *look,
            Step("If one of you is running a drill, leave it alone: it goes back and re-arms by itself within minutes"),
            Step(f"If nobody is, treat this as a failure of {old}. See what is wrong", (own(s, "doctor"),)),
            rearm_once_fit(s, old),
        ), (Step("What EC2 says about both NATs", (read_status(s, old, new),)), rearm_by_hand(s, old))
    return (
        (
            *look,
            Step(
                f"Make sure that {old}, or its replacement, runs again: then it can stand by"
                if record.handover
                else f"See what is wrong with {old}, and the command that fixes it",
                (own(s, "doctor"),),
            ),
            rearm_once_fit(s, old),
            Step(f"There is no need to go back: {new} stays active, and {old} stands by."),
        ),
        (Step("What EC2 says about both NATs", (read_status(s, old, new),)), rearm_by_hand(s, old)),
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
    old, new = s.nat_of(record.from_table), s.nat_of(to_table)
    what = f"{len(left)} of {len(record.subnets)} subnets" if left else "subnets"
    return Letter(
        f"OFFLINE: the failover failed, {what} not moved",
        f"{what[0].upper()}{what[1:]} could not be moved to the {role} NAT {new}: what is left is offline"
        f"{', or soon will be' if record.handover else ''}. {_why(record, s)} Nothing is tried again until you re-arm.",
        seen=(f"{record.reason}.", *(hosts(evidence, s) or record.evidence)),
        decided=_decided(record, s),
        done=(f"FAILED: {error}.", *moved_egress(egress)),
        helped=("no: the subnets that could not be moved are offline.",),
        next=(
            move_yourself(s, to_table),
            *move_egress(egress, s),
            Step("See what EC2 refused, and fix it; the details are in the function's log", (read_log(s),)),
            rearm_once_fit(s, old),
        ),
        by_hand=(
            Step("See which subnets are left", (read_tables(s, record.from_table),)),
            Step(f"Move them to {to_table}, one line a subnet", move_subnets(s, to_table, left)),
            rearm_by_hand(s, old),
        ),
    )


def facts(
    record: Record, swapped: Swapped | None, verified: Verified | None, evidence: Sequence[Observation]
) -> dict[str, Any]:
    """Return what a failover did, as the message's JSON has it."""
    fields: dict[str, Any] = {
        "from": record.from_table,
        "to": record.to_table,
        "subnets": list(swapped.moved if swapped is not None else sorted(record.subnets)),
    }
    if record.by_hand in COMMANDS:
        fields["command"] = record.by_hand
    seconds = record.seconds if swapped is None else swapped.seconds
    if seconds is not None:
        fields["seconds"] = round(seconds, 3)
    if swapped is not None and evidence:
        fields["outage_seconds"] = round(max(0.0, swapped.ended_at - min(o.since for o in evidence)), 3)
    if verified is not None and verified.hosts:
        fields["backends"] = {
            "asked": len(verified.hosts),
            "online": len(verified.online),
            "offline": list(verified.offline),
            "silent": list(verified.silent),
        }
    return fields


def _why(record: Record, s: Settings) -> str:
    if record.in_drill:
        return (
            f"A drill keeps the {s.role_of(record.from_table)} NAT {s.nat_of(record.from_table)} from carrying traffic."
        )
    why = "is going away" if record.handover else "no longer carries traffic"
    return f"The {s.role_of(record.from_table)} NAT {s.nat_of(record.from_table)} {why}."


def _decided(record: Record, s: Settings) -> tuple[str, ...]:
    nat = f"the {s.role_of(record.to_table)} NAT {s.nat_of(record.to_table)}"
    when = f"to {'hand' if record.handover else 'fail'} over at {clock(record.since)} UTC"
    if record.ec2_says_so:
        return (f"{when}, on EC2's own word, with nothing known against {nat}.",)
    if record.handover:
        old = s.nat_of(record.from_table)
        return (f"{when}, because AWS had announced the end of {old}, and backends got through {nat}.",)
    return (
        f"{when}, because at least {s.failure_threshold} backends were offline and reached the Internet through {nat}.",
    )


def _unrecorded(why: str) -> tuple[str, ...]:
    if not why:
        return ()
    return (
        f"The lock could not be written ({why}): it still says that the failover is under way. The "
        "function corrects it within three minutes, and then sends another mail.",
    )


def _helped(verified: Verified) -> str:
    if not verified.hosts:
        return f"not known: {verified.why}."
    sentence = f"{verified.in_words} through the new path."
    if verified.offline:
        sentence += f" Still offline: {', '.join(verified.offline)}."
    if verified.silent:
        sentence += f" No answer yet from: {', '.join(verified.silent)}."
    return sentence


def _outage(evidence: Sequence[Observation], swapped: Swapped, verified: Verified) -> tuple[str, ...]:
    """Return how long it was offline, as far as backends have told: until the last subnet was moved."""
    if not evidence:
        return ()
    first = min(evidence, key=lambda o: o.since)
    lasted = duration(max(0.0, swapped.ended_at - first.since))
    begun = "the first signal of a backend that is offline" if first.relayed_by else "the first lost ping"
    roughly = "at least" if first.relayed_by else "about"
    if not verified.online:
        moved = f"the last subnet was moved at {clock(swapped.ended_at)} UTC"
        return (f"Outage: since {clock(first.since)} UTC ({begun}); {moved}.",)
    sentence = f"Outage: {roughly} {lasted}, from {clock(first.since)} ({begun}) to {clock(swapped.ended_at)} UTC"
    return (f"{sentence} (the last subnet was moved).",)
