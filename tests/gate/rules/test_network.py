"""Each rule of the network changes what becomes of packets, and of none that keeps it; on real packets: tests/lab."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.gate.rules.proof import breaks, keeps
from tests.lab.cloud.execution import Execution
from tests.lab.cloud.template import EGRESS_PLACE
from tests.lab.lab import Lab
from tests.lab.latencies import Latencies
from tests.lab.network.bench import EVERYBODY, Bench, make
from tests.lab.network.guards import ANYWHERE, OPEN_ACL, VPC_GROUP, WEB_GROUP, Guard, Rule
from tests.lab.network.layout import EGRESS, SSM_PUBLIC, TARGETS
from tests.simulation.account.cloud import ModelCloud

NATS = {"nat01", "nat02"}


def on_bench(body: Callable[[Bench], None]) -> None:
    bench = make("simulated")
    bench.set_up()
    bench.play(lambda: body(bench))


def in_lab(body: Callable[[Lab, Any], None]) -> None:
    def play(lab: Lab) -> None:
        body(lab, lab.gateway.clients(Execution(lab.world.now)).ec2)

    Lab("simulated", 1, Latencies(), {"egressAddress": EGRESS_PLACE}, cloud=ModelCloud, measured=False).run(play)


def give_address(lab: Lab, ec2: Any, nat: str) -> None:
    ec2.associate_address(
        AllocationId=lab.cloud.environment["NAT_FAILOVER_EGRESS_ALLOCATION"],
        NetworkInterfaceId=lab.cloud.account.holdings.instances[lab.cloud.instances[nat]].interface,  # type: ignore[attr-defined]
        AllowReassociation=True,
    )
    lab.wait(10)


@breaks("N1")
def test_a_group_that_admits_the_web_only_passes_no_ping() -> None:
    def body(bench: Bench) -> None:
        bench.network.set_guards({"nat01": WEB_GROUP})
        assert bench.reaching() == NATS

    on_bench(body)


@keeps("N1")
def test_a_group_that_admits_the_vpc_passes_its_pings() -> None:
    def body(bench: Bench) -> None:
        bench.network.set_guards({"nat01": VPC_GROUP})
        assert bench.reaching() == EVERYBODY | NATS

    on_bench(body)


def _with_acl(acl: Guard, passes: bool) -> None:
    def body(bench: Bench) -> None:
        host = bench.layout.backends[0]
        bench.network.set_guards(acls={host.subnet: acl})
        assert bench.network.reaches(host.name, TARGETS[0], 443) is passes

    on_bench(body)


@breaks("N2")
def test_an_acl_without_an_entry_for_answers_lets_none_back() -> None:
    _with_acl(Guard((Rule(ANYWHERE, "tcp", 443, 443),), (Rule(ANYWHERE),)), passes=False)


@keeps("N2")
def test_an_open_acl_lets_everything_pass() -> None:
    _with_acl(OPEN_ACL, passes=True)


def _with_check(*, on: bool) -> None:
    def body(bench: Bench) -> None:
        bench.network.set_guards(checks={"nat01": on})
        assert bench.reaching() == (NATS if on else EVERYBODY | NATS)

    on_bench(body)


@breaks("N3")
def test_a_nat_with_its_check_on_forwards_nothing() -> None:
    _with_check(on=True)


@keeps("N3")
def test_a_nat_with_its_check_off_forwards() -> None:
    _with_check(on=False)


def _moved(public_of_the_other: str | None) -> None:
    def body(bench: Bench) -> None:
        network, host = bench.network, bench.layout.backends[0]
        network.set_public("nat01", EGRESS)
        path = network.path(host.name, SSM_PUBLIC)
        network.associate(host.subnet, "standby")
        network.set_public("nat01", None)
        if public_of_the_other is not None:
            network.set_public("nat02", public_of_the_other)
        network.carries(host.name, SSM_PUBLIC, path)

    on_bench(body)


@breaks("N4")
def test_a_connection_in_mid_flow_goes_another_way_under_the_same_address() -> None:
    _moved(EGRESS)


@keeps("N4")
@breaks("N6")
def test_a_connection_whose_public_address_changes_is_cut() -> None:
    _moved(None)


@keeps("N6")
def test_a_connection_lives_as_long_as_its_way() -> None:
    def body(bench: Bench) -> None:
        path = bench.network.path("backend1", SSM_PUBLIC)
        assert bench.network.carries("backend1", SSM_PUBLIC, path)

    on_bench(body)


@breaks("N5")
def test_an_address_that_moves_carries_nothing_for_a_while() -> None:
    in_lab(lambda lab, ec2: give_address(lab, ec2, "nat02"))


@keeps("N5")
def test_an_address_that_stays_goes_on() -> None:
    in_lab(lambda lab, ec2: give_address(lab, ec2, "nat01"))


@breaks("N7")
def test_packets_for_a_stopped_nat_vanish() -> None:
    def body(bench: Bench) -> None:
        bench.network.stop("nat01")
        assert bench.reaching() == {"nat02"}

    on_bench(body)


@keeps("N7")
def test_packets_for_a_nat_that_runs_arrive() -> None:
    def body(bench: Bench) -> None:
        bench.network.stop("nat02")
        assert bench.reaching() == EVERYBODY | {"nat01"}

    on_bench(body)


def _said_of(lab: Lab, ec2: Any) -> str:
    filters: Any = [{"Name": "instance-id", "Values": [lab.cloud.instances["nat01"]]}]
    return str(ec2.describe_instances(Filters=filters)["Reservations"][0]["Instances"][0]["State"]["Name"])


@breaks("N8")
def test_an_instance_that_is_about_to_be_taken_away_is_still_called_running() -> None:
    def body(lab: Lab, ec2: Any) -> None:
        lab.cloud.warn("nat01")
        assert _said_of(lab, ec2) == "running"

    in_lab(body)


@keeps("N8")
def test_of_an_instance_that_stays_running_is_the_truth() -> None:
    def body(lab: Lab, ec2: Any) -> None:
        lab.cloud.warn("nat02")
        assert _said_of(lab, ec2) == "running"

    in_lab(body)
