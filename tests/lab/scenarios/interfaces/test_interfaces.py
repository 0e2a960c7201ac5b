"""A pair whose primary NAT is whoever has an interface, by whatever else looks at it than the schedule."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from nat_failover.acting.lifecycle import NOBODYS
from nat_failover.clients import PairServices
from nat_failover.events import SELF_TEST
from nat_failover.settings import Settings
from tests.gate.events import Waiting
from tests.gate.harshness import GENTLE
from tests.lab.cloud.execution import Execution, LabRuntime
from tests.lab.lab import Lab
from tests.lab.latencies import Latencies
from tests.lab.scenarios.interfaces.account import NAT, SETTINGS, InterfaceCloud
from tests.lab.scenarios.interfaces.groups import IN_A_GROUP


def played(body: Callable[[Lab], None], settings: Mapping[str, object] = SETTINGS) -> None:
    """Do something in a lab with such a pair."""
    Lab("simulated", 1, Latencies(), settings, cloud=InterfaceCloud, harshness=GENTLE).run(body)


def services(lab: Lab) -> PairServices:
    execution = Execution()
    settings = Settings.from_environment(lab.cloud.environment)
    return PairServices.of(settings, lab.gateway.clients(execution), LabRuntime(lab.world, execution))


def test_who_has_the_interface_is_known_by_the_route_table() -> None:
    found: list[tuple[str, str]] = []

    def body(lab: Lab) -> None:
        assert isinstance(lab.cloud, InterfaceCloud)
        found.append(services(lab).settled().settings.nats)
        lab.cloud.move_interface(lab.world.now())
        found.append(services(lab).settled().settings.nats)
        assert found[-1] == (lab.cloud.instances[NAT], lab.cloud.instances["nat02"])

    played(body)
    assert found[0] != found[1]


def test_where_the_route_tables_can_not_be_read_the_interface_stands_for_its_holder() -> None:
    def body(lab: Lab) -> None:
        lab.cloud.ec2.delete_route_table(RouteTableId=lab.cloud.standby_table)  # type: ignore[attr-defined]
        assert services(lab).settled().settings.nats[0].startswith("eni-")

    played(body)


def test_the_self_test_asks_the_holder() -> None:
    def body(lab: Lab) -> None:
        lab.functions.deliver({**SELF_TEST, "detail": {}})
        lab.wait(40)
        (invocation,) = lab.functions.invocations
        assert invocation.error is None
        assert invocation.result is not None
        hosts = {host for command in lab.run_command.service.commands for host in command.arguments["InstanceIds"]}
        assert {lab.cloud.instances[NAT], lab.cloud.instances["nat02"]} <= hosts

    played(body)


def test_the_check_of_an_interface_that_carries_nothing_keeps_nobody_from_being_judged() -> None:
    def body(lab: Lab) -> None:
        lab.begin()
        nat = services(lab).instances.describe([lab.cloud.instances[NAT]])[lab.cloud.instances[NAT]]
        assert nat.checked is True
        lab.wait(70)
        assert not {str(i.result["cause"]) for i in lab.functions.invocations if i.result} - {"HEALTHY", "WAITING"}

    played(body)


def test_the_self_test_tries_to_let_a_group_go_on() -> None:
    def body(lab: Lab) -> None:
        waiting = lab.cloud.begin_termination(NAT)
        lab.functions.deliver({**SELF_TEST, "detail": {}})
        lab.wait(40)
        (invocation,) = lab.functions.invocations
        assert invocation.result is not None
        calls = {call["call"]: call["verdict"] for call in invocation.result["calls"]}
        assert calls["autoscaling:DescribeAutoScalingInstances"] == "works"
        assert calls["autoscaling:CompleteLifecycleAction"] == "works"
        assert lab.cloud.auto_scaling.is_waiting(waiting)

    played(body, IN_A_GROUP)


def test_an_instance_of_the_group_that_is_no_nat_is_let_go_at_once_and_nothing_else_is_done() -> None:
    def body(lab: Lab) -> None:
        lab.begin()
        lab.functions.late = lambda: (0.0,)
        waiting = lab.cloud.begin_termination(lab.backends[0])
        lab.functions.tell_terminating(waiting)
        lab.wait(8)
        assert lab.cloud.auto_scaling.completed == {waiting.token}
        assert lab.gateway.replaced_at == []
        assert lab.gateway.events == []

    played(body, IN_A_GROUP)


def test_that_a_group_terminates_a_nat_is_asked_of_auto_scaling_and_not_believed_of_the_event() -> None:
    def body(lab: Lab) -> None:
        lab.begin()
        forged = Waiting(lab.cloud.instances[NAT], "nat-primary", "nat-failover-main", NOBODYS)
        lab.functions.late = lambda: (0.0,)
        lab.functions.tell_terminating(forged)
        lab.wait(15)
        (invocation,) = [i for i in lab.functions.invocations if i.trigger == "event"]
        assert (invocation.error, (invocation.result or {})["cause"]) == (None, "HEALTHY")
        assert lab.gateway.replaced_at == []
        assert lab.gateway.events == []
        assert lab.gateway.calls["autoscaling:CompleteLifecycleAction"] == 1

    played(body, IN_A_GROUP)
