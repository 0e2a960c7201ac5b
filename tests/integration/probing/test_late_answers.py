"""Answers to commands that an agent has started late, as a process reads them that has heard the host before."""

from __future__ import annotations

import json

import pytest

from nat_failover.clients import PairServices
from nat_failover.events import Tick
from nat_failover.lookout import Lookout
from nat_failover.probing.observation import CLOCK_TRUST
from nat_failover.probing.rounds import Kind
from nat_failover.probing.run_command import Probe
from tests.examples import status_change
from tests.fakes import CommandInvocation
from tests.integration.account import Account

ELAPSED = 2.0


def lookout(account: Account) -> Lookout:
    """Look as a process does that has just begun."""
    return Lookout(PairServices.of(account.settings, account.clients, account.clock))


def ask(account: Account, late: float) -> float:
    """Send a quick check that the agent starts so late, and let it have ended; gives when."""
    probe = Probe(account.clients.ssm, account.settings, account.clock, account.fleet)
    (round_,) = probe.send(Kind.CHECK, account.backends[:1])
    ended = round_.asked_at + late + ELAPSED
    fields = {"probe": 2, "state": "offline", "elapsed": ELAPSED, "lost_for": 1.5, "boot": "b"}
    output = json.dumps({**fields, "uptime": ended - account.launched_at})
    account.run_command.commands[-1].invocations[account.backends[0]] = CommandInvocation(
        "Failed", "Failed", 1, output, ended
    )
    account.clock.sleep(late + ELAPSED + 1)
    return ended


def test_a_check_that_ran_late_is_dated_by_what_the_process_has_learnt_of_the_host_before(account: Account) -> None:
    looking = lookout(account)
    ask(account, late=0.3)
    looking.look(Tick())
    account.clock.sleep(400)
    ended = ask(account, late=100)
    (late,) = looking.look(Tick()).observations
    assert late.at == pytest.approx(ended, abs=0.01)
    assert late.since == pytest.approx(ended - 1.5, abs=0.01)
    (unknown,) = lookout(account).look(Tick()).observations
    assert unknown.at == pytest.approx(ended - 100 + CLOCK_TRUST, abs=0.01)


def test_two_checks_in_one_look_date_each_other(account: Account) -> None:
    late = ask(account, late=60)
    soon = ask(account, late=0.3)
    dated = sorted(o.at for o in lookout(account).look(Tick()).observations)
    assert dated == pytest.approx([late, soon], abs=0.01)


@pytest.mark.usefixtures("watched")
@pytest.mark.parametrize(("recovered", "outcome"), [(False, "failed-over"), (True, None)])
def test_an_event_that_comes_late_leads_to_another_look_before_a_swap(
    account: Account, recovered: bool, outcome: str | None
) -> None:
    account.cut_off(*account.backends)
    sent_before = len(account.run_command.commands)
    for command in account.run_command.commands:
        for host in command.arguments["InstanceIds"]:
            account.answer(command, host)
    account.clock.sleep(20)
    if recovered:
        account.offline.clear()
    assert account.failed(account.backends[0]).outcome == outcome
    kinds = [
        (c.kind, account.standby in c.arguments["InstanceIds"]) for c in account.run_command.commands[sent_before:]
    ]
    assert kinds[0] == ("check", True)


@pytest.mark.usefixtures("watched")
def test_an_event_of_a_round_that_is_not_read_any_more_asks_nobody_or_answers_would_lead_to_questions_for_ever(
    account: Account,
) -> None:
    account.cut_off(*account.backends, account.standby)
    account.tick()
    account.clock.sleep(35)
    sent_before = len(account.run_command.commands)
    invoked = account.invoke(status_change("00000000-0000-4000-8000-000000000000", account.backends[0]))
    assert (invoked.cause, len(account.run_command.commands)) == ("UNCONFIRMED", sent_before)
