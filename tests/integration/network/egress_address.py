"""An egress address in moto, and an invocation that moves it together with the subnets."""

from __future__ import annotations

from nat_failover.network.elastic_ip import Egress
from tests.integration.account import Account
from tests.integration.invocation import Acting
from tests.moto_addresses import displacing

PUBLIC, SECOND = "203.0.113.99", "203.0.113.98"


def allocate(account: Account) -> None:
    """Let the pair have an egress address, which is with nobody yet."""
    allocation = account.ec2.allocate_address(Domain="vpc", Address=PUBLIC)["AllocationId"]
    account.configure(egress_allocation=allocation)


def allocate_second(account: Account) -> None:
    """Let the pair have a second address, which the standby has; EC2 takes from an interface what it had before.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateAddress.html
    """
    allocation = account.ec2.allocate_address(Domain="vpc", Address=SECOND)["AllocationId"]
    account.configure(standby_egress_allocation=allocation)
    displacing(account.ec2)
    give(account, account.standby, allocation)


def give(account: Account, nat: str, allocation: str | None = None) -> None:
    """Associate an address, the egress address where not told, as a person would."""
    account.ec2.associate_address(
        AllocationId=allocation or account.settings.egress_allocation,
        NetworkInterfaceId=account.interfaces[nat],
        AllowReassociation=True,
    )


def holder(account: Account, allocation: str | None = None) -> str | None:
    """Tell which NAT has an address, the egress address where not told; None where neither has."""
    wanted = [allocation or account.settings.egress_allocation]
    (described,) = account.ec2.describe_addresses(AllocationIds=wanted)["Addresses"]
    by_interface = {account.interfaces[nat]: nat for nat in (account.primary, account.standby)}
    return by_interface.get(described.get("NetworkInterfaceId", ""))


def second_holder(account: Account) -> str | None:
    """Tell which NAT has the second address; None where neither has."""
    return holder(account, str(account.settings.standby_egress_allocation))


def egress_of(account: Account) -> Egress:
    """Be an invocation's view of the address; what a test does before calls is done before its impatient ones, too."""
    egress = Egress.of(account.clients.ec2, lambda: account.clients.ec2, account.settings, account.clock)
    assert egress is not None
    return egress


class Moving(Acting):
    """An invocation that fails over, address and all."""

    def __init__(self, account: Account) -> None:
        super().__init__(account, egress_of(account))
