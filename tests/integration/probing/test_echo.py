"""A second command on the passive NAT, so that of its listener's end there are two events."""

from __future__ import annotations

from tests.examples import status_change
from tests.integration.account import Account
from tests.integration.rounds import after_a_while


def test_the_passive_nat_gets_one_with_each_watch_that_names_it_as_both(account: Account) -> None:
    after_a_while(account)
    (echo,) = (command.arguments for command in account.run_command.commands if command.kind == "echo")
    address = [account.addresses[account.standby]]
    assert echo["InstanceIds"] == [account.standby]
    assert echo["Parameters"] == {"window": ["600"], "active": address, "passive": address}


def test_none_is_sent_while_its_nat_watches(account: Account) -> None:
    after_a_while(account)
    account.cut_off(account.backends[0], ago=10)
    account.tick()
    assert account.run_command.sent("echo") == [(account.standby,)]


def test_its_event_is_as_good_as_the_listeners_own(account: Account) -> None:
    after_a_while(account).tick()
    account.deafen(*account.backends)
    account.cut_off(*account.backends)
    (echo,) = (command for command in account.run_command.commands if command.kind == "echo")
    invoked = account.invoke(status_change(echo.command_id, account.standby))
    assert (invoked.cause, invoked.outcome) == ("ENOUGH_FAILURES", "failed-over")
    assert account.on_standby == account.subnets
