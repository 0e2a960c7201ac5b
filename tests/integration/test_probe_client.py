"""Run Command as the function uses it: who is online, what is sent, what is listed and read back."""

from __future__ import annotations

import re

import pytest
from botocore.exceptions import ClientError

from infra.probe_document import PATTERNS
from nat_failover.observation import State
from nat_failover.probe import Probe
from nat_failover.rounds import Kind, Round
from tests.fakes import Command, Told, before, report
from tests.integration.account import Account

pytestmark = pytest.mark.pair(subnets=0, backends=4)


@pytest.fixture
def probe(account: Account) -> Probe:
    """Use the pair's probe document."""
    return Probe(account.clients.ssm, account.settings, account.clock, account.fleet)


def sent(probe: Probe, kind: Kind, hosts: tuple[str, ...]) -> Round:
    """Send a round, which has to succeed."""
    asked = probe.send(kind, hosts)
    assert asked is not None
    return asked


def calls(account: Account, operation: str) -> int:
    """Count the calls of an operation."""
    return len([name for name, _ in account.run_command.calls if name == operation])


ASKED = {
    "targets": ["1.1.1.1 8.8.8.8 9.9.9.9"],
    "interval": ["0.5"],
    "failures": ["3"],
    "window": ["600"],
    "warmUp": ["300"],
    "control": ["-"],
}
# By another measure than ours.
OTHER = {"targets": ["192.0.2.1"], "interval": ["5"], "failures": ["1"], "warmUp": ["0"]}

# Sending


def test_a_watch_is_sent_with_exactly_these_arguments(account: Account, probe: Probe) -> None:
    sent(probe, Kind.WATCH, account.backends)
    (command,) = account.run_command.commands
    assert command.arguments == {
        "DocumentName": "nat-failover-main-probe",
        "DocumentVersion": "$LATEST",
        "InstanceIds": list(account.backends),
        "Comment": "watch by nat-failover main",
        "MaxErrors": "100%",
        "MaxConcurrency": "100%",
        "TimeoutSeconds": 30,
        "Parameters": ASKED,
    }


@pytest.mark.parametrize("kind", [Kind.CHECK, Kind.VERIFY])
def test_all_but_a_watch_answer_at_once_and_say_what_they_are(account: Account, probe: Probe, kind: Kind) -> None:
    asked = sent(probe, kind, account.backends)
    (command,) = account.run_command.commands
    assert command.arguments["Parameters"]["window"] == ["0"]
    assert command.arguments["Comment"] == f"{kind.value} by nat-failover main"
    assert asked.window == 0


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"targets": ("ping.example.com",), "interval": 0.2, "failures": 1, "window": 0, "warm_up": 0},
        {"targets": ("a", "b", "c", "d", "e"), "interval": 60.0, "failures": 99, "window": 3000, "warm_up": 86400},
        {"interval": 12.34},
    ],
)
def test_what_is_sent_are_the_documents_parameters_in_the_form_that_it_allows(
    account: Account, changes: dict[str, object]
) -> None:
    account.configure(**changes)
    sent(Probe(account.clients.ssm, account.settings, account.clock, account.fleet), Kind.WATCH, account.backends)
    (command,) = account.run_command.commands
    parameters = command.arguments["Parameters"]
    assert parameters.keys() == PATTERNS.keys()
    assert all(re.fullmatch(PATTERNS[name], value) for name, (value,) in parameters.items())


def test_a_round_sent_tells_what_was_asked_of_whom_and_when(account: Account, probe: Probe) -> None:
    asked = sent(probe, Kind.WATCH, account.backends)
    (command,) = account.run_command.commands
    assert asked == Round(command.command_id, Kind.WATCH, 600, account.clock.now(), account.backends)


def test_a_host_that_ssm_does_not_manage_does_not_keep_the_others_from_being_asked(
    account: Account, probe: Probe
) -> None:
    gone, *others = account.backends
    account.run_command.online.remove(gone)
    asked = sent(probe, Kind.WATCH, account.backends)
    assert asked.hosts == tuple(others)
    assert account.run_command.sent("watch") == [tuple(others)]


