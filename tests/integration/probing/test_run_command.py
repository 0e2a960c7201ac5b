"""Run Command as the function uses it: who is online, what is sent, what is listed and read back."""

from __future__ import annotations

import re

import pytest
from botocore.exceptions import ClientError

from infra.probe.document import PATTERNS
from nat_failover.probing.invocation import State
from nat_failover.probing.rounds import Kind, Round
from nat_failover.probing.run_command import MOST_SENDS, REFUSED_AS_A_WHOLE, Addresses, Probe
from tests.fakes import Command, Told, before, report
from tests.integration.account import PROBED, Account, deny, have_windows

pytestmark = pytest.mark.pair(subnets=0, backends=4)


@pytest.fixture
def probe(account: Account) -> Probe:
    """Use the pair's probe document."""
    return Probe(account.clients.ssm, account.settings, account.clock, account.fleet)


def sent(probe: Probe, kind: Kind, hosts: tuple[str, ...]) -> Round:
    """Send a round, which has to succeed."""
    (asked,) = probe.send(kind, hosts, NATS)
    return asked


def fifty(account: Account) -> list[str]:
    """Have more backends: fifty that run and are online."""
    made = account.ec2.run_instances(
        ImageId="ami-12c6146b",
        MinCount=50,
        MaxCount=50,
        TagSpecifications=[{"ResourceType": "instance", "Tags": [PROBED]}],
    )
    many = [instance["InstanceId"] for instance in made["Instances"]]
    account.run_command.online += many
    return many


def calls(account: Account, operation: str) -> int:
    """Count the calls of an operation."""
    return len([name for name, _ in account.run_command.calls if name == operation])


NATS = Addresses("10.0.0.4", "10.0.0.5")
ASKED = {"window": ["600"], "active": ["10.0.0.4"], "passive": ["10.0.0.5"]}

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


@pytest.mark.parametrize("window", [0, 60, 3000])
@pytest.mark.parametrize("nats", [NATS, Addresses(), Addresses("", "::1"), Addresses("$(reboot)", "10.0.0.5 x")])
def test_what_is_sent_are_the_documents_parameters_in_the_form_that_it_allows(
    account: Account, window: int, nats: Addresses
) -> None:
    account.configure(window=window)
    probe = Probe(account.clients.ssm, account.settings, account.clock, account.fleet)
    probe.send(Kind.WATCH, account.backends, nats)
    (command,) = account.run_command.commands
    parameters = command.arguments["Parameters"]
    assert parameters.keys() == PATTERNS.keys()
    assert all(re.fullmatch(PATTERNS[name], value) for name, (value,) in parameters.items())


def test_a_round_sent_tells_what_was_asked_of_whom_and_when(account: Account, probe: Probe) -> None:
    asked = sent(probe, Kind.WATCH, account.backends)
    (command,) = account.run_command.commands
    assert asked == Round(
        command.command_id, Kind.WATCH, 600, account.clock.now(), account.backends, "10.0.0.4", "10.0.0.5"
    )


def test_a_host_that_ssm_does_not_manage_does_not_keep_the_others_from_being_asked(
    account: Account, probe: Probe
) -> None:
    gone, *others = account.backends
    account.run_command.online.remove(gone)
    asked = sent(probe, Kind.WATCH, account.backends)
    assert asked.hosts == tuple(others)
    assert account.run_command.sent("watch") == [tuple(others)]


@pytest.mark.parametrize("trouble", ["windows", "denied", "lost its tag", "stopped", "terminated"])
def test_a_host_that_aws_refuses_does_not_keep_the_others_from_being_asked(
    account: Account, probe: Probe, trouble: str
) -> None:
    one, *others = account.backends
    told = account.run_command
    match trouble:
        case "windows":
            have_windows(account, one)
        case "denied":
            deny(account, one)  # IAM knows of the tag's end before EC2 does
        case "lost its tag":
            deny(account, one)
            account.ec2.delete_tags(Resources=[one], Tags=[PROBED])
        case "stopped":
            account.ec2.stop_instances(InstanceIds=[one])
            told.online.remove(one)
        case "terminated":
            account.ec2.terminate_instances(InstanceIds=[one])
            told.online.remove(one)
    asked = probe.send(Kind.WATCH, (*account.backends, account.standby))
    assert sorted(host for each in asked for host in each.hosts) == sorted((*others, account.standby))
    assert calls(account, "SendCommand") <= 8


