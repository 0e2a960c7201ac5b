"""EC2: who has the egress address, and its move to the NAT that takes over."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from nat_failover.address import Address, Move
from nat_failover.instances import Instances
from nat_failover.routes import PAUSES, said_of
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
    """The pair's egress address in EC2.

    It goes to a NAT's primary network interface, which is the one that EC2 gives a public address to.

    Args:
        ec2: boto3 client.
        impatient: makes a boto3 client that does not try again by itself and waits briefly; called for a move only.
        allocation: id of the Elastic IP's allocation.
        settings: names the NATs.
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

    @staticmethod
    def of(ec2: EC2Client, impatient: Callable[[], EC2Client], settings: Settings, runtime: Runtime) -> Egress | None:
        """Make it where the pair has an egress address; else None."""
        allocation = settings.egress_allocation
        return None if allocation is None else Egress(ec2, impatient, allocation, settings, runtime)

    @cached_property
    def _impatient(self) -> EC2Client:
        return self._make_impatient()

    def read(self) -> Address:
        """Tell who has it; where it can't be read, the address says why: no decision hangs on it."""
        return self._read(self._ec2)

    def all(self) -> tuple[Address, ...]:
        """Read every Elastic IP of the account and region.

        Raises:
            botocore.exceptions.ClientError: EC2 refuses.
        """
        return tuple(_address(told) for told in self._ec2.describe_addresses()["Addresses"])

    def move(self, to_table: str, allowed: Callable[[], None], interface: str | None = None) -> Move:
        """Move it to the NAT that a route table leads to, whoever has it; calling it again is harmless.

        It takes at most about 15 seconds, whatever EC2 does.

        Args:
            to_table: route table id.
            allowed: called before each try; raises where nothing may be changed any more.
            interface: the NAT's primary network interface, where it is known; saves a call.

        Returns:
            What came of it; an address that can't be moved is no error, since the subnets are online without it.

        Raises:
            Exception: what ``allowed`` raises.
        """
        nat = self._settings.nat_of(to_table)
        deadline = self._runtime.now() + MOVE_FOR
        for pause in (*PAUSES, None):
            allowed()
            move, in_vain = self._try(nat, interface)
            if move.moved or in_vain or pause is None or self._runtime.now() + pause >= deadline:
                break
            log.warning("egress address not moved yet", extra={"error": move.why})
            interface = move.interface
            self._runtime.sleep(pause)
        log.log(logging.INFO if move.moved else logging.ERROR, move.said, extra={"allocation": self.allocation})
        return move

    def _try(self, nat: str, interface: str | None) -> tuple[Move, bool]:
        """Try once; gives what came of it, and whether a further try would be in vain."""
        why, in_vain = None, False
        try:
            interface = interface or self._interface_of(nat)
            if interface is None:
                return Move(self.allocation, nat, None, None, f"{nat} has no network interface any more"), True
            # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateAddress.html
            self._impatient.associate_address(
                AllocationId=self.allocation, NetworkInterfaceId=interface, AllowReassociation=True
            )
        except (ClientError, BotoCoreError) as error:
            why = said_of(error)
            in_vain = isinstance(error, ClientError) and error.response["Error"]["Code"] in FINAL
        address = self._read(self._impatient)
        # What EC2 has accepted is moved, whatever a read says that may be a little old; and where the answer got lost,
        # it may have been accepted.
        if why is not None and interface is not None and address.interface == interface:
            why = None
        return Move(self.allocation, nat, address.public, interface, why), in_vain

    def _interface_of(self, nat: str) -> str | None:
        return Instances(self._impatient).describe([nat])[nat].interface

    def _read(self, ec2: EC2Client) -> Address:
        # A filter, unlike AllocationIds, is no error where there is no such allocation.
        try:
            found = ec2.describe_addresses(Filters=[{"Name": "allocation-id", "Values": [self.allocation]}])
        except (ClientError, BotoCoreError) as error:
            return Address(self.allocation, trouble=f"can't be read: {said_of(error)}")
        if not found["Addresses"]:
            return Address(self.allocation, trouble="there is no such Elastic IP in this account and region")
        return _address(found["Addresses"][0])


def _address(told: AddressTypeDef) -> Address:
    return Address(
        told.get("AllocationId", ""),
        told.get("PublicIp"),
        told.get("InstanceId") or None,
        told.get("NetworkInterfaceId") or None,
    )
