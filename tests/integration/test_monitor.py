"""Ticks and events on a pair that nothing may or must be done to: who is asked, what is told, what is left alone."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from nat_failover.probing.rounds import OVERLAP
from nat_failover.settings import Mode
from tests.fakes import Told, before
from tests.integration.account import Account
from tests.integration.invocation import Acting


def after_a_while(account: Account) -> Account:
    """Let a tick have sent the first watch, a minute ago."""
    account.tick()
    account.clock.sleep(60)
    return account


def watches(account: Account) -> list[set[str]]:
    """Give the hosts of every watch that was sent."""
    return [set(hosts) for hosts in account.run_command.sent("watch")]


# Rounds


def test_the_first_tick_sends_one_watch_to_the_backends_and_to_the_passive_nat(account: Account) -> None:
    assert account.tick().cause == "WAITING"
    assert watches(account) == [{*account.backends, account.standby}]
    assert len(account.run_command.commands) == 1


def test_while_all_are_watched_no_further_round_is_sent(account: Account) -> None:
    for _ in range(8):
        account.tick()
        account.clock.sleep(60)
    assert len(account.run_command.commands) == 1


def test_the_next_watch_is_sent_before_the_last_one_ends(account: Account) -> None:
    begun = account.clock.now()
    while len(account.run_command.commands) < 2:
        account.tick()
        account.clock.sleep(60)
    again = account.run_command.commands[1].asked_at - begun
    assert 600 - 60 - OVERLAP < again < 600
    assert watches(account)[1] == {*account.backends, account.standby}


def test_a_pair_that_is_well_is_healthy_in_the_second_minute(account: Account) -> None:
    told = after_a_while(account).tick()
    assert told.answer == {
        "trigger": "Tick",
        "decision": "HOLD",
        "cause": "HEALTHY",
        "reason": "all is well (4 reachable)",
    }


def test_a_tick_on_a_pair_that_is_well_takes_no_time(account: Account) -> None:
    after_a_while(account)
    account.clock.slept.clear()
    account.tick()
    assert account.clock.slept == []


def test_a_sample_is_no_larger_than_configured_and_has_the_passive_nat_beside_it(account: Account) -> None:
    account.configure(sample_size=3)
    account.tick()
    (asked,) = watches(account)
    assert account.standby in asked
    assert len(asked) == 4


def test_a_backend_that_has_ended_its_watch_early_is_asked_again_at_the_next_tick(account: Account) -> None:
    after_a_while(account)
    account.cut_off(account.backends[0], ago=10)
    account.tick()
    assert watches(account)[1:] == [{account.backends[0]}]


def test_a_backend_that_joins_is_watched_within_five_ticks(account: Account) -> None:
    late = account.backends[3]
    account.run_command.online.remove(late)
    after_a_while(account)
    account.run_command.online.append(late)
    for _ in range(5):
        account.tick()
        account.clock.sleep(60)
    assert watches(account)[1:] == [{late}]


def test_an_event_sends_no_watch(account: Account) -> None:
    after_a_while(account)
    account.cut_off(account.backends[0], ago=2)
    account.failed(account.backends[0])
    assert len(watches(account)) == 1


def test_with_a_window_of_0_every_tick_asks_once_and_waits_for_the_answers(account: Account) -> None:
    account.configure(window=0)
    assert account.tick().cause == "HEALTHY"
    account.clock.sleep(60)
    assert account.tick().cause == "HEALTHY"
    assert [set(hosts) for hosts in account.run_command.sent("check")] == [{*account.backends, account.standby}] * 2
    assert watches(account) == []


# Metrics


def test_a_tick_counts_what_the_backends_say(account: Account) -> None:
    after_a_while(account)
    account.cut_off(account.backends[0], ago=10)
    account.silent.add(account.backends[1])
    told = account.tick()
    assert told.metrics == {
        "BackendsReachable": 2,
        "BackendsUnreachable": 1,
        "BackendsSilent": 1,
        "Locked": 0,
        "StandbyActive": 0,
        "Tick": 1,
    }


def test_only_a_tick_counts_as_a_tick(account: Account) -> None:
    after_a_while(account)
    assert "Tick" not in account.failed(account.backends[0]).metrics


def test_backends_that_can_not_run_the_probe_are_counted_as_broken(account: Account) -> None:
    account.run_command.answer = lambda command, host: Told("Failed", exit_code=127, output="sh: ping: not found")  # noqa: ARG005
    told = after_a_while(account).tick()
    assert (told.cause, told.metrics["BackendsBroken"]) == ("CANNOT_JUDGE", 4)


def test_a_passive_nat_that_can_not_reach_the_internet_is_told_before_it_is_needed(account: Account) -> None:
    after_a_while(account)
    account.cut_off(account.standby, ago=10)
    told = account.tick()
    assert (told.cause, told.metrics["PassiveNatUnhealthy"]) == ("HEALTHY", 1)


def test_a_passive_nat_that_does_not_run_is_told_before_it_is_needed(account: Account) -> None:
    after_a_while(account)
    account.ec2.stop_instances(InstanceIds=[account.standby])
    assert account.tick().metrics["PassiveNatUnhealthy"] == 1


def test_a_passive_table_without_a_default_route_is_told_before_it_is_needed(account: Account) -> None:
    after_a_while(account)
    account.ec2.delete_route(RouteTableId=account.standby_table, DestinationCidrBlock="0.0.0.0/0")
    assert account.tick().metrics["PassiveNatUnhealthy"] == 1


@pytest.mark.parametrize("alive", [True, False])
def test_a_tick_that_meets_a_failover_of_another_writes_its_metrics(account: Account, alive: bool) -> None:
    if not alive:
        account.configure(mode=Mode.OBSERVE)
    acting = Acting(account)
    acting.leave_behind()
    if alive:
        acting.lock.take("alive")
    told = account.tick()
    assert (told.metrics.get("Tick"), told.metrics.get("Locked")) == (1, 1)


# What can't be judged


def test_fewer_backends_than_the_threshold_can_not_be_judged(account: Account) -> None:
    account.run_command.online = [*account.backends[:2], account.standby]
    told = after_a_while(account).tick()
    assert (told.cause, told.metrics["CannotJudge"]) == ("CANNOT_JUDGE", 1)


def test_no_backend_at_all_can_not_be_judged(account: Account) -> None:
    account.run_command.online = [account.standby]
    told = account.tick()
    assert (told.cause, told.metrics["CannotJudge"]) == ("CANNOT_JUDGE", 1)


def test_silence_of_all_backends_can_not_be_judged_where_silence_does_not_count(account: Account) -> None:
    account.silent.update(account.backends)
    told = after_a_while(account).tick()
    assert (told.cause, told.metrics["BackendsSilent"]) == ("CANNOT_JUDGE", 4)
    assert account.on_standby == ()


def test_subnets_on_both_tables_are_told_and_left_as_they_are(account: Account) -> None:
    account.move(account.subnets[0], account.standby_table)
    after_a_while(account)
    account.cut_off(*account.backends, ago=10)
    told = account.tick()
    assert (told.cause, told.metrics["Split"]) == ("SPLIT", 1)
    assert account.on_standby == account.subnets[:1]


def test_a_pair_without_subnets_is_told(account: Account) -> None:
    for association in account.associations(account.primary_table).values():
        account.ec2.disassociate_route_table(AssociationId=association)
    told = account.tick()
    assert (told.cause, told.metrics["NoSubnets"]) == ("NO_SUBNETS", 1)


@pytest.mark.parametrize(
    ("client", "operation"),
    [
        ("ec2", "DescribeRouteTables"),
        ("ec2", "DescribeInstances"),
        ("ssm", "GetParameters"),
        ("ssm", "ListCommands"),
        ("ssm", "ListCommandInvocations"),
    ],
)
def test_what_aws_refuses_to_tell_is_an_error_and_nothing_is_changed(
    account: Account, client: str, operation: str
) -> None:
    after_a_while(account)
    account.cut_off(*account.backends, ago=10)
    before(getattr(account, client), operation, lambda: "AccessDeniedException")
    with pytest.raises(ClientError, match="AccessDeniedException"):
        account.tick()
    assert (account.on_standby, account.mails) == ((), [])


@pytest.mark.parametrize("operation", ["DescribeInstanceInformation", "SendCommand"])
def test_where_the_next_round_is_refused_what_is_known_is_acted_on_all_the_same(
    account: Account, operation: str
) -> None:
    after_a_while(account)
    account.cut_off(*account.backends, ago=10)
    before(account.ssm, operation, lambda: "ThrottlingException")
    with pytest.raises(ClientError, match="ThrottlingException"):
        account.tick()
    assert account.on_standby == account.subnets


# Locked


def test_while_paused_nobody_is_asked(account: Account) -> None:
    account.lock = "paused"
    told = account.tick()
    assert (told.cause, told.metrics["Locked"]) == ("LOCKED", 1)
    assert account.run_command.commands == []


def test_while_locked_rounds_go_on(account: Account) -> None:
    account.lock = "scribble"
    account.tick()
    assert watches(account) == [{*account.backends, account.standby}]


def test_a_lock_that_can_not_be_understood_is_locked_and_told(account: Account) -> None:
    account.lock = "scribble"
    after_a_while(account)
    account.cut_off(*account.backends, ago=10)
    told = account.tick()
    assert (told.cause, told.metrics["LockUnreadable"]) == ("LOCKED", 1)
    assert (account.on_standby, account.lock) == ((), "scribble")


def test_while_locked_backends_that_are_offline_are_told_and_nothing_is_changed(account: Account) -> None:
    account.lock = "scribble"
    after_a_while(account)
    account.cut_off(*account.backends, ago=10)
    told = account.tick()
    assert (told.metrics["Locked"], told.metrics["OfflineWhileLocked"]) == (1, 1)
    assert account.on_standby == ()
    assert "OFFLINE and locked" in account.mails[0][0]


def test_while_locked_backends_that_are_online_raise_no_alarm(account: Account) -> None:
    account.lock = "scribble"
    told = after_a_while(account).tick()
    assert told.metrics["Locked"] == 1
    assert "OfflineWhileLocked" not in told.metrics


# The control's early word


@pytest.mark.parametrize("active", ["primary", "standby"])
def test_a_watch_tells_the_hosts_the_address_of_the_passive_nat(account: Account, active: str) -> None:
    passive = account.standby
    if active == "standby":
        passive = account.primary
        for subnet in account.subnets:
            account.move(subnet, account.standby_table)
    account.tick()
    (told,) = account.ec2.describe_instances(InstanceIds=[passive])["Reservations"][0]["Instances"]
    watches = [c.arguments["Parameters"]["control"] for c in account.run_command.commands if c.kind == "watch"]
    assert watches == [[told["PrivateIpAddress"]]]
