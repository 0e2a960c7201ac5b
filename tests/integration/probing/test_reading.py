"""What is read of a round: one observation of each host, whatever SSM says of it."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from nat_failover.probing.invocation import State
from nat_failover.probing.rounds import Kind
from nat_failover.probing.run_command import Probe
from tests.fakes import CommandInvocation, before, report
from tests.integration.account import Account
from tests.integration.probing.sending import sent

pytestmark = pytest.mark.pair(subnets=0, backends=4)

STATUSES = {
    "Pending": (CommandInvocation("Pending"), State.PENDING),
    "Delayed": (CommandInvocation("Delayed"), State.PENDING),
    "InProgress": (CommandInvocation("InProgress", exit_code=-1), State.PENDING),
    "Cancelling": (CommandInvocation("Cancelling", exit_code=-1), State.PENDING),
    "Cancelled": (CommandInvocation("Cancelled"), State.BROKEN),
    "Success without a word": (CommandInvocation("Success"), State.BROKEN),
    "Success with garbage": (CommandInvocation("Success", output="\x00}{ \u2028 ping: bad"), State.BROKEN),
    "Success with other JSON": (CommandInvocation("Success", output='{"state":"online"}'), State.BROKEN),
    "Failed without a word": (CommandInvocation("Failed", exit_code=1), State.BROKEN),
    "Failed with an output that SSM cut off": (
        CommandInvocation("Failed", exit_code=1, output="x" * 2500),
        State.BROKEN,
    ),
    "TimedOut while it ran": (CommandInvocation("TimedOut", "ExecutionTimedOut", 137), State.BROKEN),
    "TimedOut on its way": (CommandInvocation("TimedOut", "DeliveryTimedOut", -1), State.SILENT),
    "Undeliverable": (CommandInvocation("Failed", "Undeliverable", -1), State.SILENT),
    "Terminated": (CommandInvocation("Failed", "Terminated", -1), State.SILENT),
    "a status unheard of": (CommandInvocation("Unheard"), State.BROKEN),
    "online": (report("online", 0), State.REACHABLE),
    "offline": (report("offline", 0), State.UNREACHABLE),
    "a listener with evidence": (report("online", 0, tells=True, heard=""), State.REACHABLE),
    "can't probe": (report("cannot-probe", 0), State.BROKEN),
}


def test_a_round_is_read_with_its_details_to_the_last_page(account: Account, probe: Probe) -> None:
    round_ = sent(probe, Kind.CHECK, account.backends)
    account.run_command.page = 3
    account.clock.sleep(1)
    assert [(o.host, o.state) for o in probe.read(round_)] == [(host, State.REACHABLE) for host in account.backends]
    assert [arguments["Details"] for name, arguments in account.run_command.calls if name.endswith("Invocations")] == [
        True,
        True,
    ]


def test_invocations_that_ssm_does_not_list_yet_are_pending(account: Account, probe: Probe) -> None:
    round_ = sent(probe, Kind.CHECK, account.backends)
    account.run_command.answer = lambda command, host: None  # noqa: ARG005
    assert {(o.host, o.state) for o in probe.read(round_)} == {(host, State.PENDING) for host in account.backends}


def test_an_invocation_that_ssm_never_lists_is_silent_after_some_time(account: Account, probe: Probe) -> None:
    round_ = sent(probe, Kind.CHECK, account.backends)
    account.run_command.answer = lambda command, host: None  # noqa: ARG005
    account.clock.sleep(10.1)
    assert {o.state for o in probe.read(round_)} == {State.SILENT}


@pytest.mark.parametrize(("answer", "state"), STATUSES.values(), ids=STATUSES)
def test_every_status_is_one_observation(
    account: Account, probe: Probe, answer: CommandInvocation, state: State
) -> None:
    round_ = sent(probe, Kind.CHECK, account.backends[:1])
    account.run_command.answer = lambda command, host: answer  # noqa: ARG005
    account.clock.sleep(4)
    assert [(o.host, o.state) for o in probe.read(round_)] == [(account.backends[0], state)]


def test_a_watch_under_way_says_nothing_of_its_host(account: Account, probe: Probe) -> None:
    round_ = sent(probe, Kind.WATCH, account.backends[:1])
    account.clock.sleep(60)
    (seen,) = probe.read(round_)
    assert (seen.state, seen.running_until) == (State.PENDING, round_.ends_at)


def test_a_loss_is_read_with_the_time_at_which_it_began(account: Account, probe: Probe) -> None:
    round_ = sent(probe, Kind.WATCH, account.backends[:1])
    account.clock.sleep(30)
    account.cut_off(account.backends[0], ago=0)
    account.clock.sleep(4)
    (seen,) = probe.read(round_)
    assert (seen.state, seen.since, seen.at) == (State.UNREACHABLE, round_.asked_at + 30, round_.asked_at + 32)


def test_what_ssm_says_of_a_probe_that_runs_is_not_taken_for_its_end(account: Account, probe: Probe) -> None:
    round_ = sent(probe, Kind.CHECK, account.backends[:1])
    early = CommandInvocation("InProgress", exit_code=0, finished_at=0.0)
    account.run_command.answer = lambda command, host: early  # noqa: ARG005
    account.clock.sleep(1)
    (seen,) = probe.read(round_)
    assert (seen.state, seen.at) == (State.PENDING, account.clock.now())


def test_what_takes_long_to_be_read_is_judged_as_of_its_reading(account: Account, probe: Probe) -> None:
    round_ = sent(probe, Kind.CHECK, account.backends[:1])
    account.clock.sleep(1)
    read_at = account.clock.now()

    def slow(command: object, host: str) -> CommandInvocation:  # noqa: ARG001
        account.clock.sleep(30)
        return CommandInvocation("Pending")

    account.run_command.answer = slow
    (seen,) = probe.read(round_)
    assert (seen.state, seen.at) == (State.PENDING, read_at)


def test_a_round_whose_reading_ssm_refuses_is_an_error(account: Account, probe: Probe) -> None:
    round_ = sent(probe, Kind.CHECK, account.backends)
    before(account.ssm, "ListCommandInvocations", lambda: "ThrottlingException")
    with pytest.raises(ClientError, match="ThrottlingException"):
        probe.read(round_)


def test_several_rounds_are_read_each_by_its_own_command(account: Account, probe: Probe) -> None:
    rounds = [sent(probe, Kind.CHECK, (host,)) for host in account.backends]
    account.clock.sleep(1)
    by_round = [read() for read in probe.readings(rounds)]
    assert [[o.host for o in observations] for observations in by_round] == [[host] for host in account.backends]
