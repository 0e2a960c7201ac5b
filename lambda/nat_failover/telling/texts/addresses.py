"""Pure: what people are told of the pair's public addresses: one that is elsewhere, a passive NAT that has none."""

from __future__ import annotations

from nat_failover.judging.conditions import Condition
from nat_failover.network.egress_address import Move
from nat_failover.settings import Settings
from nat_failover.telling.commands import give_address, move_address, own, read_address, read_public
from nat_failover.telling.formats import moment
from nat_failover.telling.message import Letter, Step

NOTHING_DONE = "nothing. No subnet was moved."


def elsewhere(c: Condition, since: float, s: Settings) -> Letter:
    """Return the letter that an Elastic IP of the pair is not with the NAT that it belongs to.

    Args:
        c: what is so.
        since: since when, seconds since the epoch.
        s: of the pair.
    """
    seen, active = (f"{c.reason}.", f"Since {moment(since)}."), c.active or s.primary_route_table
    nat, other, standby = s.nat_of(active), s.nat_of(s.other_table(active)), s.standby_egress_allocation
    both = "" if standby is None else f", or {standby} is not with the NAT that stands by, {other}"
    see = "partners see a different address" + ("" if standby is None else ", or the standby has none")
    second = () if standby is None else (move_address(s, other, standby),)
    return Letter(
        "DEGRADED: the egress address is not with the active NAT",
        f"The egress address is not with the NAT that the subnets use, {nat}{both}: {see}.",
        seen,
        ("to tell you. Addresses are moved only in a failover.",),
        (NOTHING_DONE,),
        next=(Step("See who has it, and the command that moves it", (own(s, "doctor"),)),),
        by_hand=(
            Step("See who has it", (read_address(s),)),
            Step("Move it; the egress address first" if second else "Move it", (move_address(s, nat), *second)),
        ),
    )


def unaddressed(c: Condition, since: float, s: Settings) -> Letter:
    """Return the letter that the NAT that stands by has no public address.

    Args:
        c: what is so.
        since: since when, seconds since the epoch.
        s: of the pair.
    """
    seen, active = (f"{c.reason}.", f"Since {moment(since)}."), c.active or s.primary_route_table
    table, standby = s.other_table(active), s.standby_egress_allocation
    nat = s.nat_of(table)
    remedy = (
        Step(
            "Give it an Elastic IP, and name that in standbyEgressAddress: the two then change places",
            (give_address(s, nat),),
        )
        if standby is None
        else Step("Give it the pair's standby address", (move_address(s, nat, standby),))
    )
    return Letter(
        f"NOT PROTECTED: the {s.role_of(table)} NAT has no public address",
        f"The {s.role_of(table)} NAT {nat} stands by, and can't take over until it has a public address: the subnets "
        "are not protected.",
        seen,
        ("to hold: no failover while this lasts.",),
        (NOTHING_DONE,),
        next=(Step("See whether it has one by now, and what to do if not", (own(s, "doctor"),)),),
        by_hand=(Step("See whether it has one by now", (read_public(s, nat),)), remedy),
    )


def moved_egress(move: Move | None) -> tuple[str, ...]:
    """Return what became of the pair's addresses; nothing where it has none."""
    if move is None:
        return ()
    sentences = [_of_address("Egress address", move, ", so that partners see the same address as before")]
    if move.standby is not None:
        sentences.append(_of_address("Standby address", move.standby, ", so that it has an address while it stands by"))
    return tuple(sentences)


def _of_address(what: str, move: Move, use: str) -> str:
    name = f"{move.public} ({move.allocation})" if move.public else move.allocation
    if move.moved:
        return f"{what}: {name} has moved to {move.nat}{use}."
    return f"{what}: {name} could NOT be moved to {move.nat} ({move.why})."


def move_egress(move: Move | None, s: Settings) -> tuple[Step, ...]:
    """Return the step to move what a failover has not moved; none where there is nothing."""
    if move is None or not move.left:
        return ()
    commands = tuple(f"{each.by_hand} --region {s.region}" for each in move.left)
    if move.moved:
        return (Step("Give the passive NAT its address: without one it can't take over", commands),)
    return (
        Step(
            "Move the egress address: until you do, the subnets use the new NAT's own, which partners may refuse",
            commands,
        ),
    )
