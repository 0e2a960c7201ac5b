"""The command as a process, where AWS can't be asked or there is no pair: a sentence, a status, no traceback."""

from __future__ import annotations

import pytest

from nat_failover.cli.errors import Exit
from tests.cli.deployed import Deployment


def without(deployment: Deployment, *names: str) -> dict[str, str]:
    return {name: value for name, value in deployment.aws.environ.items() if name not in names}


def test_no_credentials_are_told_with_what_to_do(deployment: Deployment) -> None:
    done = deployment.command.run("history", environ=without(deployment, "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"))
    assert done.returncode == Exit.REFUSED
    assert "no AWS credentials" in done.stderr
    assert "--profile" in done.stderr
    assert "Traceback" not in done.stderr


def test_no_region_is_told_with_what_to_do(deployment: Deployment) -> None:
    done = deployment.command.run("history", environ=without(deployment, "AWS_REGION", "AWS_DEFAULT_REGION"))
    assert done.returncode == Exit.REFUSED
    assert "--region" in done.stderr


def test_the_region_may_come_from_either_variable_of_the_aws_command_line(deployment: Deployment) -> None:
    for name, other in (("AWS_REGION", "AWS_DEFAULT_REGION"), ("AWS_DEFAULT_REGION", "AWS_REGION")):
        done = deployment.command.run("history", environ=without(deployment, other) | {name: "eu-central-1"})
        assert done.returncode == Exit.FINE, (name, done.stderr)
    both = deployment.aws.environ | {"AWS_REGION": "eu-central-1", "AWS_DEFAULT_REGION": "eu-west-1"}
    assert deployment.command.run("history", environ=both).returncode == Exit.FINE


def test_a_profile_that_does_not_exist_is_told_by_name(deployment: Deployment) -> None:
    done = deployment.command.run("history", "--profile", "nobodys")
    assert done.returncode == Exit.REFUSED
    assert "nobodys" in done.stderr


def test_the_wrong_region_is_told_with_the_right_one(deployment: Deployment) -> None:
    done = deployment.command.run("history", "--region", "eu-west-1")
    assert done.returncode == Exit.NO_PAIR
    assert "no pair is deployed in eu-west-1" in done.stderr
    assert "main in eu-central-1 (--region eu-central-1)" in done.stderr


def test_an_unknown_pair_is_told_with_those_that_there_are(deployment: Deployment) -> None:
    done = deployment.command.run("history", "mian")
    assert done.returncode == Exit.NO_PAIR
    assert "'mian'" in done.stderr
    assert "There is: main" in done.stderr


def test_an_endpoint_that_nobody_serves_is_told(deployment: Deployment) -> None:
    done = deployment.command.run("history", "--endpoint-url", "http://localhost:1")
    assert done.returncode == Exit.REFUSED
    assert "AWS can't be reached" in done.stderr


@pytest.mark.parametrize("before", [True, False], ids=["before the command", "after it"])
def test_the_options_of_aws_may_stand_before_the_command_or_after_it(deployment: Deployment, before: bool) -> None:
    where = ["--region", "eu-central-1"]
    environ = without(deployment, "AWS_REGION", "AWS_DEFAULT_REGION")
    done = deployment.command.run(*([*where, "history"] if before else ["history", *where]), environ=environ)
    assert done.returncode == 0, done.stderr


def test_the_help_has_examples_and_the_exit_statuses(deployment: Deployment) -> None:
    assert "Exit status:" in deployment.command.run("--help").stdout
    assert "nat-failover history main --limit 5" in deployment.command.run("history", "--help").stdout


def test_an_unknown_option_is_a_mistake_in_usage(deployment: Deployment) -> None:
    assert deployment.command.run("history", "--colour").returncode == Exit.USAGE
