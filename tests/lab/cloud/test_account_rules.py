"""What the account says of groups, checks, routes and addresses is what the network does; and what it does not say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.gate.rules.rule import CHANGED
from tests.lab.cloud.execution import Execution
from tests.lab.cloud.moto_cloud import MotoCloud
from tests.lab.cloud.template import EGRESS_PLACE
from tests.lab.conftest import KINDS
from tests.lab.lab import Lab, MakeCloud
from tests.lab.latencies import Latencies
from tests.lab.network.guards import ANYWHERE, WEB_GROUP, Guard, Rule
from tests.lab.network.layout import EGRESS, ENDPOINT, SSM_ENDPOINT, TARGETS, VPC_CIDR
from tests.lab.played import Test, played
from tests.simulation.account.cloud import ModelCloud

OUT = (Rule(ANYWHERE),)
PROTECTED = ["10.20.1.0/24", "10.20.2.0/24"]


def in_lab(settings: Mapping[str, object] | None = None, *asks: str) -> Callable[[Test], Test]:
    def stage(test: Test, cloud: MakeCloud = MotoCloud, network: str = "simulated") -> None:
        Lab(network, 1, Latencies(), settings, cloud=cloud, measured=False).run(lambda lab: test(lab=lab))

    return played(stage, ["lab"], asks)


def in_both(settings: Mapping[str, object] | None = None) -> Callable[[Test], Test]:
    return lambda test: pytest.mark.parametrize("cloud", [MotoCloud, ModelCloud])(in_lab(settings, "cloud")(test))


def states(lab: Lab, table: str) -> dict[str, str]:
    ec2 = lab.gateway.clients(Execution()).ec2
    filters: Any = [{"Name": "route-table-id", "Values": [table]}]
    (described,) = ec2.describe_route_tables(Filters=filters)["RouteTables"]
    return {route["DestinationCidrBlock"]: route["State"] for route in described["Routes"]}


@in_both({"protectedCidrs": PROTECTED})
def test_the_groups_of_the_lab_are_those_of_the_template_and_of_an_honest_vpc(lab: Lab) -> None:
    groups = lab.cloud.groups()
    assert groups["nat01"] == Guard((Rule(VPC_CIDR),), OUT)
    assert groups["nat02"] == Guard(tuple(Rule(cidr) for cidr in PROTECTED), OUT)
    assert {groups[backend] for backend in lab.backends} == {Guard((), OUT)}
    assert groups[ENDPOINT] == Guard((Rule(VPC_CIDR, "tcp", 443, 443),), OUT)
    assert lab.cloud.checks() == {"nat01": False, "nat02": False, **dict.fromkeys(lab.backends, True)}
    assert set(lab.cloud.acls()) == set(lab.cloud.subnets)


@in_lab({"ssmAccess": "create", "protectedCidrs": PROTECTED, "vpcCidrs": PROTECTED})
def test_an_endpoint_that_the_stack_makes_has_the_group_of_the_template(lab: Lab) -> None:
    admitted = lab.cloud.groups()[ENDPOINT].inbound
    assert {rule for rule in admitted if rule.cidr in PROTECTED} == {Rule(c, "tcp", 443, 443) for c in PROTECTED}
    assert lab.network.reaches("backend1", SSM_ENDPOINT, 443)
    assert not lab.network.reaches("backend1", SSM_ENDPOINT, 80)


@in_lab({"ssmAccess": "none"})
def test_without_an_endpoint_nobody_reaches_one(lab: Lab) -> None:
    assert not lab.network.reaches("backend1", SSM_ENDPOINT, 443)


@in_both()
def test_the_network_acts_on_the_check_that_the_account_has(lab: Lab) -> None:
    ec2 = lab.gateway.clients(Execution()).ec2
    for on in (True, False):
        lab.cloud.set_source_dest_check("nat01", on=on)
        assert lab.network.reaches("backend1", TARGETS[0]) is not on
        filters: Any = [{"Name": "instance-id", "Values": [lab.cloud.instances["nat01"]]}]
        (instance,) = ec2.describe_instances(Filters=filters)["Reservations"][0]["Instances"]
        assert instance["SourceDestCheck"] is on
        assert instance["NetworkInterfaces"][0]["SourceDestCheck"] is on


@in_both()
def test_a_route_is_a_blackhole_once_its_instance_is_stopped(lab: Lab) -> None:
    before = CHANGED["N7"]
    assert states(lab, lab.cloud.primary_table) == {VPC_CIDR: "active", "0.0.0.0/0": "active"}
    assert CHANGED["N7"] == before
    lab.cloud.stop_instance("nat01")
    assert states(lab, lab.cloud.primary_table) == {VPC_CIDR: "active", "0.0.0.0/0": "blackhole"}
    assert states(lab, lab.cloud.standby_table) == {VPC_CIDR: "active", "0.0.0.0/0": "active"}
    assert CHANGED["N7"] > before


@pytest.mark.parametrize("cloud", [ModelCloud])
@in_lab(None, "cloud")
def test_a_route_is_active_as_long_as_its_instance_is_stopping(lab: Lab) -> None:
    cloud = lab.cloud
    assert isinstance(cloud, ModelCloud)
    cloud.account.change().instances[cloud.instances["nat01"]].state = "stopping"
    assert states(lab, cloud.primary_table)["0.0.0.0/0"] == "active"


@in_both()
def test_an_instance_that_is_about_to_be_taken_away_is_still_called_running(lab: Lab) -> None:
    ec2 = lab.gateway.clients(Execution()).ec2
    filters: Any = [{"Name": "instance-id", "Values": [lab.cloud.instances["nat01"]]}]

    def state() -> str:
        return str(ec2.describe_instances(Filters=filters)["Reservations"][0]["Instances"][0]["State"]["Name"])

    before = CHANGED["N8"]
    assert state() == "running"
    assert CHANGED["N8"] == before
    lab.cloud.warn("nat01")
    assert state() == "running"
    assert CHANGED["N8"] == before + 1


@pytest.mark.parametrize("network", KINDS)
@in_lab({"egressAddress": EGRESS_PLACE}, "network")
def test_an_elastic_ip_that_moves_carries_nothing_for_seconds(lab: Lab) -> None:
    latencies = Latencies()

    def seen() -> set[str | None]:
        return {lab.network.egress_address(nat, TARGETS[0]) for nat in ("nat01", "nat02")}

    assert EGRESS in seen()
    before, begun = CHANGED["N5"], lab.world.now()
    lab.gateway.clients(Execution()).ec2.associate_address(
        AllocationId=lab.cloud.environment["NAT_FAILOVER_EGRESS_ALLOCATION"],
        NetworkInterfaceId=lab.cloud.interface("nat02"),  # type: ignore[attr-defined]
        AllowReassociation=True,
    )
    assert lab.wait_until(lambda: seen() == {None}, latencies.associate[1] + latencies.address[1] + 2)
    lifted = lab.world.now()
    assert lab.wait_until(lambda: lab.network.egress_address("nat02", TARGETS[0]) == EGRESS, 15)
    assert latencies.lifted[0] - 1 < lab.world.now() - lifted < latencies.lifted[1] + 2
    assert lab.world.now() - begun > latencies.lifted[0]
    assert CHANGED["N5"] > before


@in_both()
def test_what_a_person_makes_of_groups_and_acls_is_what_the_network_does(lab: Lab) -> None:
    lab.cloud.set_inbound("nat01", WEB_GROUP.inbound)
    assert lab.cloud.groups()["nat01"] == WEB_GROUP
    assert not lab.network.reaches("backend1", TARGETS[0])
    assert lab.network.reaches("backend1", TARGETS[0], 443)
    lab.cloud.set_inbound("nat01", ())
    assert not lab.network.reaches("backend1", TARGETS[0], 443)
    lab.cloud.set_inbound("nat01", [Rule(VPC_CIDR)])
    assert lab.network.reaches("backend1", TARGETS[0])
    subnet = lab.network.layout.host("backend1").subnet
    inside = Guard((Rule(VPC_CIDR),), (Rule(f"{TARGETS[0]}/32", allows=False), Rule(ANYWHERE)))
    lab.cloud.set_acl(subnet, inside)
    assert lab.cloud.acls()[subnet].outbound[:2] == inside.outbound
    assert not lab.network.reaches("backend1", TARGETS[0])
    assert lab.network.reaches("backend1", SSM_ENDPOINT, 443)
    assert lab.network.reaches("backend2", TARGETS[0])
