"""An egress address in moto, and an invocation that moves it together with the subnets."""

from __future__ import annotations

from nat_failover.egress import Egress
from tests.integration.account import Account
from tests.integration.acting import Acting

PUBLIC = "203.0.113.99"


def allocate(account: Account) -> None:
    """Let the pair have an egress address, which is with nobody yet."""
    allocation = account.ec2.allocate_address(Domain="vpc", Address=PUBLIC)["AllocationId"]
    account.configure(egress_allocation=allocation)


def give(account: Account, nat: str) -> None:
    """Associate the address as a person would."""
    account.ec2.associate_address(
        AllocationId=account.settings.egress_allocation,
        NetworkInterfaceId=interface_of(account, nat),
        AllowReassociation=True,
    )


def interface_of(account: Account, nat: str) -> str:
    """Give the id of a NAT's network interface."""
    (told,) = account.ec2.describe_instances(InstanceIds=[nat])["Reservations"][0]["Instances"]
    return str(told["NetworkInterfaces"][0]["NetworkInterfaceId"])


def holder(account: Account) -> str:
    """Tell which NAT has the address."""
    (told,) = account.ec2.describe_addresses(AllocationIds=[account.settings.egress_allocation])["Addresses"]
    by_interface = {interface_of(account, nat): nat for nat in (account.primary, account.standby)}
    return by_interface[told["NetworkInterfaceId"]]


def egress_of(account: Account) -> Egress:
    """Be an invocation's view of the address; what a test does before calls is done before its impatient ones, too."""
    egress = Egress.of(account.clients.ec2, lambda: account.clients.ec2, account.settings, account.clock)
    assert egress is not None
    return egress


class Moving(Acting):
    """An invocation that fails over, address and all."""

    def __init__(self, account: Account) -> None:
        super().__init__(account, egress_of(account))
