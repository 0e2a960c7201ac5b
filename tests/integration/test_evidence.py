"""How many backends have to say what, how lately, directly or by the passive NAT, for a failover."""

from __future__ import annotations

import pytest

from tests.integration.account import Account

pytestmark = pytest.mark.usefixtures("watched")

# How many


@pytest.mark.pair(backends=10)
@pytest.mark.parametrize(("offline", "outcome"), [(3, None), (5, None), (6, "failed-over")])
def test_more_than_half_of_the_backends_have_to_be_offline(account: Account, offline: int, outcome: str | None) -> None:
    account.cut_off(*account.backends[:offline])
    assert account.failed(account.backends[0]).outcome == outcome


@pytest.mark.pair(backends=10)
def test_a_third_of_the_backends_that_are_sick_for_long_are_no_dead_nat(account: Account) -> None:
    account.cut_off(*account.backends[:4])
    for _ in range(15):
        account.tick()
        account.clock.sleep(60)
    assert account.on_standby == ()


def test_backends_that_get_through_the_active_nat_s_port_are_not_swapped_away_from_it(account: Account) -> None:
    account.sick.update(account.backends)
    account.cut_off(*account.backends)
    assert account.failed(account.backends[0]).cause == "NOT_THE_NAT"
    assert account.on_standby == ()


# How old


def test_a_failure_grown_stale_is_confirmed_before_it_counts(account: Account) -> None:
    account.deafen(account.standby)
    account.cut_off(account.backends[0], account.backends[1])
    account.failed(account.backends[0])
    account.clock.sleep(35)
    account.cut_off(account.backends[2])
    assert account.tick().outcome == "failed-over"
    assert any(set(account.backends[:2]) <= set(hosts) for hosts in account.run_command.sent("check")[1:])


def test_a_failure_grown_stale_that_is_over_counts_no_more(account: Account) -> None:
    account.cut_off(account.backends[0], account.backends[1])
    account.failed(account.backends[0])
    account.clock.sleep(35)
    account.offline.clear()
    account.cut_off(account.backends[2])
    assert account.failed(account.backends[2]).outcome is None
    assert account.on_standby == ()


# Where the NAT is the only way to SSM


def test_the_passive_nat_tells_of_backends_whose_agents_are_cut_off_with_them(account: Account) -> None:
    account.deafen(*account.backends)
    account.cut_off(*account.backends)
    assert account.failed(account.standby).outcome == "failed-over"
    assert account.on_standby == account.subnets


def test_a_tick_finds_what_the_passive_nat_tells_where_its_event_was_lost(account: Account) -> None:
    account.deafen(*account.backends)
    account.cut_off(*account.backends, ago=25)
    assert account.tick().outcome == "failed-over"


@pytest.mark.pair(backends=10)
def test_the_passive_nat_tells_of_hosts_that_were_sampled_before_too(account: Account) -> None:
    account.configure(sample_size=4)
    account.deafen(*account.backends)
    account.cut_off(*account.backends)
    invoked = account.failed(account.standby)
    assert invoked.outcome == "failed-over"
    assert "10 of 10 backends" in str(invoked.answer["reason"])


def test_addresses_that_are_no_backend_s_are_no_evidence(account: Account) -> None:
    account.deafen(*account.backends)
    account.addresses |= {host: f"10.0.0.{n}" for n, host in enumerate(account.backends[1:], start=200)}
    account.cut_off(*account.backends)
    assert account.failed(account.standby).outcome is None
    assert account.on_standby == ()


def test_backends_of_which_nobody_tells_anything_are_not_moved(account: Account) -> None:
    account.deafen(*account.backends)
    account.silent.add(account.standby)
    account.cut_off(*account.backends, account.standby)
    for _ in range(3):
        assert account.tick().outcome is None
        account.clock.sleep(60)
    assert account.on_standby == ()


def test_those_that_stay_cut_off_while_nothing_may_act_are_told_of_for_as_long_as_it_lasts(account: Account) -> None:
    account.deafen(*account.backends)
    account.cut_off(*account.backends)
    account.lock = "scribble"
    values = []
    for _ in range(20):
        values.append(account.tick().metrics.get("OfflineWhileLocked"))
        account.clock.sleep(60)
    assert values == [1] * 20


def test_a_re_arm_while_the_active_nat_is_dead_leads_to_a_failover(account: Account) -> None:
    account.deafen(*account.backends)
    account.lock = "paused"
    account.cut_off(*account.backends)
    for _ in range(20):
        account.tick()
        account.clock.sleep(60)
    account.lock = "armed"
    outcomes = []
    for _ in range(2):
        outcomes.append(account.tick().outcome)
        account.clock.sleep(60)
    assert "failed-over" in outcomes