def test_where_ssm_manages_no_host_nothing_is_sent(account: Account, probe: Probe) -> None:
    account.run_command.online = []
    assert probe.send(Kind.CHECK, account.backends) is None
    assert account.run_command.commands == []


def test_a_host_refused_that_ssm_calls_online_all_the_same_is_an_error_not_an_endless_loop(
    account: Account, probe: Probe
) -> None:
    before(account.ssm, "SendCommand", lambda: "InvalidInstanceId", times=99)
    with pytest.raises(ClientError, match="InvalidInstanceId"):
        probe.send(Kind.CHECK, account.backends)


@pytest.mark.parametrize("code", ["ThrottlingException", "AccessDeniedException", "InvalidDocument"])
def test_a_command_that_ssm_refuses_is_an_error(account: Account, probe: Probe, code: str) -> None:
    before(account.ssm, "SendCommand", lambda: code)
    with pytest.raises(ClientError, match=code):
        probe.send(Kind.CHECK, account.backends)


# Listing


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
        *(
            {"Comment": "trying things out"},
            {"Comment": ""},
            {"Parameters": {}},
            {"Parameters": {**ASKED, "window": ["long"]}},
        ),
        *({"Parameters": {**ASKED, name: value}} for name, value in OTHER.items()),
    ],
)
def test_a_command_of_a_person_with_the_probe_document_is_left_out(
    account: Account, probe: Probe, changes: dict[str, object]
) -> None:
    sent(probe, Kind.WATCH, account.backends)
    (command,) = account.run_command.commands
    account.run_command.commands.append(Command("another", {**command.arguments, **changes}, account.clock.now()))
    assert [asked.command_id for asked in probe.rounds(account.clock.now() - 60)] == [command.command_id]


# Reading


def test_a_round_is_read_with_its_details_to_the_last_page(account: Account, probe: Probe) -> None:
    asked = sent(probe, Kind.CHECK, account.backends)
    account.run_command.page = 3
    account.clock.sleep(1)
    assert [(o.host, o.state) for o in probe.read(asked)] == [(host, State.REACHABLE) for host in account.backends]
    assert [arguments["Details"] for name, arguments in account.run_command.calls if name.endswith("Invocations")] == [
        True,
        True,
    ]


def test_invocations_that_ssm_does_not_list_yet_are_pending(account: Account, probe: Probe) -> None:
    asked = sent(probe, Kind.CHECK, account.backends)
    account.run_command.answer = lambda command, host: None  # noqa: ARG005
    assert {(o.host, o.state) for o in probe.read(asked)} == {(host, State.PENDING) for host in account.backends}


def test_an_invocation_that_ssm_never_lists_is_silent_after_some_time(account: Account, probe: Probe) -> None:
    asked = sent(probe, Kind.CHECK, account.backends)
    account.run_command.answer = lambda command, host: None  # noqa: ARG005
    account.clock.sleep(10.1)
    assert {o.state for o in probe.read(asked)} == {State.SILENT}


STATUSES = {
    "Pending": (Told("Pending"), State.PENDING),
    "Delayed": (Told("Delayed"), State.PENDING),
    "InProgress": (Told("InProgress", exit_code=-1), State.PENDING),
    "Cancelling": (Told("Cancelling", exit_code=-1), State.PENDING),
    "Cancelled": (Told("Cancelled"), State.BROKEN),
    "Success without a word": (Told("Success"), State.BROKEN),
    "Success with garbage": (Told("Success", output="\x00}{ \u2028 ping: bad"), State.BROKEN),
    "Success with other JSON": (Told("Success", output='{"state":"reachable"}'), State.BROKEN),
    "Failed without a word": (Told("Failed", exit_code=1), State.BROKEN),
    "Failed with an output that SSM cut off": (Told("Failed", exit_code=1, output="x" * 2500), State.BROKEN),
    "TimedOut while it ran": (Told("TimedOut", "ExecutionTimedOut", 137), State.BROKEN),
    "TimedOut on its way": (Told("TimedOut", "DeliveryTimedOut", -1), State.SILENT),
    "Undeliverable": (Told("Failed", "Undeliverable", -1), State.SILENT),
    "Terminated": (Told("Failed", "Terminated", -1), State.SILENT),
    "a status unheard of": (Told("Unheard"), State.BROKEN),
    "reachable": (report("reachable", 0), State.REACHABLE),
    "unreachable": (report("unreachable", 0), State.UNREACHABLE),
    "warming up": (report("warming-up", 0), State.WARMING_UP),
    "can't probe": (report("cannot-probe", 0), State.BROKEN),
}


