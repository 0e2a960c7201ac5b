"""Who is asked, when, and what of: rounds of ticks."""

from __future__ import annotations

import pytest

from nat_failover.probing.rounds import OVERLAP
from tests.examples import TICK
from tests.fakes import Context, before
from tests.integration.account import Account
from tests.integration.rounds import after_a_while, everybody, watches


def test_the_first_tick_sends_a_watch_to_all_and_asks_backends_that_nobody_has_heard_of_at_once(
    account: Account,
) -> None:
    assert account.tick().cause == "WAITING"
    assert watches(account) == [everybody(account)]
    assert account.run_command.sent("check") == [account.backends]


def test_while_all_are_watched_no_further_round_is_sent(account: Account) -> None:
    for _ in range(8):
        account.tick()
        account.clock.sleep(60)
    assert [command.kind for command in account.run_command.commands] == ["watch", "echo", "check"]


def test_where_nothing_can_listen_the_active_nat_is_neither_asked_nor_tried(account: Account) -> None:
    account.configure(prove_active=False)
    account.tick()
    assert watches(account) == [{*account.backends, account.standby}]
    assert account.run_command.commands[0].arguments["Parameters"]["active"] == ["-"]


def test_a_primary_that_systems_manager_does_not_manage_is_not_tried_and_seldom_asked(account: Account) -> None:
    account.run_command.online = [*account.backends, account.standby]
    application = account.application()
    for _ in range(2):
        application.handle(TICK, Context())
        account.clock.sleep(60)
    (*_, asked) = (command for command in account.run_command.commands if command.kind != "echo")
    assert asked.arguments["Parameters"]["active"] == ["-"]
    refused: list[str] = []
    before(account.ssm, "SendCommand", lambda: refused.append("sent"), about=account.primary, times=10)
    for _ in range(3):
        application.handle(TICK, Context())
        account.clock.sleep(60)
    assert refused == []


def test_the_next_watch_is_sent_before_the_last_one_ends(account: Account) -> None:
    begun = account.clock.now()
    while len(watches(account)) < 2:
        account.tick()
        account.clock.sleep(60)
    again = account.clock.now() - 60 - begun
    assert 600 - 60 - OVERLAP < again < 600
    assert watches(account)[1] == everybody(account)


def test_a_pair_that_is_well_is_healthy_in_the_second_minute(account: Account) -> None:
    invoked = after_a_while(account).tick()
    assert invoked.answer == {
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


def test_a_sample_is_no_larger_than_configured_and_has_both_nats_beside_it(account: Account) -> None:
    account.configure(sample_size=3)
    account.tick()
    (watched,) = watches(account)
    assert {account.standby, account.primary} < watched
    assert len(watched) == 5


def test_a_backend_that_has_ended_its_watch_early_is_asked_again_at_the_next_tick(account: Account) -> None:
    after_a_while(account)
    account.cut_off(account.backends[0], ago=10)
    account.tick()
    assert watches(account)[1:] == [{account.backends[0]}]


def test_a_passive_nat_that_nobody_got_through_is_asked_anew_though_its_watch_is_listed_as_running(
    account: Account,
) -> None:
    after_a_while(account)
    account.deafen(account.standby)
    account.cut_off(account.standby)
    account.cut_off(account.backends[0], ago=10)
    account.tick()
    assert watches(account)[1:] == [{account.backends[0], account.standby}]


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
    assert [set(hosts) for hosts in account.run_command.sent("check")] == [everybody(account)] * 2
    assert watches(account) == []


# Which NAT is which


@pytest.mark.parametrize("active", ["primary", "standby"])
def test_a_round_tells_the_hosts_the_addresses_of_both_nats(account: Account, active: str) -> None:
    nats = account.primary, account.standby
    if active == "standby":
        nats = account.standby, account.primary
        for subnet in account.subnets:
            account.move(subnet, account.standby_table)
    account.tick()
    for command in account.run_command.commands:
        parameters = command.arguments["Parameters"]
        named = nats if command.kind != "echo" else (nats[1], nats[1])
        assert (*parameters["active"], *parameters["passive"]) == tuple(account.addresses[nat] for nat in named)


def test_after_a_swap_whoever_watches_as_before_is_asked_anew_once(account: Account) -> None:
    after_a_while(account)
    for subnet in account.subnets:
        account.move(subnet, account.standby_table)
    for _ in range(5):
        account.tick()
        account.clock.sleep(60)
    assert watches(account)[1:] == [everybody(account)]


def test_what_was_said_of_the_nats_as_they_were_before_a_swap_is_no_evidence(account: Account) -> None:
    after_a_while(account)
    account.cut_off(*account.backends)
    for subnet in account.subnets:
        account.move(subnet, account.standby_table)
    account.clock.sleep(2)
    account.deafen(*account.backends)
    assert account.tick().outcome is None
    assert account.on_standby == account.subnets


def test_who_was_asked_while_the_subnets_were_split_is_asked_anew_though_an_older_watch_seems_to_run(
    account: Account,
) -> None:
    after_a_while(account)
    account.move(account.subnets[0], account.standby_table)
    account.tick()
    # The older watch, which the newer has ended, is under way as far as Systems Manager knows.
    account.move(account.subnets[0], account.primary_table)
    account.clock.sleep(60)
    account.tick()
    sent = [command.arguments for command in account.run_command.commands if command.kind == "watch"]
    last = {host: watch["Parameters"]["passive"] for watch in sent for host in watch["InstanceIds"]}
    passive = [account.addresses[account.standby]]
    assert {host: last[host] for host in account.backends} == dict.fromkeys(account.backends, passive)
