"""Pure: what people are told of the pair's public addresses: one that is elsewhere, a passive NAT that has none."""

from __future__ import annotations

from nat_failover.settings import Settings
from nat_failover.telling.commands import move_address, read_address, read_public
from nat_failover.telling.message import Letter, Step

NOTHING_DONE = "nothing: the subnets are as they were."


def elsewhere(seen: tuple[str, ...], active: str, s: Settings) -> Letter:
    """Return the letter that an Elastic IP of the pair is not with the NAT that it belongs to.

    Args:
        seen: what was seen, a sentence each.
        active: route table that the subnets use.
        s: of the pair.
    """
    nat, other, standby = s.nat_of(active), s.nat_of(s.other_table(active)), s.standby_egress_allocation
    both = "" if standby is None else f", or {standby} is not with the NAT that stands by, {other}"
    see = "partners see another address" + ("" if standby is None else ", or the standby has none")
    second = () if standby is None else (move_address(s, other, standby),)
    return Letter(
        "the egress address is elsewhere",
        f"The egress address is not with the NAT that the subnets use, {nat}{both}. The subnets are online, but {see}.",
        seen,
        ("to tell you; addresses are moved at a failover only.",),
        (NOTHING_DONE,),
        next=(
            Step("See who has it", (read_address(s),)),
            Step("Move it; the egress address first" if second else "Move it", (move_address(s, nat), *second)),
        ),
    )


def unaddressed(seen: tuple[str, ...], active: str, s: Settings) -> Letter:
    """Return the letter that the NAT that stands by has no public address.

    Args:
        seen: what was seen, a sentence each.
        active: route table that the subnets use.
        s: of the pair.
    """
    table, standby = s.other_table(active), s.standby_egress_allocation
    nat = s.nat_of(table)
    remedy = (
        Step(
            "Give it an Elastic IP, and name that in standbyEgressAddress: the two then change places",
            (move_address(s, nat, "eipalloc-..."),),
        )
        if standby is None
        else Step("Give it the address that it is to have while it stands by", (move_address(s, nat, standby),))
    )
    return Letter(
        "the passive NAT has no public address",
        f"The {s.role_of(table)} NAT {nat} that stands by has no public address and can't take over until it has one: "
        "the subnets are online, but not protected.",
        seen,
        ("nothing; a failover would be held.",),
        (NOTHING_DONE,),
        next=(Step("See whether it has one by now", (read_public(s, nat),)), remedy),
    )
