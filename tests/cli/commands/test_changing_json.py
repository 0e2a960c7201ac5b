"""What the commands that act print for programs: one object on standard output, whatever happens."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from nat_failover.cli.app import app
from nat_failover.cli.errors import CommandError, Exit
from nat_failover.cli.operator.outcome import Act, Outcome
from nat_failover.cli.options import with_account
from nat_failover.lock.held import ClaimLostError, LockChangedError
from tests.cli.deployed import Deployment
from tests.cli.moving import active, subnets

ROOT = Path(__file__).parents[3]
REARM = "nat-failover rearm main --region eu-central-1"


def object_of(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """Read the one object of standard output."""
    fields = json.loads(done.stdout)
    assert isinstance(fields, dict), done.stdout
    return fields


def side(pair: Deployment, role: str) -> dict[str, str]:
    """Name a NAT as the object does."""
    name = role.upper()
    return {"role": role, "nat": pair.setting(f"{name}_INSTANCE"), "table": pair.setting(f"{name}_ROUTE_TABLE")}


def test_a_failover_is_told_as_one_object_from_its_plan_to_its_end(pair: Deployment) -> None:
    done = pair.command.run("failover", "--dry-run", "--json")
    assert done.returncode == Exit.FINE, done.stderr
    planned = object_of(done)
    assert (planned["outcome"], planned["done"], planned["seconds"]) == ("dry run", False, None)
    assert (planned["from"], planned["to"]) == (side(pair, "primary"), side(pair, "standby"))
    assert len(planned["subnets"]["planned"]) == 2
    assert planned["subnets"]["moved"] == []
    assert {"name": "masquerading", "fit": "good", "said": "its kernel translates"} in planned["checks"]
    assert planned["lock"] == {"state": "armed", "reason": "armed"}
    assert subnets(pair) == {"primary": 2, "standby": 0}

    done = pair.command.run("failover", "main", "--yes", "--json")
    assert done.returncode == Exit.FINE, done.stderr
    fields = object_of(done)
    assert (fields["command"], fields["region"], fields["pair"]) == ("failover", "eu-central-1", "main")
    assert (fields["outcome"], fields["done"], fields["why"]) == ("done", True, [])
    assert sorted(fields["subnets"]["moved"]) == sorted(planned["subnets"]["planned"])
    assert fields["backends"] == {"asked": 3, "online": 3}
    assert 0 < fields["seconds"] < 30
    assert fields["lock"]["state"] == "failed-over"
    assert fields["next"] == REARM
    assert "asking 3 backends through the new path" in done.stderr  # how it goes is for people
    assert subnets(pair) == {"primary": 0, "standby": 2}
    record = json.loads(pair.aws.read_lock())
    assert (record["state"], record["reason"]) == ("failed-over", f"failover by hand: {record['owner']}")
    assert record["owner"].startswith("arn:aws:")

    again = object_of(pair.command.run("failover", "--to", "standby", "--yes", "--json"))
    assert (again["outcome"], again["done"], again["from"]) == ("nothing to do", True, None)


def test_a_dead_primary_refuses_failback_and_rearm_with_the_reason_in_the_object(pair: Deployment) -> None:
    active(pair, "standby")
    pair.aws.write_lock("paused")
    pair.aws.tell({"break": "nat01"})
    done = pair.command.run("failback", "--yes", "--json")
    assert done.returncode == Exit.TROUBLE
    fields = object_of(done)
    assert (fields["outcome"], fields["done"], fields["seconds"]) == ("refused", False, None)
    assert fields["why"] == ["masquerading: its kernel does not translate"]
    assert {"name": "masquerading", "fit": "bad", "said": "its kernel does not translate"} in fields["checks"]
    assert fields["to"] == side(pair, "primary")
    assert "error: refused, and nothing was changed" in done.stderr
    assert fields["steps"][1:] == [
        "  nat-failover doctor main --region eu-central-1",
        "Runbook: infra/RUNBOOK.md#passive-nat-unhealthy",
    ]
    assert "\n".join(fields["steps"]) in done.stderr
    assert subnets(pair) == {"primary": 0, "standby": 2}

    done = pair.command.run("resume", "--yes", "--json")
    assert done.returncode == Exit.TROUBLE
    fields = object_of(done)
    assert fields["outcome"] == "refused"
    assert [why for why in fields["why"] if "masquerading" in why]
    assert "error: not armed, because it would not help: the passive NAT" in done.stderr
    assert fields["lock"]["state"] == "paused"

    for command in ("rearm", "resume"):
        pair.aws.write_lock("paused")
        forced = object_of(pair.command.run(command, "--yes", "--force", "--json"))
        assert (forced["outcome"], forced["lock"]["state"]) == ("done", "armed")
        assert [warning for warning in forced["warnings"] if "masquerading" in warning]


def test_a_pause_is_told_with_the_command_that_ends_it(pair: Deployment) -> None:
    fields = object_of(pair.command.run("pause", "--yes", "--json", "--reason", "kernel"))
    assert (fields["outcome"], fields["done"], fields["lock"]["state"]) == ("done", True, "paused")
    assert fields["next"] == "nat-failover resume main --region eu-central-1"
    assert object_of(pair.command.run("pause", "--yes", "--json"))["outcome"] == "nothing to do"


def test_a_route_table_that_is_gone_is_told_in_a_sentence(pair: Deployment) -> None:
    pair.configure(STANDBY_ROUTE_TABLE="rtb-0123456789abcdeff")
    try:
        for command in (("failover", "--to", "standby"), ("rearm",)):
            done = pair.command.run(*command, "--yes", "--json")
            assert done.returncode == Exit.TROUBLE
            assert "Traceback" not in done.stderr
            fields = object_of(done)
            assert fields["outcome"] == "refused"
            assert "there is no standby route table rtb-0123456789abcdeff in this account" in fields["why"][0]
    finally:
        pair.configure()


def test_where_there_is_no_such_pair_or_no_region_programs_are_told_as_well(deployment: Deployment) -> None:
    done = deployment.command.run("rearm", "mian", "--yes", "--json")
    assert done.returncode == Exit.NO_PAIR
    fields = object_of(done)
    assert (fields["outcome"], fields["pair"], fields["lock"]) == ("refused", None, None)
    assert "there is no pair 'mian'" in fields["why"][0]
    assert fields["why"][0] in " ".join(done.stderr.split())

    nowhere = {n: v for n, v in deployment.aws.environ.items() if n not in ("AWS_REGION", "AWS_DEFAULT_REGION")}
    done = deployment.command.run("failback", "--yes", "--json", environ=nowhere)
    assert done.returncode == Exit.REFUSED
    fields = object_of(done)
    assert (fields["outcome"], fields["region"]) == ("refused", None)
    assert "no region is set" in fields["why"][0]


@pytest.mark.parametrize(
    ("command", "option"),
    [
        *((command, "--yes, or --dry-run") for command in ("failover", "failback")),
        *((command, "--yes") for command in ("rearm", "pause", "resume")),
        ("drill", "--confirm"),
    ],
)
def test_a_program_has_to_say_yes_beforehand(command: str, option: str) -> None:
    # Nobody serves that endpoint: it is refused before AWS is asked for anything.
    where = ["--region", "eu-central-1", "--endpoint-url", "http://localhost:1"]
    done = CliRunner().invoke(app, [command, "--json", *where])
    assert done.exit_code == Exit.USAGE
    fields = json.loads(done.stdout)
    assert (fields["command"], fields["outcome"]) == (command, "refused")
    assert f"can't be asked: add {option}" in fields["why"][0]
    assert fields["why"][0] in done.stderr


def run(error: BaseException, *, begun: bool) -> Any:
    """Run a command that goes wrong."""

    def move(act: Act) -> Exit | None:
        act.begun = begun
        raise error

    one = typer.Typer()
    one.command()(with_account(move, acts=True))
    return CliRunner().invoke(one, ["--json", "--region", "eu-central-1"])


@pytest.mark.parametrize(
    ("error", "begun", "outcome"),
    [
        (CommandError("nothing was changed: somebody else is at work"), True, Outcome.REFUSED),
        (ClaimLostError("the claim of alice is over"), True, Outcome.FAILED),
        (LockChangedError("the lock was written by a person"), True, Outcome.FAILED),
        (RuntimeError("a defect"), False, Outcome.REFUSED),
        (RuntimeError("a defect"), True, Outcome.FAILED),
        (KeyboardInterrupt(), True, Outcome.FAILED),
    ],
)
def test_what_ended_before_anything_was_changed_is_refused_and_what_ended_later_has_failed(
    error: BaseException, begun: bool, outcome: Outcome
) -> None:
    done = run(error, begun=begun)
    assert done.exit_code != Exit.FINE
    fields = json.loads(done.stdout)
    assert (fields["command"], fields["outcome"], fields["done"]) == ("move", outcome.value, False)
    assert str(error) in fields["why"][0]
    # What is no defect is told in a sentence; a defect is shown.
    assert isinstance(done.exception, SystemExit) is not isinstance(error, RuntimeError)


def test_the_reference_tells_of_every_key() -> None:
    text = (ROOT / "lambda" / "nat_failover" / "cli" / "README.md").read_text(encoding="utf-8")
    table = text.partition("| key | what it is |")[2].partition("\n\n")[0]
    named = {name for line in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", line.split("|")[1])}
    assert named == set(Act("failover").json)
    for outcome in Outcome:
        assert f"`{outcome.value}`" in table
