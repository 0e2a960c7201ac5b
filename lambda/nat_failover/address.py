"""Pure: the egress address, an Elastic IP that the Internet knows the pair by: who has it, and who must."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nat_failover.record import EgressMove
from nat_failover.situation import Nat


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
        """Tell whether a NAT has it."""
        return self.instance == nat.instance_id or (self.interface is not None and self.interface == nat.interface)


@dataclass(frozen=True)
class Move:
    """What came of moving the egress address to a NAT.

    Attributes:
        public: the IPv4 address; None where it could not be read.
        interface: the NAT's primary network interface; None where it is not known.
        why: what EC2 said; None where the address was moved.
    """

    allocation: str
    nat: str
    public: str | None
    interface: str | None
    why: str | None = None

    @property
    def moved(self) -> bool:
        """Whether the NAT has it."""
        return self.why is None

    @property
    def record(self) -> EgressMove:
        """What the lock's record says of it."""
        return EgressMove(self.allocation, self.moved)

    @property
    def said(self) -> str:
        """Say it in a clause."""
        name = self.public or self.allocation
        if self.moved:
            return f"egress address {name} moved to {self.nat}"
        return f"egress address {name} not moved to {self.nat}: {self.why}"

    @property
    def by_hand(self) -> str:
        """Give the command that does it, to be ended with the options of the AWS CLI, the region at least."""
        to = f"--network-interface-id {self.interface}" if self.interface else f"--instance-id {self.nat}"
        named = f"--allocation-id {self.allocation} {to}"
        return f"aws ec2 associate-address {named} --allow-reassociation"


def elsewhere(address: Address, active: Nat) -> str | None:
    """Pure: say why the egress address is not with the active NAT, as it must be at rest; None where it is."""
    name = address.public or address.allocation
    if address.trouble is not None:
        return f"egress address {name}: {address.trouble}"
    if address.is_with(active):
        return None
    holder = address.instance or address.interface or "nobody"
    return f"egress address {name} is with {holder}, not with the active NAT {active.instance_id}"


def problems(address: Address, active: Nat, passive: Nat, others: Sequence[Address] = ()) -> tuple[str, ...]:
    """Pure: give what keeps the egress address from doing its work, now or after a failover, a sentence each.

    Args:
        address: the egress address.
        active: the NAT that the subnets use.
        passive: the other one.
        others: Elastic IPs of the account and region, as ``Egress.all`` reads them.
    """
    found = [elsewhere(address, active)]
    if passive.state == "running" and passive.public is None:
        # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-instance-addressing.html
        found.append(
            f"the passive NAT {passive.instance_id} has no public address of its own: it can't reach the Internet, so "
            "that nothing would fail over to it. EC2 gives an instance one again, where its Elastic IP is taken away, "
            "if it was launched with one and has a single network interface"
        )
    found += [
        f"the passive NAT {passive.instance_id} has an Elastic IP of its own, {other.public}, which EC2 takes from it "
        "when the egress address comes"
        for other in others
        if other.allocation != address.allocation and other.is_with(passive)
    ]
    return tuple(sentence for sentence in found if sentence is not None)
