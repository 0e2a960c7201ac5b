"""Ticks and events on a pair that can't be judged, or is locked."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.fakes import before
from tests.integration.account import Account


def after_a_while(account: Account) -> Account:
    """Let a tick have sent the first watch, a minute ago."""
    account.tick()
    account.clock.sleep(60)
    return account


def watches(account: Account) -> list[set[str]]:
    """Give the hosts of every watch that was sent."""
    return [set(hosts) for hosts in account.run_command.sent("watch")]


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
