"""Ticks and events on a pair that nothing may or must be done to: what is told, what is left alone."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from nat_failover.settings import Mode
from tests.fakes import CommandInvocation, before
from tests.integration.account import Account
from tests.integration.invocation import Acting
from tests.integration.rounds import after_a_while, everybody, watches

# Metrics


def test_a_tick_counts_what_the_backends_say(account: Account) -> None:
    after_a_while(account)
    account.cut_off(account.backends[0], ago=10)
    account.silent.add(account.backends[1])
    invoked = account.tick()
    assert invoked.metrics == {
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
    account.run_command.answer = lambda command, host: CommandInvocation(  # noqa: ARG005
        "Failed", exit_code=127, output="sh: ping: not found"
    )
    invoked = after_a_while(account).tick()
    assert (invoked.cause, invoked.metrics["BackendsBroken"]) == ("CANNOT_JUDGE", 4)


def test_a_passive_nat_that_can_not_reach_the_internet_is_told_before_it_is_needed(account: Account) -> None:
    after_a_while(account)
    account.cut_off(account.standby, ago=10)
    invoked = account.tick()
    assert (invoked.cause, invoked.metrics["PassiveNatUnhealthy"]) == ("HEALTHY", 1)


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
    invoked = account.tick()
    assert (invoked.metrics.get("Tick"), invoked.metrics.get("Locked")) == (1, 1)


# What can't be judged


def test_fewer_backends_than_the_threshold_can_not_be_judged(account: Account) -> None:
    account.run_command.online = [*account.backends[:2], account.standby]
    invoked = after_a_while(account).tick()
    assert (invoked.cause, invoked.metrics["CannotJudge"]) == ("CANNOT_JUDGE", 1)


def test_no_backend_at_all_can_not_be_judged(account: Account) -> None:
    account.run_command.online = [account.standby]
    invoked = account.tick()
    assert (invoked.cause, invoked.metrics["CannotJudge"]) == ("CANNOT_JUDGE", 1)


def test_silence_of_all_backends_can_not_be_judged(account: Account) -> None:
    account.silent.update(account.backends)
    invoked = after_a_while(account).tick()
    assert (invoked.cause, invoked.metrics["BackendsSilent"]) == ("CANNOT_JUDGE", 4)
    assert account.on_standby == ()


def test_subnets_on_both_tables_are_told_and_left_as_they_are(account: Account) -> None:
    account.move(account.subnets[0], account.standby_table)
    after_a_while(account)
    account.cut_off(*account.backends, ago=10)
    invoked = account.tick()
    assert (invoked.cause, invoked.metrics["Split"]) == ("SPLIT", 1)
    assert account.on_standby == account.subnets[:1]


def test_of_subnets_on_both_tables_the_mail_has_the_commands_that_bring_them_together(account: Account) -> None:
    account.move(account.subnets[0], account.standby_table)
    for _ in range(5):
        account.tick()
        account.clock.sleep(60)
    ((_, text),) = account.mails
    here, there = (account.associations(table) for table in (account.standby_table, account.primary_table))
    assert [association for association in here.values() if f"--association-id {association} " in text] != []
    assert [association for association in there.values() if association in text] == []
    assert f"--route-table-id {account.primary_table} " in text


@pytest.mark.parametrize(
    ("answer", "subject"),
    [(0, "POSSIBLY OFFLINE: no backend answers"), (1, "NOT PROTECTED: too few backends answer")],
)
def test_whether_all_have_fallen_silent_or_only_most_is_told_apart(account: Account, answer: int, subject: str) -> None:
    account.silent.update(account.backends[answer:])
    account.ticks(8)
    assert subject in account.subjects
    assert len({each for each in account.subjects if "answer" in each}) == 1


def test_a_pair_without_subnets_is_told(account: Account) -> None:
    for association in account.associations(account.primary_table).values():
        account.ec2.disassociate_route_table(AssociationId=association)
    invoked = account.tick()
    assert (invoked.cause, invoked.metrics["NoSubnets"]) == ("NO_SUBNETS", 1)


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
    invoked = account.tick()
    assert (invoked.cause, invoked.metrics["Locked"]) == ("LOCKED", 1)
    assert account.run_command.commands == []


def test_while_locked_rounds_go_on(account: Account) -> None:
    account.lock = "scribble"
    account.tick()
    assert watches(account) == [everybody(account)]


def test_a_lock_that_can_not_be_understood_is_locked_and_told(account: Account) -> None:
    account.lock = "scribble"
    after_a_while(account)
    account.cut_off(*account.backends, ago=10)
    invoked = account.tick()
    assert (invoked.cause, invoked.metrics["LockUnreadable"]) == ("LOCKED", 1)
    assert (account.on_standby, account.lock) == ((), "scribble")


def test_while_locked_backends_that_are_offline_are_told_and_nothing_is_changed(account: Account) -> None:
    account.lock = "scribble"
    after_a_while(account)
    account.cut_off(*account.backends, ago=10)
    invoked = account.tick()
    assert (invoked.metrics["Locked"], invoked.metrics["OfflineWhileLocked"]) == (1, 1)
    assert account.on_standby == ()
    assert "OFFLINE, and locked" in account.mails[0][0]


def test_while_locked_an_event_of_an_outage_that_was_told_of_reads_the_lock_and_nothing_else(account: Account) -> None:
    account.lock = "scribble"
    after_a_while(account)
    account.cut_off(*account.backends, ago=10)
    account.tick()
    calls: list[str] = []
    account.ssm.meta.events.register("provide-client-params.ssm", lambda model, **_: calls.append(model.name))
    invoked = account.failed(account.backends[0])
    assert (invoked.cause, invoked.metrics["Locked"]) == ("LOCKED", 1)
    assert calls == ["GetParameters"]
    account.lock = "armed"
    assert account.failed(account.backends[0]).outcome == "failed-over"


def test_while_locked_backends_that_are_online_raise_no_alarm(account: Account) -> None:
    account.lock = "scribble"
    invoked = after_a_while(account).tick()
    assert invoked.metrics["Locked"] == 1
    assert "OfflineWhileLocked" not in invoked.metrics
