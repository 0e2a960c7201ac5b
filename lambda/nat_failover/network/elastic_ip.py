"""EC2: who has the pair's Elastic IPs, and their move when the other NAT takes over."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from nat_failover.aws_errors import error_in_words
from nat_failover.lock.record import EgressMove
from nat_failover.network.describing import Instances
from nat_failover.network.egress_address import Address, Addresses, Move
from nat_failover.network.route_tables import PAUSES
from nat_failover.runtime import Runtime
from nat_failover.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import AddressTypeDef

log = logging.getLogger(__name__)

# No further try is begun after so many seconds: the subnets are online by then, and people are to be told.
MOVE_FOR = 5.0
# What no further try will change:
# https://docs.aws.amazon.com/ec2/latest/devguide/errors-overview.html
FINAL = frozenset(
    {
        "UnauthorizedOperation",
        "AuthFailure",
        "OperationNotPermitted",
        "InvalidAllocationID.NotFound",
        "InvalidNetworkInterfaceID.NotFound",
        "InvalidInstanceID.NotFound",
    }
)


class Egress:
    """The pair's egress address in EC2, and the one that the passive NAT has meanwhile, where the pair has a second.

    An address goes to a NAT's primary network interface, which is the one that EC2 gives a public address to.

    Args:
        ec2: boto3 client.
        impatient: makes a boto3 client that does not try again by itself and waits briefly; called for a move only.
        allocation: id of the egress address's allocation.
        settings: names the NATs, and the second address.
        runtime: waiting.
    """

    def __init__(
        self, ec2: EC2Client, impatient: Callable[[], EC2Client], allocation: str, settings: Settings, runtime: Runtime
    ) -> None:
        self._ec2 = ec2
        self._make_impatient = impatient
        self._settings = settings
        self._runtime = runtime
        self.allocation = allocation
        self.standby = settings.standby_egress_allocation

    @staticmethod
    def of(ec2: EC2Client, impatient: Callable[[], EC2Client], settings: Settings, runtime: Runtime) -> Egress | None:
        """Return it where the pair has an egress address; else None."""
        allocation = settings.egress_allocation
        return None if allocation is None else Egress(ec2, impatient, allocation, settings, runtime)

    @cached_property
    def _impatient(self) -> EC2Client:
        return self._make_impatient()

    @property
    def to_move(self) -> EgressMove:
        """What the lock's record says before anything is moved."""
        standby = None if self.standby is None else EgressMove(self.standby, moved=False)
        return EgressMove(self.allocation, moved=False, standby=standby)

    def read(self) -> Addresses:
        """Return who has the pair's addresses; one that can't be read says why: no decision hangs on it."""
        return self._read(self._ec2)

    def all(self) -> tuple[Address, ...]:
        """Read every Elastic IP of the account and region.

        Raises:
            botocore.exceptions.ClientError: EC2 refuses.
        """
        return tuple(_address(each) for each in self._ec2.describe_addresses()["Addresses"])

    def move(self, to_table: str, allowed: Callable[[], None], interface: str | None = None) -> Move:
        """Move it to the NAT that a route table leads to, whoever has it; calling it again is harmless.

        Where the pair has a second address, the other NAT gets that in its place. The egress address goes first: to
        associate it displaces the second one, and so the NAT that takes over is never without an address. The second
        one is left where it is unless the egress address has come, for it may be all that this NAT has.

        It takes at most about 15 seconds, whatever EC2 does, and 10 more for a second address.

        Args:
            to_table: route table id.
            allowed: called before each try; raises where nothing may be changed any more.
            interface: the NAT's primary network interface, where it is known; saves a call.

        Returns:
            What came of it; an address that can't be moved is no error, since the subnets are online without it.

        Raises:
            Exception: what ``allowed`` raises.
        """
        deadline = self._runtime.now() + MOVE_FOR
        nat, other = self._settings.nat_of(to_table), self._settings.nat_of(self._settings.other_table(to_table))
        move = self._move(Move(self.allocation, nat, None, interface), allowed, deadline)
        if self.standby is not None:
            second = Move(self.standby, other, None, None, "the egress address has not moved")
            if move.moved:
                second = self._move(replace(second, why=None), allowed, deadline)
            move = replace(move, standby=second)
        done, extra = not move.left, {"allocation": self.allocation, "standby": self.standby}
        log.log(logging.INFO if done else logging.ERROR, move.in_words, extra=extra)
        return move

    def _move(self, move: Move, allowed: Callable[[], None], deadline: float) -> Move:
        """Try until an address is moved, a further try would be in vain, or the time is up."""
        for pause in (*PAUSES, None):
            allowed()
            move, in_vain = self._try(move)
            if move.moved or in_vain or pause is None or self._runtime.now() + pause >= deadline:
                break
            log.warning("address not moved yet", extra={"allocation": move.allocation, "error": move.why})
            self._runtime.sleep(pause)
        return move

    def _try(self, move: Move) -> tuple[Move, bool]:
        """Try once; gives what came of it, and whether a further try would be in vain."""
        why, in_vain, interface = None, False, move.interface
        try:
            interface = interface or self._interface_of(move.nat)
            if interface is None:
                return replace(move, why=f"{move.nat} has no network interface any more"), True
            # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateAddress.html
            self._impatient.associate_address(
                AllocationId=move.allocation, NetworkInterfaceId=interface, AllowReassociation=True
            )
        except (ClientError, BotoCoreError) as error:
            why = error_in_words(error)
            in_vain = isinstance(error, ClientError) and error.response["Error"]["Code"] in FINAL
        read = {address.allocation: address for address in self._read(self._impatient).all}[move.allocation]
        # What EC2 has accepted is moved, whatever a read says that may be a little old; and where the answer got lost,
        # it may have been accepted.
        if why is not None and interface is not None and read.interface == interface:
            why = None
        return replace(move, public=read.public, interface=interface, why=why), in_vain

    def _interface_of(self, nat: str) -> str | None:
        return Instances(self._impatient, self._runtime).describe([nat])[nat].interface

    def _read(self, ec2: EC2Client) -> Addresses:
        wanted = [each for each in (self.allocation, self.standby) if each is not None]
        # A filter, unlike AllocationIds, is no error where there is no such allocation. There are no pages:
        # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeAddresses.html
        try:
            found = ec2.describe_addresses(Filters=[{"Name": "allocation-id", "Values": wanted}])
        except (ClientError, BotoCoreError) as error:
            trouble = f"can't be read: {error_in_words(error)}"
            return Addresses(*(Address(each, trouble=trouble) for each in wanted))
        known = {address.allocation: address for address in map(_address, found["Addresses"])}
        missing = "there is no such Elastic IP in this account and region"
        return Addresses(*(known.get(each) or Address(each, trouble=missing) for each in wanted))


def _address(described: AddressTypeDef) -> Address:
    return Address(
        described.get("AllocationId", ""),
        described.get("PublicIp"),
        described.get("InstanceId") or None,
        described.get("NetworkInterfaceId") or None,
    )