@pytest.mark.parametrize(("told", "state"), STATUSES.values(), ids=STATUSES)
def test_every_status_is_one_observation(account: Account, probe: Probe, told: Told, state: State) -> None:
    asked = sent(probe, Kind.CHECK, account.backends[:1])
    account.run_command.answer = lambda command, host: told  # noqa: ARG005
    account.clock.sleep(4)
    assert [(o.host, o.state) for o in probe.read(asked)] == [(account.backends[0], state)]


def test_a_watch_under_way_is_health_once_a_loss_would_have_been_told(account: Account, probe: Probe) -> None:
    asked = sent(probe, Kind.WATCH, account.backends[:1])
    account.clock.sleep(account.settings.settle)
    (seen,) = probe.read(asked)
    assert (seen.state, seen.running_until) == (State.REACHABLE, asked.ends_at)


def test_a_loss_is_read_with_the_time_at_which_it_began(account: Account, probe: Probe) -> None:
    asked = sent(probe, Kind.WATCH, account.backends[:1])
    account.clock.sleep(30)
    account.cut_off(account.backends[0], ago=0)
    account.clock.sleep(4)
    (seen,) = probe.read(asked)
    assert (seen.state, seen.since, seen.at) == (State.UNREACHABLE, asked.asked_at + 30, asked.asked_at + 32)


def test_what_ssm_says_of_a_probe_that_runs_is_not_taken_for_its_end(account: Account, probe: Probe) -> None:
    asked = sent(probe, Kind.CHECK, account.backends[:1])
    early = Told("InProgress", exit_code=0, finished_at=0.0)
    account.run_command.answer = lambda command, host: early  # noqa: ARG005
    account.clock.sleep(1)
    (seen,) = probe.read(asked)
    assert (seen.state, seen.at) == (State.PENDING, account.clock.now())


def test_what_takes_long_to_be_read_is_judged_as_of_its_reading(account: Account, probe: Probe) -> None:
    asked = sent(probe, Kind.CHECK, account.backends[:1])
    account.clock.sleep(1)
    read_at = account.clock.now()

    def slow(command: object, host: str) -> Told:  # noqa: ARG001
        account.clock.sleep(30)
        return Told("Pending")

    account.run_command.answer = slow
    (seen,) = probe.read(asked)
    assert (seen.state, seen.at) == (State.PENDING, read_at)


def test_a_round_whose_reading_ssm_refuses_is_an_error(account: Account, probe: Probe) -> None:
    asked = sent(probe, Kind.CHECK, account.backends)
    before(account.ssm, "ListCommandInvocations", lambda: "ThrottlingException")
    with pytest.raises(ClientError, match="ThrottlingException"):
        probe.read(asked)


def test_several_rounds_are_read_each_by_its_own_command(account: Account, probe: Probe) -> None:
    rounds = [sent(probe, Kind.CHECK, (host,)) for host in account.backends]
    account.clock.sleep(1)
    told = [read() for read in probe.readings(rounds)]
    assert [[o.host for o in said] for said in told] == [[host] for host in account.backends]


def test_more_than_fifty_hosts_at_once_are_refused_and_nobody_is_asked(account: Account, probe: Probe) -> None:
    account.run_command.online = [f"i-{n:017x}" for n in range(51)]
    with pytest.raises(ClientError, match="ValidationException"):
        probe.send(Kind.VERIFY, account.run_command.online)
    assert account.run_command.commands == []
