"""A failover happens once an arming: afterwards, when it is interrupted, and where the NAT is the only way to SSM."""

from __future__ import annotations

import json

import pytest

from tests.integration.account import Account
from tests.integration.invocation import Acting

pytestmark = pytest.mark.usefixtures("watched")


def state(account: Account) -> str:
    """Give the state of the lock's record."""
    return str(json.loads(account.lock or "{}").get("state"))


# Once an arming


def test_the_same_event_delivered_again_moves_nothing(account: Account) -> None:
    account.cut_off(*account.backends)
    account.failed(account.backends[0])
    standing = account.associations(account.standby_table)
    account.clock.sleep(70)
    assert account.failed(account.backends[1]).cause == "LOCKED"
    assert account.associations(account.standby_table) == standing
    assert len(account.mails) == 1


def test_backends_that_stay_offline_after_the_failover_do_not_lead_to_another(account: Account) -> None:
    account.cut_off(*account.backends)
    account.failed(account.backends[0])
    for _ in range(3):
        account.clock.sleep(60)
        assert account.tick().cause == "LOCKED"
    assert account.on_standby == account.subnets
    assert [subject.partition("] ")[2] for subject, _ in account.mails] == [
        "failed over to the standby NAT, 0 of 4 backends online",
        "OFFLINE and locked: nothing is done about it",
    ]


def test_after_a_failover_and_a_re_arm_the_pair_fails_back_when_the_standby_dies(account: Account) -> None:
    account.cut_off(*account.backends)
    account.failed(account.backends[0])
    account.offline.clear()
    account.lock = "armed"
    for _ in range(3):
        account.clock.sleep(60)
        told = account.tick()
    assert (told.cause, told.metrics["StandbyActive"]) == ("HEALTHY", 1)
    account.clock.sleep(30)
    account.cut_off(*account.backends)
    assert account.failed(account.backends[0]).outcome == "failed-over"
    assert account.on_standby == ()
    assert account.run_command.sent("check")[-1] == (account.primary,)


def test_a_re_arm_after_the_standby_has_helped_nobody_does_not_swap_back_while_the_primary_is_dead(
    account: Account,
) -> None:
    account.cut_off(*account.backends, account.primary)
    account.failed(account.backends[0])
    account.clock.sleep(70)
    account.lock = "armed"
    assert account.tick().cause == "CONTROL_DOWN"
    assert account.on_standby == account.subnets


def test_backends_that_stay_offline_while_locked_are_told_though_every_event_is_lost(account: Account) -> None:
    account.cut_off(*account.backends)
    account.tick()
    told = []
    for _ in range(3):
        account.clock.sleep(60)
        told.append(account.tick().metrics.get("OfflineWhileLocked"))
    assert told == [1, 1, 1]


# A failover that was interrupted


@pytest.mark.parametrize("event", [False, True])
def test_a_failover_left_by_a_dead_invocation_is_finished_by_the_next(account: Account, event: bool) -> None:
    Acting(account).leave_behind()
    told = account.failed(account.backends[0]) if event else account.tick()
    assert told.outcome == "failed-over"
    assert (account.on_standby, state(account)) == (account.subnets, "failed-over")


def test_a_failover_under_way_elsewhere_is_left_to_who_does_it(account: Account) -> None:
    acting = Acting(account)
    acting.leave_behind()
    acting.lock.take("alive")
    assert account.tick().outcome is None
    assert (account.on_standby, state(account)) == ((), "failing-over")


# Where the NAT is the only way to SSM


def test_silence_of_all_backends_leads_to_a_failover_where_it_counts(account: Account) -> None:
    account.configure(count_silence=True)
    account.tick()
    account.clock.sleep(60)
    account.silent.update(account.backends)
    assert account.tick().outcome == "failed-over"


def test_silence_of_some_while_others_answer_does_not_count(account: Account) -> None:
    account.configure(count_silence=True)
    account.tick()
    account.clock.sleep(60)
    account.silent.update(account.backends[:3])
    account.tick()
    assert account.on_standby == ()


def test_backends_that_were_stopped_are_not_silent(account: Account) -> None:
    account.configure(count_silence=True)
    account.tick()
    account.clock.sleep(60)
    account.silent.update(account.backends)
    account.ec2.stop_instances(InstanceIds=list(account.backends[:2]))
    assert account.tick().outcome is None
    assert account.on_standby == ()


def test_silence_while_the_passive_nat_is_silent_too_moves_nothing(account: Account) -> None:
    account.configure(count_silence=True)
    account.tick()
    account.clock.sleep(60)
    account.silent.update([*account.backends, account.standby])
    assert account.tick().outcome is None
    assert account.on_standby == ()
