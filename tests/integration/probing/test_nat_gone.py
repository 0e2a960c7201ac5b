"""EC2's own word that the active NAT is gone, as a tick takes it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from moto.ec2.models import ec2_backends

from tests.examples import BUS
from tests.fakes import before
from tests.integration.account import ACCOUNT_ID, REGION, Account

pytestmark = pytest.mark.usefixtures("watched")


@pytest.mark.parametrize("how", ["stopped", "terminated"])
@pytest.mark.pair(backends=2)
def test_a_tick_fails_over_though_too_few_backends_could_say_that_they_are_offline(account: Account, how: str) -> None:
    _end(account, how, account.primary)
    invoked = account.tick()
    assert (invoked.cause, invoked.outcome) == ("NAT_GONE", "failed-over")
    assert account.on_standby == account.subnets
    assert [subject.rpartition(", ")[2] for subject in account.subjects] == ["failed over to the standby NAT"]


def test_an_event_leaves_it_to_the_next_tick_which_sees_who_stops_too(account: Account) -> None:
    _end(account, "stopped", account.primary)
    account.cut_off(account.backends[0])
    assert account.failed(account.backends[0]).outcome is None
    assert account.tick().cause == "NAT_GONE"


def test_nothing_is_moved_where_everything_stops_for_the_night(account: Account) -> None:
    _end(account, "stopped", *account.backends[1:], account.primary)
    assert {invoked.outcome for invoked in account.ticks(3)} == {None}
    assert account.on_standby == ()


def test_nothing_is_moved_where_everything_stops_and_only_one_was_asked_of_late(account: Account) -> None:
    _stays_alone(account)
    assert [invoked.outcome for invoked in account.ticks(3)] == [None, None, None]
    assert account.on_standby == ()


def test_where_ec2_does_not_list_all_one_that_was_asked_is_too_few_to_tell_who_stays(account: Account) -> None:
    _stays_alone(account)
    before(account.ec2, "DescribeInstances", lambda: "InternalError", about="'tag:", times=99)
    assert [invoked.outcome for invoked in account.ticks(3)] == [None, None, None]


def test_those_that_were_stopped_long_ago_keep_nobody_from_being_moved(account: Account) -> None:
    _stays_alone(account, for_seconds=1800.0)
    assert account.ticks(1)[0].outcome == "failed-over"


def test_nothing_is_moved_to_a_nat_that_stops_too(account: Account) -> None:
    _end(account, "stopped", account.primary, account.standby)
    assert account.tick().outcome is None


@pytest.mark.parametrize("state", ["stopping", "shutting-down"])
def test_the_event_that_it_goes_hands_over_at_once_and_people_are_told_so(account: Account, state: str) -> None:
    _goes(account.primary, state)
    invoked = account.invoke(BUS.instance_state(account.clock.now(), account.primary, state))
    assert (invoked.cause, invoked.outcome) == ("HANDOVER", "failed-over")
    assert account.on_standby == account.subnets
    assert [subject.rpartition(", ")[2] for subject in account.subjects] == ["handed over to the standby NAT"]
    assert '"handover":true' in str(account.lock)


def test_the_event_alone_is_no_evidence(account: Account) -> None:
    invoked = account.invoke(BUS.instance_state(account.clock.now(), account.primary, "stopping"))
    assert (invoked.cause, invoked.outcome) == ("HEALTHY", None)
    assert account.on_standby == ()


def test_what_ec2_describes_a_few_seconds_late_is_waited_for(account: Account) -> None:
    described = []

    def stops_at_the_third() -> None:
        described.append(1)
        if len(described) == 3:
            _goes(account.primary, "stopping")

    before(account.clients.ec2, "DescribeInstances", stops_at_the_third, times=100)
    invoked = account.invoke(BUS.instance_state(account.clock.now(), account.primary, "stopping"))
    assert invoked.outcome == "failed-over"


def test_backends_that_stop_a_moment_later_are_waited_for(account: Account) -> None:
    _goes(account.primary, "stopping")
    ends = account.clock.now() + 1.5

    def others_stop() -> None:
        if account.clock.now() >= ends:
            _end(account, "stopped", *account.backends)

    before(account.clients.ec2, "DescribeInstances", others_stop, times=100)
    invoked = account.invoke(BUS.instance_state(account.clock.now(), account.primary, "stopping"))
    assert invoked.outcome is None
    assert account.on_standby == ()


def test_the_passive_nat_that_goes_moves_nothing(account: Account) -> None:
    _goes(account.standby, "stopping")
    invoked = account.invoke(BUS.instance_state(account.clock.now(), account.standby, "stopping"))
    assert invoked.outcome is None
    assert account.on_standby == ()


@pytest.mark.parametrize("lock", ["paused", '{"state": "paused"}'])
def test_nothing_is_handed_over_while_paused(account: Account, lock: str) -> None:
    account.lock = lock
    _goes(account.primary, "stopping")
    invoked = account.invoke(BUS.instance_state(account.clock.now(), account.primary, "stopping"))
    assert (invoked.cause, invoked.outcome) == ("LOCKED", None)


def _goes(instance: str, state: str) -> None:
    """Have EC2 say that an instance is on its way down; moto knows no such state by itself."""
    ec2_backends[ACCOUNT_ID][REGION].get_instance(instance)._state.name = state


def _end(account: Account, how: str, *instances: str) -> None:
    if how == "stopped":
        account.ec2.stop_instances(InstanceIds=list(instances))
    else:
        account.ec2.terminate_instances(InstanceIds=list(instances))


def _stays_alone(account: Account, for_seconds: float = 0.0) -> None:
    """Have all backends but one stop, then the active NAT, long after anybody was asked; that one has been heard since.

    Args:
        account: with a pair.
        for_seconds: how long the others have been stopped by then.
    """
    account.configure(window=0)
    account.clock.sleep(3600.0)
    _end(account, "stopped", *account.backends[1:])
    account.run_command.online = [account.backends[0], account.primary, account.standby]
    stopped_at = datetime.fromtimestamp(account.clock.now() - for_seconds, UTC)
    for backend in account.backends[1:]:
        instance = ec2_backends[ACCOUNT_ID][REGION].get_instance(backend)
        instance._reason = f"User initiated ({stopped_at:%Y-%m-%d %H:%M:%S} GMT)"
    account.ticks(2)
    _end(account, "stopped", account.primary)
