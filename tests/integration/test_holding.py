"""What looks like a NAT that has died, and leads to no failover."""

from __future__ import annotations

import pytest

from tests.fakes import CommandInvocation
from tests.integration.account import Account

pytestmark = pytest.mark.usefixtures("watched")


def test_two_failures_are_too_few(account: Account) -> None:
    account.cut_off(*account.backends[:2])
    invoked = account.failed(account.backends[0])
    assert (invoked.cause, invoked.outcome) == ("FEW_FAILURES", None)
    assert account.on_standby == ()


def test_where_the_passive_nat_can_not_reach_the_internet_either_nothing_is_moved(account: Account) -> None:
    account.cut_off(*account.backends, account.standby)
    invoked = account.failed(account.backends[0])
    assert (invoked.cause, invoked.metrics["ControlDown"]) == ("CONTROL_DOWN", 1)
    assert (account.on_standby, account.lock) == ((), None)


@pytest.mark.parametrize("agent", ["silent", "not managed"])
def test_a_passive_nat_without_an_agent_will_do_where_backends_report_that_it_carries_their_traffic(
    account: Account, agent: str
) -> None:
    if agent == "silent":
        account.silent.add(account.standby)
    else:
        account.run_command.online.remove(account.standby)
    account.cut_off(*account.backends)
    assert account.failed(account.backends[0]).outcome == "failed-over"


def test_where_the_passive_nat_is_stopped_nothing_is_moved(account: Account) -> None:
    account.ec2.stop_instances(InstanceIds=[account.standby])
    account.cut_off(*account.backends)
    invoked = account.failed(account.backends[0])
    assert invoked.cause == "CONTROL_DOWN"
    assert f"the passive NAT {account.standby} is stopped" in str(invoked.answer["reason"])
    assert account.on_standby == ()


def test_where_the_passive_table_leads_nowhere_nothing_is_moved(account: Account) -> None:
    account.ec2.delete_route(RouteTableId=account.standby_table, DestinationCidrBlock="0.0.0.0/0")
    account.cut_off(*account.backends)
    invoked = account.failed(account.backends[0])
    assert invoked.cause == "CONTROL_DOWN"
    assert "has no default route" in str(invoked.answer["reason"])
    assert account.on_standby == ()


def test_while_the_active_nat_has_only_just_booted_nothing_is_moved(account: Account) -> None:
    account.launched_at = account.clock.now() - 50
    account.cut_off(*account.backends)
    assert account.failed(account.backends[0]).cause == "WARM_UP"
    assert account.on_standby == ()


def test_what_still_fails_when_the_warm_up_is_over_leads_to_a_failover(account: Account) -> None:
    account.launched_at = account.clock.now() - 50
    account.cut_off(*account.backends)
    outcomes = [account.failed(account.backends[0]).outcome]
    while "failed-over" not in outcomes and len(outcomes) < 6:
        account.clock.sleep(60)
        outcomes.append(account.tick().outcome)
    assert outcomes[-1] == "failed-over"
    assert account.clock.now() - account.launched_at >= 300


@pytest.mark.parametrize("value", ["paused", "scribble"])
def test_while_locked_nothing_is_moved_nor_written_and_an_outage_is_told(account: Account, value: str) -> None:
    account.lock = value
    account.cut_off(*account.backends)
    assert account.failed(account.backends[0]).cause == "LOCKED"
    assert (account.on_standby, account.lock) == ((), value)
    assert [s for s, _ in account.mails] == ["[nat-failover main] OFFLINE, and locked: nothing fails over"]


def test_failures_of_the_probe_itself_are_no_failures_of_the_nat(account: Account) -> None:
    broken = CommandInvocation("Failed", exit_code=1, output="Killed")
    account.run_command.answer = lambda command, host: broken  # noqa: ARG005
    assert account.failed(account.backends[0]).outcome is None
    assert account.on_standby == ()
