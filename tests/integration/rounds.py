"""Who was sent rounds, and the time between them."""

from __future__ import annotations

from tests.integration.account import Account


def after_a_while(account: Account) -> Account:
    """Let a tick have sent the first watch, a minute ago."""
    account.tick()
    account.clock.sleep(60)
    return account


def watches(account: Account) -> list[set[str]]:
    """Give the hosts of every watch that was sent."""
    return [set(hosts) for hosts in account.run_command.sent("watch")]


def everybody(account: Account) -> set[str]:
    """Give all who watch: the backends, and both NATs, which listen."""
    return {*account.backends, account.standby, account.primary}
