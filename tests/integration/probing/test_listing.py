"""Which rounds Run Command lists as the pair's."""

from __future__ import annotations

import pytest

from nat_failover.probing.rounds import Kind
from nat_failover.probing.run_command import Probe
from tests.fakes import Command
from tests.integration.account import Account
from tests.integration.probing.sending import PARAMETERS, calls, sent

pytestmark = pytest.mark.pair(subnets=0, backends=4)


def test_the_rounds_listed_are_those_that_were_sent(account: Account, probe: Probe) -> None:
    watch = sent(probe, Kind.WATCH, account.backends)
    account.clock.sleep(5)
    check = sent(probe, Kind.CHECK, (account.standby,))
    assert probe.rounds(account.clock.now() - 60) == [check, watch]


def test_rounds_from_before_the_time_asked_for_are_not_listed(account: Account, probe: Probe) -> None:
    sent(probe, Kind.WATCH, account.backends)
    account.clock.sleep(100)
    late = sent(probe, Kind.WATCH, account.backends)
    assert probe.rounds(account.clock.now() - 60) == [late]


def test_rounds_are_listed_to_the_last_page(account: Account, probe: Probe) -> None:
    for _ in range(7):
        sent(probe, Kind.CHECK, account.backends[:1])
    account.run_command.page = 3
    assert len(probe.rounds(account.clock.now() - 60)) == 7
    assert calls(account, "ListCommands") == 3


@pytest.mark.parametrize(
    "changes",
    [
        {"Comment": "trying things out"},
        {"Comment": ""},
        {"Parameters": {}},
        {"Parameters": {**PARAMETERS, "window": ["long"]}},
    ],
)
def test_a_command_of_a_person_with_the_probe_document_is_left_out(
    account: Account, probe: Probe, changes: dict[str, object]
) -> None:
    sent(probe, Kind.WATCH, account.backends)
    (command,) = account.run_command.commands
    account.run_command.commands.append(Command("another", {**command.arguments, **changes}, account.clock.now()))
    assert [round_.command_id for round_ in probe.rounds(account.clock.now() - 60)] == [command.command_id]
