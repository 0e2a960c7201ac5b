"""What EC2 tells of ends that it has announced, how often it is asked, and what it may refuse."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import Stubber

from nat_failover.network.announced import Announcements
from nat_failover.network.instances import Nat
from tests.examples import NOW, PRIMARY, STANDBY, settings
from tests.fakes import FakeRuntime, stubbed
from tests.lab.cloud.sessions import session

PERIOD = 60.0


def NO_GROUPS() -> Any:  # noqa: N802
    pytest.fail("a NAT that is in no group is asked of")


@pytest.fixture
def autoscaling() -> Any:
    return session("eu-west-1").client("autoscaling", aws_access_key_id="x", aws_secret_access_key="x")  # noqa: S106


def in_states(*states: str) -> dict[str, Any]:
    beside = {"AvailabilityZone": "eu-west-1a", "HealthStatus": "Healthy", "ProtectedFromScaleIn": False}
    response = [
        {"InstanceId": nat, "AutoScalingGroupName": "nat", "LifecycleState": state, **beside}
        for nat, state in zip((PRIMARY, STANDBY), states, strict=False)
    ]
    return {"AutoScalingInstances": response}


@pytest.fixture
def ec2() -> Any:
    return session("eu-west-1").client("ec2", aws_access_key_id="x", aws_secret_access_key="x")  # noqa: S106


@pytest.fixture
def answers(ec2: Any) -> Iterator[Stubber]:
    with stubbed(ec2) as stubber:
        yield stubber


def nats(*, spot: bool = False, state: str = "running") -> dict[str, Nat]:
    return {nat: Nat(nat, state, None, is_spot=spot) for nat in (PRIMARY, STANDBY)}


def event(begins: float, description: str = "degraded hardware", ends: float | None = None) -> dict[str, Any]:
    fields = {"Code": "instance-stop", "Description": description, "NotBefore": datetime.fromtimestamp(begins, UTC)}
    return fields if ends is None else {**fields, "NotAfter": datetime.fromtimestamp(ends, UTC)}


def status(answers: Stubber, *events: dict[str, Any]) -> None:
    response = {"InstanceStatuses": [{"InstanceId": PRIMARY, "Events": list(events)}, {"InstanceId": STANDBY}]}
    answers.add_response("describe_instance_status", response, {"InstanceIds": [PRIMARY, STANDBY]})


def spot(answers: Stubber, code: str) -> None:
    response = {"SpotInstanceRequests": [{"InstanceId": PRIMARY, "Status": {"Code": code}}]}
    filters = [{"Name": "instance-id", "Values": [PRIMARY, STANDBY]}]
    answers.add_response("describe_spot_instance_requests", response, {"Filters": filters})


def test_of_maintenance_the_first_that_is_not_over_counts(ec2: Any, answers: Stubber) -> None:
    over = (event(NOW - 60, "[Completed] degraded"), event(NOW - 60, "[Canceled] x"), event(NOW - 90, ends=NOW - 1))
    status(answers, *over, event(NOW + 7200), event(NOW + 3600))
    found = Announcements(ec2, NO_GROUPS, settings(), FakeRuntime()).read(nats())
    assert {nat: end.at for nat, end in found.items()} == {PRIMARY: NOW + 3600}
    assert "maintenance (instance-stop), from 2027-01-15 09:00 UTC on, of" in found[PRIMARY].in_words


def test_it_is_asked_of_at_every_fifth_tick_and_remembered_between(ec2: Any, answers: Stubber) -> None:
    clock = FakeRuntime()
    announcements = Announcements(ec2, NO_GROUPS, settings(), clock)
    for tick in range(11):
        if tick % 5 == 0:
            status(answers, event(NOW + 86_400))
        assert PRIMARY in announcements.read(nats())
        clock.sleep(PERIOD)
    answers.assert_no_pending_responses()


def test_it_is_asked_of_at_every_tick_once_it_is_near(ec2: Any, answers: Stubber) -> None:
    clock = FakeRuntime()
    announcements = Announcements(ec2, NO_GROUPS, settings(), clock)
    for _ in range(3):
        status(answers, event(NOW + 600))
        announcements.read(nats())
        clock.sleep(PERIOD)
    status(answers, event(NOW + 600, "[Canceled] x"))
    assert announcements.read(nats()) == {}


@pytest.mark.parametrize("code", ["marked-for-termination", "marked-for-stop"])
def test_a_spot_instance_is_asked_of_each_time(ec2: Any, answers: Stubber, code: str) -> None:
    clock = FakeRuntime()
    announcements = Announcements(ec2, NO_GROUPS, settings(), clock)
    status(answers)
    spot(answers, "fulfilled")
    assert announcements.read(nats(spot=True)) == {}
    clock.sleep(PERIOD)
    spot(answers, code)
    found = announcements.read(nats(spot=True))
    assert found[PRIMARY].at is None
    assert found[PRIMARY].is_due(NOW)


def test_of_nats_that_do_not_run_nothing_is_asked(ec2: Any, answers: Stubber) -> None:
    assert Announcements(ec2, NO_GROUPS, settings(), FakeRuntime()).read(nats(spot=True, state="stopped")) == {}
    answers.assert_no_pending_responses()


@pytest.mark.parametrize(("code", "lasts"), [("UnauthorizedOperation", True), ("RequestLimitExceeded", False)])
def test_a_refusal_is_no_reason_to_stop_and_one_that_lasts_is_kept(
    ec2: Any, answers: Stubber, code: str, lasts: bool
) -> None:
    answers.add_client_error("describe_instance_status", code)
    announcements = Announcements(ec2, NO_GROUPS, settings(), FakeRuntime())
    assert announcements.read(nats()) == {}
    assert (announcements.refused is not None) is lasts


@pytest.mark.parametrize("state", ["Terminating", "Terminating:Wait", "Terminating:Proceed"])
def test_an_instance_that_its_group_terminates_is_asked_of_each_time(
    ec2: Any, answers: Stubber, autoscaling: Any, state: str
) -> None:
    clock = FakeRuntime()
    announcements = Announcements(ec2, lambda: autoscaling, settings(auto_scaling_groups=("nat",)), clock)
    status(answers)
    with stubbed(autoscaling) as groups:
        for response in (in_states("InService", "Detaching"), in_states(state, "InService")):
            groups.add_response("describe_auto_scaling_instances", response, {"InstanceIds": [PRIMARY, STANDBY]})
        assert announcements.read(nats()) == {}
        clock.sleep(PERIOD)
        (found,) = announcements.read(nats()).values()
    assert found.in_words == f"AWS has announced the termination, by its Auto Scaling group, of {PRIMARY}"
    assert found.is_due(NOW)


def test_what_ec2_does_not_tell_keeps_auto_scaling_from_telling_nothing(
    ec2: Any, answers: Stubber, autoscaling: Any
) -> None:
    answers.add_client_error("describe_instance_status", "UnauthorizedOperation")
    announcements = Announcements(ec2, lambda: autoscaling, settings(auto_scaling_groups=("nat",)), FakeRuntime())
    with stubbed(autoscaling) as groups:
        groups.add_response("describe_auto_scaling_instances", in_states("Terminating:Wait"))
        assert list(announcements.read(nats())) == [PRIMARY]
    assert announcements.refused is not None
