"""EC2's own word that the active NAT is gone, as a tick takes it."""

from __future__ import annotations

import pytest

from tests.integration.account import Account

pytestmark = pytest.mark.usefixtures("watched")


@pytest.mark.parametrize("how", ["stopped", "terminated"])
@pytest.mark.pair(backends=2)
def test_a_tick_fails_over_though_too_few_backends_could_say_that_they_are_offline(account: Account, how: str) -> None:
    _end(account, how, account.primary)
    told = account.tick()
    assert (told.cause, told.outcome) == ("NAT_GONE", "failed-over")
    assert account.on_standby == account.subnets
    assert [subject.partition(",")[0] for subject in account.subjects] == ["failed over to the standby NAT"]


def test_an_event_leaves_it_to_the_next_tick_which_sees_who_stops_too(account: Account) -> None:
    _end(account, "stopped", account.primary)
    account.cut_off(account.backends[0])
    assert account.failed(account.backends[0]).outcome is None
    assert account.tick().cause == "NAT_GONE"


def test_nothing_is_moved_where_everything_stops_for_the_night(account: Account) -> None:
    _end(account, "stopped", *account.backends[1:], account.primary)
    assert {told.outcome for told in account.ticks(3)} == {None}
    assert account.on_standby == ()


def test_nothing_is_moved_to_a_nat_that_stops_too(account: Account) -> None:
    _end(account, "stopped", account.primary, account.standby)
    assert account.tick().outcome is None


def _end(account: Account, how: str, *instances: str) -> None:
    if how == "stopped":
        account.ec2.stop_instances(InstanceIds=list(instances))
    else:
        account.ec2.terminate_instances(InstanceIds=list(instances))
