"""What is sent with Run Command, to whom, and what a host that can't be asked does to the others."""

from __future__ import annotations

import re

import pytest
from botocore.exceptions import ClientError

from infra.probe.document import PATTERNS, ProbeValues, content, script
from nat_failover.probing.rounds import Kind, Round
from nat_failover.probing.run_command import MOST_SENDS, REFUSED_AS_A_WHOLE, Addresses, Probe
from tests.fakes import before
from tests.gate.run_command.documents import Document
from tests.integration.account import PROBED, Account, deny, have_windows
from tests.integration.probing.sending import NATS, PARAMETERS, calls, sent

pytestmark = pytest.mark.pair(subnets=0, backends=4)


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


def test_a_watch_is_sent_with_exactly_these_arguments(account: Account, probe: Probe) -> None:
    sent(probe, Kind.WATCH, account.backends)
    (command,) = account.run_command.commands
    assert command.arguments == {
        "DocumentName": "nat-failover-main-probe",
        "DocumentVersion": "1",
        "InstanceIds": list(account.backends),
        "Comment": "watch by nat-failover main",
        "MaxErrors": "100%",
        "MaxConcurrency": "100%",
        "TimeoutSeconds": 30,
        "Parameters": PARAMETERS,
    }


@pytest.mark.parametrize("kind", [Kind.CHECK, Kind.VERIFY])
def test_all_but_a_watch_answer_at_once_and_say_what_they_are(account: Account, probe: Probe, kind: Kind) -> None:
    round_ = sent(probe, kind, account.backends)
    (command,) = account.run_command.commands
    assert command.arguments["Parameters"]["window"] == ["0"]
    assert command.arguments["Comment"] == f"{kind.value} by nat-failover main"
    assert round_.window == 0


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
    round_ = sent(probe, Kind.WATCH, account.backends)
    (command,) = account.run_command.commands
    assert round_ == Round(
        command.command_id, Kind.WATCH, 600, account.clock.now(), account.backends, "10.0.0.4", "10.0.0.5"
    )


def test_a_host_that_ssm_does_not_manage_does_not_keep_the_others_from_being_asked(
    account: Account, probe: Probe
) -> None:
    gone, *others = account.backends
    account.run_command.online.remove(gone)
    round_ = sent(probe, Kind.WATCH, account.backends)
    assert round_.hosts == tuple(others)
    assert account.run_command.sent("watch") == [tuple(others)]


@pytest.mark.parametrize("trouble", ["windows", "denied", "lost its tag", "stopped", "terminated"])
def test_a_host_that_aws_refuses_does_not_keep_the_others_from_being_asked(
    account: Account, probe: Probe, trouble: str
) -> None:
    one, *others = account.backends
    run_command = account.run_command
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
            run_command.online.remove(one)
        case "terminated":
            account.ec2.terminate_instances(InstanceIds=[one])
            run_command.online.remove(one)
    rounds = probe.send(Kind.WATCH, (*account.backends, account.standby))
    assert sorted(host for each in rounds for host in each.hosts) == sorted((*others, account.standby))
    assert calls(account, "SendCommand") <= 8


def test_a_host_of_fifty_that_only_its_refusal_gives_away_is_found_by_halving_and_seven_eighths_are_asked(
    account: Account, probe: Probe
) -> None:
    many = fifty(account)
    deny(account, many[29])
    sent_to = {host for each in probe.send(Kind.CHECK, many) for host in each.hosts}
    assert len(sent_to) >= 43
    assert many[29] not in sent_to
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


def test_more_than_fifty_hosts_at_once_are_refused_and_nobody_is_asked(account: Account, probe: Probe) -> None:
    account.run_command.online = [f"i-{n:017x}" for n in range(51)]
    with pytest.raises(ClientError, match="ValidationException"):
        probe.send(Kind.VERIFY, account.run_command.online)
    assert account.run_command.commands == []


def test_a_document_that_was_replaced_under_its_name_and_version_is_not_sent(account: Account) -> None:
    mine = content(script(ProbeValues("main", ("192.0.2.1",))))
    account.run_command.content = mine
    account.configure(probe_document_hash=Document(mine).hash)
    probe = Probe(account.clients.ssm, account.settings, account.clock, account.fleet)
    probe.send(Kind.CHECK, account.backends)
    account.run_command.content = {**mine, "description": "another"}
    with pytest.raises(ClientError, match=r"InvalidDocument.*does not match Sha256"):
        probe.send(Kind.CHECK, account.backends)
    assert len(account.run_command.commands) == 1
