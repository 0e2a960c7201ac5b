"""Each rule of the network changes what becomes of packets, and of none that keeps it; on real packets: tests/lab."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.gate.auto_scaling import AutoScaling
from tests.gate.rules.proof import breaks, keeps, refused
from tests.lab.cloud.execution import Execution
from tests.lab.cloud.template import EGRESS_PLACE
from tests.lab.lab import Lab
from tests.lab.latencies import Latencies
from tests.lab.network.bench import EVERYBODY, Bench, make
from tests.lab.network.guards import ANYWHERE, OPEN_ACL, VPC_GROUP, WEB_GROUP, Guard, Rule
from tests.lab.network.layout import EGRESS, SSM_PUBLIC, TARGETS
from tests.lab.played import Test, played
from tests.simulation.account.cloud import ModelCloud

NATS = {"nat01", "nat02"}


def on_bench() -> Callable[[Test], Test]:
    def stage(test: Test, **_: object) -> None:
        bench = make("simulated")
        bench.set_up()
        bench.play(lambda: test(bench=bench))

    return played(stage, ["bench"])


def in_lab() -> Callable[[Test], Test]:
    def stage(test: Test, **_: object) -> None:
        def play(lab: Lab) -> None:
            test(lab=lab, ec2=lab.gateway.clients(Execution(lab.world.now)).ec2)

        Lab("simulated", 1, Latencies(), {"egressAddress": EGRESS_PLACE}, cloud=ModelCloud, measured=False).run(play)

    return played(stage, ["lab", "ec2"])


def give_address(lab: Lab, ec2: Any, nat: str) -> None:
    ec2.associate_address(
        AllocationId=lab.cloud.environment["NAT_FAILOVER_EGRESS_ALLOCATION"],
        NetworkInterfaceId=lab.cloud.account.holdings.instances[lab.cloud.instances[nat]].interface,  # type: ignore[attr-defined]
        AllowReassociation=True,
    )
    lab.wait(10)


@breaks("N1")
@on_bench()
def test_a_group_that_admits_the_web_only_passes_no_ping(bench: Bench) -> None:
    bench.network.set_guards({"nat01": WEB_GROUP})
    assert bench.reaching() == NATS


@keeps("N1")
@on_bench()
def test_a_group_that_admits_the_vpc_passes_its_pings(bench: Bench) -> None:
    bench.network.set_guards({"nat01": VPC_GROUP})
    assert bench.reaching() == EVERYBODY | NATS


@on_bench()
def _with_acl(bench: Bench, acl: Guard, passes: bool) -> None:
    host = bench.layout.backends[0]
    bench.network.set_guards(acls={host.subnet: acl})
    assert bench.network.reaches(host.name, TARGETS[0], 443) is passes


@breaks("N2")
def test_an_acl_without_an_entry_for_answers_lets_none_back() -> None:
    _with_acl(acl=Guard((Rule(ANYWHERE, "tcp", 443, 443),), (Rule(ANYWHERE),)), passes=False)


@keeps("N2")
def test_an_open_acl_lets_everything_pass() -> None:
    _with_acl(acl=OPEN_ACL, passes=True)


@on_bench()
def _with_check(bench: Bench, on: bool) -> None:
    bench.network.set_guards(checks={"nat01": on})
    assert bench.reaching() == (NATS if on else EVERYBODY | NATS)


@breaks("N3")
def test_a_nat_with_its_check_on_forwards_nothing() -> None:
    _with_check(on=True)


@keeps("N3")
def test_a_nat_with_its_check_off_forwards() -> None:
    _with_check(on=False)


@on_bench()
def _moved(bench: Bench, public_of_the_other: str | None) -> None:
    network, host = bench.network, bench.layout.backends[0]
    network.set_public("nat01", EGRESS)
    path = network.path(host.name, SSM_PUBLIC)
    network.associate(host.subnet, "standby")
    network.set_public("nat01", None)
    if public_of_the_other is not None:
        network.set_public("nat02", public_of_the_other)
    network.carries(host.name, SSM_PUBLIC, path)


@breaks("N4")
def test_a_connection_in_mid_flow_goes_another_way_under_the_same_address() -> None:
    _moved(public_of_the_other=EGRESS)


@keeps("N4")
@breaks("N6")
def test_a_connection_whose_public_address_changes_is_cut() -> None:
    _moved(public_of_the_other=None)


@keeps("N6")
@on_bench()
def test_a_connection_lives_as_long_as_its_way(bench: Bench) -> None:
    path = bench.network.path("backend1", SSM_PUBLIC)
    assert bench.network.carries("backend1", SSM_PUBLIC, path)


@breaks("N5")
@in_lab()
def test_an_address_that_moves_carries_nothing_for_a_while(lab: Lab, ec2: Any) -> None:
    give_address(lab, ec2, "nat02")


@keeps("N5")
@in_lab()
def test_an_address_that_stays_goes_on(lab: Lab, ec2: Any) -> None:
    give_address(lab, ec2, "nat01")


@breaks("N7")
@on_bench()
def test_packets_for_a_stopped_nat_vanish(bench: Bench) -> None:
    bench.network.stop("nat01")
    assert bench.reaching() == {"nat02"}


@keeps("N7")
@on_bench()
def test_packets_for_a_nat_that_runs_arrive(bench: Bench) -> None:
    bench.network.stop("nat02")
    assert bench.reaching() == EVERYBODY | {"nat01"}


def _state_of(lab: Lab, ec2: Any) -> str:
    filters: Any = [{"Name": "instance-id", "Values": [lab.cloud.instances["nat01"]]}]
    return str(ec2.describe_instances(Filters=filters)["Reservations"][0]["Instances"][0]["State"]["Name"])


@breaks("N8")
@in_lab()
def test_an_instance_that_is_about_to_be_taken_away_is_still_called_running(lab: Lab, ec2: Any) -> None:
    lab.cloud.warn("nat01")
    assert _state_of(lab, ec2) == "running"


@keeps("N8")
@in_lab()
def test_of_an_instance_that_stays_running_is_the_truth(lab: Lab, ec2: Any) -> None:
    lab.cloud.warn("nat02")
    assert _state_of(lab, ec2) == "running"


def _complete(scaling: AutoScaling, token: str, **changes: str) -> None:
    named = {"AutoScalingGroupName": "nat", "LifecycleHookName": "mine", "LifecycleActionToken": token, **changes}
    scaling.answer("CompleteLifecycleAction", named)


@breaks("R19d")
def test_an_action_that_is_over_or_of_another_hook_is_none() -> None:
    scaling = AutoScaling()
    done, late, other = (scaling.begin(f"i-0123456789abcdef{n}", "nat", "mine") for n in range(3))
    _complete(scaling, done.token)
    scaling.time_out(late)
    for token, changes in ((done.token, {}), (late.token, {}), (other.token, {"LifecycleHookName": "theirs"})):
        with refused("ValidationError", "No active Lifecycle Action found"):
            _complete(scaling, token, **changes)
    assert scaling.is_waiting(other)


@keeps("R19d")
def test_an_action_that_a_group_waits_for_is_completed() -> None:
    scaling = AutoScaling()
    waiting = scaling.begin("i-0123456789abcdef0", "nat", "mine")
    _complete(scaling, waiting.token)
    assert not scaling.is_waiting(waiting)
