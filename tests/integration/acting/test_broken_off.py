"""Watches that were broken off, and by whose word their hosts are asked anew."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from nat_failover.application import Application
from nat_failover.probing.signals import FEWEST_OF_CUT_OFF, LISTENS_AFTER
from tests.examples import TICK, status_change
from tests.fakes import Command, CommandInvocation, Context, before, report, signals_line
from tests.integration.account import Account
from tests.integration.hosts import CHECK
from tests.integration.rounds import after_a_while, everybody, watches


def lose_watch(account: Account, host: str) -> Command:
    """Let a host's watch have been killed, as by a restart of its agent, which tells nothing of it."""
    watch, _, check = account.run_command.commands
    check.invocations[host] = report("online", check.asked_at + CHECK)
    watch.invocations[host] = CommandInvocation("InProgress", exit_code=-1)
    account.silent.add(host)
    return watch


def watching(account: Account, seconds: float = 60) -> Application:
    """Let a process have sent the first watch so long ago, and give it: the one that goes ahead at an event."""
    application = account.application()
    application.handle(TICK, Context())
    account.clock.sleep(seconds)
    return application


def broken_off(account: Account, host: str, exit_code: int = 137) -> dict[str, Any]:
    """Let a host's first watch have been killed, and give the event that tells of it."""
    command = account.run_command.commands[0]
    command.invocations[host] = CommandInvocation("Failed", exit_code=exit_code)
    return status_change(command.command_id, host)


def tell_who_is_heard(account: Account, command: Command) -> None:
    """Let the passive NAT end its watch with all that still signal."""
    heard = [(account.addresses[host], "n", 2.0, True) for host in account.backends if host not in account.silent]
    elapsed = account.clock.now() - command.asked_at
    command.invocations[account.standby] = report(
        "online", account.clock.now(), elapsed=elapsed, tells=True, heard=signals_line(*heard)
    )


def test_a_backend_that_the_passive_nat_hears_no_more_is_asked_anew_though_its_watch_is_listed_as_running(
    account: Account,
) -> None:
    after_a_while(account)
    command = lose_watch(account, account.backends[0])
    account.tick()
    assert watches(account) == [everybody(account)]
    tell_who_is_heard(account, command)
    account.tick()
    assert watches(account)[1:] == [{account.backends[0], account.standby}]


def test_whom_a_listener_may_not_have_heard_yet_is_left_alone(account: Account) -> None:
    account.tick()
    account.clock.sleep(LISTENS_AFTER)
    tell_who_is_heard(account, lose_watch(account, account.backends[0]))
    account.tick()
    assert watches(account)[1:] == [{account.standby}]


def test_of_a_list_that_may_be_cut_off_and_of_one_of_nobody_nothing_is_concluded(account: Account) -> None:
    after_a_while(account)
    command = lose_watch(account, account.backends[0])
    elapsed = account.clock.now() - command.asked_at
    others = [(f"10.9.8.{number}", "n", 2.0, True) for number in range(FEWEST_OF_CUT_OFF)]
    for heard in ("", signals_line(*others)):
        command.invocations[account.standby] = report(
            "online", account.clock.now(), elapsed=elapsed, tells=True, heard=heard
        )
        account.tick()
        command = account.run_command.commands[-1]
        assert watches(account).pop() == {account.standby}
        account.clock.sleep(elapsed)


@pytest.mark.parametrize("tells", ["passive NAT", "host"])
def test_a_watch_that_was_broken_off_is_made_good_at_once(account: Account, tells: str) -> None:
    application = watching(account)
    command = lose_watch(account, account.backends[0])
    teller = account.standby if tells == "passive NAT" else account.backends[0]
    if tells == "passive NAT":
        tell_who_is_heard(account, command)
    else:
        command.invocations[teller] = CommandInvocation("Failed", exit_code=137)
    application.handle(status_change(command.command_id, teller), Context())
    assert watches(account)[1:] == [{account.backends[0], teller}]


def test_a_watch_that_ends_as_soon_as_it_begins_waits_for_the_tick(account: Account) -> None:
    application = watching(account, 59)
    application.handle(broken_off(account, account.backends[0], 126), Context())
    assert watches(account)[1:] == []


def test_of_many_events_only_the_process_that_goes_ahead_sends_a_watch(account: Account) -> None:
    after_a_while(account)
    broken_off(account, account.backends[0])
    account.failed(account.backends[0])
    assert watches(account)[1:] == []


def test_a_listener_that_was_broken_off_is_made_good_at_once(account: Account) -> None:
    application = watching(account)
    application.handle(broken_off(account, account.standby), Context())
    assert watches(account)[1:] == [{account.standby}]


def test_whoever_was_asked_since_is_not_asked_again_by_an_event(account: Account) -> None:
    application = watching(account, 40)
    application.handle(TICK, Context())
    account.clock.sleep(20)
    lose_watch(account, account.backends[0])
    event = broken_off(account, account.backends[0])
    for _ in range(3):
        application.handle(event, Context())
        account.clock.sleep(11)
    assert len(watches(account)[1:]) == 1
    assert len(account.run_command.sent("check")) == 1


def test_a_quick_check_that_is_broken_off_waits_for_the_tick(account: Account) -> None:
    account.configure(window=0)
    application = watching(account)
    application.handle(broken_off(account, account.backends[0]), Context())
    assert len(account.run_command.commands) == 1


def test_that_aws_did_not_let_it_ask_is_an_error_of_the_event_as_well(account: Account) -> None:
    application = watching(account)
    event = broken_off(account, account.backends[0])
    before(account.ssm, "SendCommand", lambda: "ThrottlingException", times=9)
    with pytest.raises(ClientError, match="ThrottlingException"):
        application.handle(event, Context())
