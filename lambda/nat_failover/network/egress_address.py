"""Pure: the pair's Elastic IPs, by which the Internet knows it: who has them, and who must."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nat_failover.lock.record import EgressMove
from nat_failover.network.instances import Nat
from nat_failover.settings import Settings


@dataclass(frozen=True)
class Address:
    """An Elastic IP as EC2 tells of it.

    Attributes:
        public: the IPv4 address; None where there is no such allocation, or it can't be read.
        instance: id of the instance that has it; None where none has.
        interface: id of the network interface that has it; None where none has.
        trouble: why nothing more is known of it; None where it was read.
    """

    allocation: str
    public: str | None = None
    instance: str | None = None
    interface: str | None = None
    trouble: str | None = None

    def is_with(self, nat: Nat) -> bool:
        """Return whether a NAT has it."""
        return self.instance == nat.instance_id or (self.interface is not None and self.interface == nat.interface)


@dataclass(frozen=True)
class Addresses:
    """The Elastic IPs of a pair.

    Attributes:
        egress: the one that follows the active NAT.
        standby: the one that the passive NAT has meanwhile; None where the pair has no second.
    """

    egress: Address
    standby: Address | None = None

    @property
    def all(self) -> tuple[Address, ...]:
        """Return all of them."""
        return (self.egress,) if self.standby is None else (self.egress, self.standby)


@dataclass(frozen=True)
class Move:
    """What came of moving an address of the pair to a NAT.

    Attributes:
        public: the IPv4 address; None where it could not be read.
        interface: the NAT's primary network interface; None where it is not known.
        why: what EC2 said; None where the address was moved.
        standby: of the egress address's move, what came of giving the other NAT the standby's address; None where the
            pair has no second.
    """

    allocation: str
    nat: str
    public: str | None
    interface: str | None
    why: str | None = None
    standby: Move | None = None

    @property
    def moved(self) -> bool:
        """Whether the NAT has it."""
        return self.why is None

    @property
    def all(self) -> tuple[Move, ...]:
        """Return the moves of both addresses."""
        return (self,) if self.standby is None else (self, self.standby)

    @property
    def left(self) -> tuple[Move, ...]:
        """Return the moves that were not made."""
        return tuple(move for move in self.all if not move.moved)

    @property
    def record(self) -> EgressMove:
        """What the lock's record says of it."""
        return EgressMove(self.allocation, self.moved, None if self.standby is None else self.standby.record)

    @property
    def in_words(self) -> str:
        """What came of it, in a clause."""
        return "; ".join([_moved("egress address", self), *(_moved("standby address", m) for m in self.all[1:])])

    @property
    def by_hand(self) -> str:
        """Return the command that does it, to be ended with the options of the AWS CLI, the region at least."""
        to = f"--network-interface-id {self.interface}" if self.interface else f"--instance-id {self.nat}"
        named = f"--allocation-id {self.allocation} {to}"
        return f"aws ec2 associate-address {named} --allow-reassociation"


def _moved(what: str, move: Move) -> str:
    name = move.public or move.allocation
    if move.moved:
        return f"{what} {name} moved to {move.nat}"
    return f"{what} {name} not moved to {move.nat}: {move.why}"


def elsewhere(address: Address, nat: Nat, role: str = "active") -> str | None:
    """Return why an address of the pair is not with the NAT that must have it at rest; None where it is.

    Args:
        address: the egress address, or the standby's.
        nat: the NAT that must have it.
        role: ``active`` for the egress address, ``passive`` for the standby's.
    """
    what = "egress address" if role == "active" else "standby address"
    name = address.public or address.allocation
    if address.trouble is not None:
        return f"{what} {name}: {address.trouble}"
    if address.is_with(nat):
        return None
    holder = address.instance or address.interface or "nobody"
    return f"{what} {name} is with {holder}, not with the {role} NAT {nat.instance_id}"


def astray(addresses: Addresses, active: Nat, passive: Nat | None) -> tuple[str, ...]:
    """Return of each address of the pair why it is not where it must be at rest; nothing of one that is.

    Args:
        addresses: of the pair.
        active: the NAT that the subnets use.
        passive: the other one; None where it is not known.
    """
    found = [elsewhere(addresses.egress, active)]
    if addresses.standby is not None and passive is not None:
        found.append(elsewhere(addresses.standby, passive, "passive"))
    return tuple(sentence for sentence in found if sentence is not None)


def unaddressed(passive: Nat, settings: Settings) -> str | None:
    """Return that the passive NAT of a pair with an egress address has no public address; None where it has one.

    Whoever gives up an Elastic IP is without a public address for up to five minutes, and for good if it was not
    launched with one or has a second network interface. Meanwhile it reaches neither the Internet nor, without VPC
    endpoints, Systems Manager, and is not broken for that:
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-instance-addressing.html
    """
    if settings.egress_allocation is None or passive.state != "running" or passive.public is not None:
        return None
    sentence = f"the passive NAT {passive.instance_id} has no public address and can't take over until it has one"
    if settings.standby_egress_allocation is not None:
        return f"{sentence}: associate {settings.standby_egress_allocation} with it"
    if len(passive.interfaces) > 1:
        return f"{sentence}: EC2 gives it none, for it has {len(passive.interfaces)} network interfaces"
    return f"{sentence}: after it gave up the egress address, EC2 gives it another within about five minutes"


def problems(
    addresses: Addresses, active: Nat, passive: Nat, settings: Settings, others: Sequence[Address] = ()
) -> tuple[str, ...]:
    """Return what keeps the egress address from doing its work, now or after a failover, a sentence each.

    Args:
        addresses: of the pair.
        active: the NAT that the subnets use.
        passive: the other one.
        settings: of the pair.
        others: Elastic IPs of the account and region, as ``Egress.all`` reads them.
    """
    without = unaddressed(passive, settings)
    mine = {address.allocation for address in addresses.all}
    own = [
        f"the passive NAT {passive.instance_id} has an Elastic IP of its own, {other.public}, which EC2 takes from it "
        "when the egress address comes"
        for other in others
        if other.allocation not in mine and other.is_with(passive)
    ]
    return (*astray(addresses, active, passive), *([] if without is None else [without]), *own)
