"""T7: what EC2 does with public addresses when an Elastic IP moves, in its answers and in the network."""

from __future__ import annotations

from nat_failover.clients import Clients
from tests.gate.rules.proof import breaks, keeps
from tests.gate.timing.asking import asking
from tests.lab.lab import Lab
from tests.lab.network.layout import EGRESS, TARGETS


def _public(lab: Lab, clients: Clients, host: str) -> str | None:
    (instance,) = clients.ec2.describe_instances(
        Filters=[{"Name": "instance-id", "Values": [lab.cloud.instances[host]]}]
    )["Reservations"][0]["Instances"]
    return instance.get("PublicIpAddress")


def _move(lab: Lab, clients: Clients, to: str) -> None:
    (address,) = clients.ec2.describe_addresses()["Addresses"]
    (instance,) = clients.ec2.describe_instances(
        Filters=[{"Name": "instance-id", "Values": [lab.cloud.instances[to]]}]
    )["Reservations"][0]["Instances"]
    clients.ec2.associate_address(
        AllocationId=address["AllocationId"],
        NetworkInterfaceId=instance["NetworkInterfaces"][0]["NetworkInterfaceId"],
        AllowReassociation=True,
    )
    lab.wait(0.1)


@breaks("T7a")
@asking(unaddressed=(60.0, 60.0))
def test_the_one_that_loses_it_has_no_public_address_for_a_while_and_then_another(lab: Lab, clients: Clients) -> None:
    assert _public(lab, clients, "nat01") == EGRESS
    _move(lab, clients, "nat02")
    assert _public(lab, clients, "nat01") is None
    assert not lab.network.reaches("nat01", TARGETS[0])
    lab.wait(59)
    assert _public(lab, clients, "nat01") is None
    lab.wait(2)
    assert _public(lab, clients, "nat01") not in (None, EGRESS)
    assert lab.network.reaches("nat01", TARGETS[0])


@breaks("T7b")
@asking()
def test_with_a_second_interface_it_gets_none_ever(lab: Lab, clients: Clients) -> None:
    lab.cloud.multihomed.add("nat01")
    _move(lab, clients, "nat02")
    lab.wait(3600)
    assert _public(lab, clients, "nat01") is None
    assert not lab.network.reaches("nat01", TARGETS[0])


@breaks("T7c")
@asking()
def test_the_one_that_gets_it_loses_its_own_and_gets_another_when_it_loses_it_again(lab: Lab, clients: Clients) -> None:
    own = _public(lab, clients, "nat02")
    _move(lab, clients, "nat02")
    assert _public(lab, clients, "nat02") == EGRESS
    assert lab.network.egress_address("nat02", TARGETS[0]) == EGRESS
    lab.wait(400)
    _move(lab, clients, "nat01")
    lab.wait(400)
    assert _public(lab, clients, "nat02") not in (None, own, EGRESS)


@keeps("T7a", "T7b", "T7c")
@asking()
def test_associating_it_with_the_one_that_has_it_changes_nothing(lab: Lab, clients: Clients) -> None:
    before = [_public(lab, clients, host) for host in ("nat01", "nat02")]
    _move(lab, clients, "nat01")
    assert [_public(lab, clients, host) for host in ("nat01", "nat02")] == before