def test_a_host_of_fifty_that_only_its_refusal_gives_away_is_found_by_halving_and_seven_eighths_are_asked(
    account: Account, probe: Probe
) -> None:
    many = fifty(account)
    deny(account, many[29])
    asked = {host for each in probe.send(Kind.CHECK, many) for host in each.hosts}
    assert len(asked) >= 43
    assert many[29] not in asked
    assert calls(account, "SendCommand") <= 1 + MOST_SENDS


def test_where_ssm_will_not_even_tell_of_a_host_those_that_run_are_asked(account: Account, probe: Probe) -> None:
    gone, *others = account.backends
    account.run_command.online.remove(gone)
    account.ec2.terminate_instances(InstanceIds=[gone])
    before(account.ssm, "DescribeInstanceInformation", lambda: "InvalidInstanceId", about=gone, times=99)
    assert sent(probe, Kind.CHECK, account.backends).hosts == tuple(others)


def test_where_nobody_can_be_asked_nothing_is_sent(account: Account, probe: Probe) -> None:
    account.run_command.online = []
    assert probe.send(Kind.CHECK, account.backends) == ()
    assert account.run_command.commands == []


@pytest.mark.parametrize("code", sorted(REFUSED_AS_A_WHOLE))
def test_hosts_refused_one_by_one_though_nothing_speaks_against_them_are_an_error_not_an_endless_loop(
    account: Account, probe: Probe, code: str
) -> None:
    before(account.ssm, "SendCommand", lambda: code, times=99)
    with pytest.raises(ClientError, match=code):
        probe.send(Kind.CHECK, account.backends)


@pytest.mark.parametrize("code", ["ThrottlingException", "InvalidDocument"])
@pytest.mark.parametrize("after", [0, 1])
def test_a_command_that_ssm_refuses_is_an_error(account: Account, probe: Probe, code: str, after: int) -> None:
    have_windows(account, account.backends[0])
    before(account.ssm, "SendCommand", lambda: code, after=after)
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
        {"Comment": "trying things out"},
        {"Comment": ""},
        {"Parameters": {}},
        {"Parameters": {**ASKED, "window": ["long"]}},
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
    "Success with other JSON": (Told("Success", output='{"state":"online"}'), State.BROKEN),
    "Failed without a word": (Told("Failed", exit_code=1), State.BROKEN),
    "Failed with an output that SSM cut off": (Told("Failed", exit_code=1, output="x" * 2500), State.BROKEN),
    "TimedOut while it ran": (Told("TimedOut", "ExecutionTimedOut", 137), State.BROKEN),
    "TimedOut on its way": (Told("TimedOut", "DeliveryTimedOut", -1), State.SILENT),
    "Undeliverable": (Told("Failed", "Undeliverable", -1), State.SILENT),
    "Terminated": (Told("Failed", "Terminated", -1), State.SILENT),
    "a status unheard of": (Told("Unheard"), State.BROKEN),
    "online": (report("online", 0), State.REACHABLE),
    "offline": (report("offline", 0), State.UNREACHABLE),
    "a listener with evidence": (report("online", 0, tells=True, heard=""), State.REACHABLE),
    "can't probe": (report("cannot-probe", 0), State.BROKEN),
}


@pytest.mark.parametrize(("told", "state"), STATUSES.values(), ids=STATUSES)
def test_every_status_is_one_observation(account: Account, probe: Probe, told: Told, state: State) -> None:
    asked = sent(probe, Kind.CHECK, account.backends[:1])
    account.run_command.answer = lambda command, host: told  # noqa: ARG005
    account.clock.sleep(4)
    assert [(o.host, o.state) for o in probe.read(asked)] == [(account.backends[0], state)]


def test_a_watch_under_way_says_nothing_of_its_host(account: Account, probe: Probe) -> None:
    asked = sent(probe, Kind.WATCH, account.backends[:1])
    account.clock.sleep(60)
    (seen,) = probe.read(asked)
    assert (seen.state, seen.running_until) == (State.PENDING, asked.ends_at)


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
