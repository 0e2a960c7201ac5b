"""Ticks and events on a pair that nothing may or must be done to: who is asked, what is told, what is left alone."""

from __future__ import annotations

import pytest

from nat_failover.probing.rounds import OVERLAP
from nat_failover.settings import Mode
from tests.fakes import Told
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
