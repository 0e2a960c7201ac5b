"""The commands that change something, as processes, on a deployed pair."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from nat_failover.cli.app import app
from nat_failover.cli.errors import Exit
from tests.cli.deployed import Deployment
from tests.cli.moving import active, free_claim, subnets
from tests.infra.documents import wrong_aws


def test_a_failover_is_planned_and_has_to_be_confirmed(pair: Deployment) -> None:
    planned = pair.command.run("failover", "--dry-run")
    assert planned.returncode == Exit.FINE, planned.stderr
    assert "1 of 1 backends online now" in planned.stdout
    assert "2 of 2 backends online now" in planned.stdout
    assert "masquerading               ✓ its kernel translates" in planned.stdout
    assert "dry run: nothing was changed" in planned.stdout
    assert subnets(pair) == {"primary": 2, "standby": 0}

    refused = pair.command.run("failover")
    assert refused.returncode == Exit.USAGE
    assert "nobody is there to confirm: add --yes" in refused.stderr
    assert subnets(pair) == {"primary": 2, "standby": 0}
    assert pair.aws.read_lock() == "armed"


def test_where_systems_manager_is_what_refuses_the_lines_that_need_only_ec2_are_given(pair: Deployment) -> None:
    credentials = pair.aws.environ | {"AWS_ACCESS_KEY_ID": "maynot-GetParameters"}
    done = pair.command.run("failover", "--yes", environ=credentials)
    assert done.returncode == Exit.REFUSED
    _, _, lines = done.stderr.partition("By hand, without Systems Manager")
    commands = [line.strip() for line in lines.splitlines()[1:]]
    assert len(commands) == 2
    for command in commands:
        assert list(wrong_aws(f"`{command}`")) == []
        assert command.startswith("aws ec2 replace-route-table-association --association-id rtbassoc-")
        to = f" --route-table-id {pair.setting('STANDBY_ROUTE_TABLE')} --region eu-central-1"
        assert command.endswith(to)


def test_a_failback_goes_in_stages_and_a_rearm_follows(pair: Deployment) -> None:
    active(pair, "standby")
    done = pair.command.run("failback", "--yes")
    assert done.returncode == Exit.FINE, done.stderr
    assert "goes first: 2 of 2 backends online now" in done.stdout
    steps = [line.strip() for line in done.stdout.splitlines() if line.startswith("  ")]
    order = [next(n for n, step in enumerate(steps) if step.startswith(beginning)) for beginning in (
        *("first subnet-", "asking 2 backends", "2 of 2 backends online", "the other 1 subnet", "asking 3 backends"),
    )]  # fmt: skip
    assert order == sorted(order)
    assert subnets(pair) == {"primary": 2, "standby": 0}
    assert json.loads(pair.aws.read_lock())["state"] == "failed-over"

    free_claim(pair)  # as it is by itself in a moment
    armed = pair.command.run("rearm", "--yes")
    assert armed.returncode == Exit.FINE, armed.stderr
    assert "armed: pair main may fail over once" in armed.stdout
    assert pair.aws.read_lock() == "armed"

    again = pair.command.run("failback", "--yes")
    assert again.returncode == Exit.FINE
    assert "all subnets are with the primary NAT already" in again.stdout


def test_a_pause_is_written_told_once_and_ended(pair: Deployment) -> None:
    paused = pair.command.run("pause", "main", "--reason", "kernel update", "--yes")
    assert paused.returncode == Exit.FINE, paused.stderr
    assert "nat-failover resume main --region eu-central-1" in paused.stdout
    fields = json.loads(pair.aws.read_lock())
    assert (fields["state"], fields["reason"]) == ("paused", "kernel update")

    again = pair.command.run("pause", "--yes")
    assert again.returncode == Exit.FINE
    assert "is paused already" in again.stdout
    assert json.loads(pair.aws.read_lock()) == fields

    resumed = pair.command.run("resume", "--yes")
    assert resumed.returncode == Exit.FINE, resumed.stderr
    assert pair.aws.read_lock() == "armed"

    nothing = pair.command.run("rearm", "--yes")
    assert nothing.returncode == Exit.FINE
    assert "is armed already" in nothing.stdout


def test_what_is_not_paused_is_not_resumed(pair: Deployment) -> None:
    state = {"state": "failed-over", "owner": "request-1", "since": "2026-01-01T00:00:00Z", "from": "a", "to": "b"}
    pair.aws.write_lock(json.dumps(state))
    refused = pair.command.run("resume", "--yes")
    assert refused.returncode == Exit.TROUBLE
    assert "is not paused but locked" in refused.stderr


def test_a_drill_is_held_only_where_the_pair_is_named_again_and_its_report_can_be_written(pair: Deployment) -> None:
    for given in ([], ["--confirm", "yes"]):
        refused = pair.command.run("drill", *given)
        assert refused.returncode == Exit.USAGE, refused.stdout
        assert "--confirm main" in refused.stderr or "'yes' is not 'main'" in refused.stderr
    assert subnets(pair) == {"primary": 2, "standby": 0}
    assert pair.aws.read_lock() == "armed"

    nowhere = pair.command.run("drill", "--confirm", "main", "--report", "/proc/drill.html")
    assert nowhere.returncode == Exit.USAGE
    assert "the report can't be written" in nowhere.stderr
    assert pair.aws.read_lock() == "armed"


@pytest.mark.parametrize("command", ["failover", "failback", "rearm", "pause", "resume", "drill"])
def test_each_command_says_what_it_does_with_examples(command: str) -> None:
    result = CliRunner().invoke(app, [command, "--help"])
    assert result.exit_code == Exit.FINE
    assert f"nat-failover {command}" in result.output
    assert ("--yes" in result.output) is (command != "drill")
