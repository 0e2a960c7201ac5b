"""`status` as a process: what it shows of a healthy pair and of one in trouble, as a screen, as JSON, and watched."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time

import pytest

from nat_failover.cli import __version__
from nat_failover.cli.errors import Exit
from nat_failover.lock.record import LockState, Record
from tests.cli.beside import FUNCTION
from tests.cli.deployed import Deployment
from tests.cli.planted.function import nobody_confirmed
from tests.cli.terminal import watching
from tests.lab.cloud.sessions import listed


def alarms(deployment: Deployment) -> int:
    """Give how many alarms the pair has."""
    count = len(listed(deployment.aws.client("cloudwatch"), "describe_alarms", "MetricAlarms"))
    assert count > 10
    return count


def test_a_healthy_pair_is_shown_with_everything_about_it(deployment: Deployment) -> None:
    deployment.tick()
    done = deployment.command.run("status")
    assert done.returncode == Exit.FINE, done.stderr
    shown, count = done.stdout, alarms(deployment)
    first, second, *rest = shown.splitlines()
    assert first.startswith("main: ONLINE through the primary; PROTECTED, armed ")
    assert second == "Nothing to do."
    assert [row.split()[0] for row in rest if row] == [
        *("lock", "last", "primary", "standby", "subnets", "backends", "alarms", "tables", "checked")
    ]
    for part in (
        "armed for",
        "HOLD, all is well (3 reachable)",
        "nat-a",
        "3 of 3 online, heard ",
        f"{count} of {count} OK",
        "equal but for the default",
    ):
        assert part in shown


def test_the_same_is_there_as_json(deployment: Deployment) -> None:
    deployment.tick()
    fields = deployment.command.json("status", "main")["main"]
    assert fields["protected"] is True
    assert fields["trouble"] == []
    assert fields["active"] == deployment.setting("PRIMARY_INSTANCE")
    assert {nat["role"]: (nat["now"], nat["state"], nat["agent"]) for nat in fields["nats"]} == {
        "primary": ("active", "running", "Online"),
        "standby": ("passive", "running", "Online"),
    }
    assert {subnet["table"] for subnet in fields["subnets"]} == {deployment.setting("PRIMARY_ROUTE_TABLE")}
    assert [backend["word"] for backend in fields["backends"]] == ["REACHABLE"] * 3
    assert all(backend["age"] < 60 for backend in fields["backends"])
    assert fields["last_tick"]["cause"] == "HEALTHY"
    assert fields["unread"] == {}


def test_a_locked_pair_is_not_protected_and_says_since_when_why_and_by_what_evidence(deployment: Deployment) -> None:
    tables = (deployment.setting("PRIMARY_ROUTE_TABLE"), deployment.setting("STANDBY_ROUTE_TABLE"))
    record = Record(
        LockState.FAILED_OVER, "id", time.time() - 7200, *tables, {}, ("i-1", "i-2"), "they were offline", "ok", 1.5
    )
    deployment.aws.write_lock(record.text())
    try:
        done, fields = deployment.command.run("status"), deployment.command.json("status")["main"]
    finally:
        deployment.rearm()
    assert done.returncode == Exit.TROUBLE
    assert done.stdout.splitlines()[0].endswith("; NOT PROTECTED: not re-armed")
    assert done.stdout.splitlines()[1].startswith("Next: nat-failover rearm main --region eu-central-1 (")
    assert "failed-over for 2 h" in done.stdout
    assert "they were offline" in done.stdout
    assert fields["lock"]["evidence"] == ["i-1", "i-2"]
    assert fields["lock"]["seconds"] == 1.5
    assert not fields["protected"]


def test_a_pair_that_was_armed_a_moment_ago_is_not_called_protected_before_the_next_round(
    deployment: Deployment,
) -> None:
    deployment.aws.write_lock("armed")
    try:
        done, fields = deployment.command.run("status"), deployment.command.json("status")["main"]
    finally:
        deployment.rearm()
    assert done.returncode == Exit.TROUBLE
    assert done.stdout.splitlines()[0].endswith("; NOT PROTECTED: not proven yet")
    assert "nat-failover failover main --dry-run" in done.stdout.splitlines()[1]
    assert (fields["protected"], fields["trouble"], fields["proof"]["given"]) == (False, [], False)
    again = deployment.command.json("status")["main"]
    assert (again["protected"], again["proof"]["given"], len(again["proof"]["through"])) == (True, True, 3)


def test_a_pause_is_shown_with_who_paused_the_pair_and_why(deployment: Deployment) -> None:
    fields = {"state": "paused", "by": "arn:aws:iam::123456789012:user/alice", "since": "?", "reason": "new kernel"}
    deployment.aws.write_lock(json.dumps(fields))
    try:
        done = deployment.command.run("status")
    finally:
        deployment.rearm()
    assert done.returncode == Exit.TROUBLE
    assert "why      new kernel" in done.stdout
    assert ", by alice\n" in done.stdout


def test_an_alarm_that_fires_is_named(deployment: Deployment) -> None:
    watch = deployment.aws.client("cloudwatch")
    watch.set_alarm_state(AlarmName=f"{FUNCTION}-control-down", StateValue="ALARM", StateReason="a test")
    try:
        done = deployment.command.run("status")
    finally:
        watch.set_alarm_state(AlarmName=f"{FUNCTION}-control-down", StateValue="OK", StateReason="a test")
    count = alarms(deployment)
    assert f"{count - 1} of {count} OK, {FUNCTION}-control-down is firing" in done.stdout


def test_that_nobody_is_told_of_a_failover_is_said_of_a_pair_that_is_protected(deployment: Deployment) -> None:
    undo = nobody_confirmed(deployment)
    try:
        done, fields = deployment.command.run("status"), deployment.command.json("status")["main"]
    finally:
        undo()
    assert done.returncode == Exit.FINE
    assert "mail       no subscription to the topic is confirmed: a failover, or one that" in done.stdout
    assert fields["protected"]
    assert fields["mail"] == [
        "pending@example.com has not confirmed the subscription by email: nothing reaches them",
        "no subscription to the topic is confirmed: a failover, or one that is needed, goes unnoticed",
    ]
    assert deployment.command.json("status")["main"]["mail"] == []


def test_watched_it_is_shown_anew_until_ctrl_c(deployment: Deployment) -> None:
    try:
        with watching(deployment.command) as screen:
            assert screen.shows("armed")
            deployment.aws.write_lock("paused")
            assert screen.shows("NOT PROTECTED: paused")
    finally:
        deployment.rearm()
    assert screen.exit_status == Exit.TROUBLE


@pytest.mark.parametrize("command", [("status",), ("status", "--json"), ("doctor",), ("history",), ("--version",)])
def test_where_nobody_reads_any_more_a_command_ends_without_a_traceback(
    deployment: Deployment, command: tuple[str, ...]
) -> None:
    reads, writes = os.pipe()
    argv, environ = [str(deployment.command.path), *command], deployment.command.environ()
    with subprocess.Popen(argv, env=environ, stdout=writes, stderr=subprocess.PIPE, text=True) as process:
        os.close(reads)
        os.close(writes)
        _, complaint = process.communicate(timeout=60)
    assert complaint == ""
    assert process.returncode == 1


def test_no_color_is_heeded_on_a_terminal(deployment: Deployment) -> None:
    with watching(deployment.command, NO_COLOR="1") as screen:
        assert screen.shows("PROTECTED")
    assert not re.search(rb"\x1b\[[0-9;]*3[0-7]m", screen.raw)
    with watching(deployment.command) as screen:
        assert screen.shows("PROTECTED")
    assert re.search(rb"\x1b\[[0-9;]*3[0-7]m", screen.raw)


def test_the_version_is_the_package_s(deployment: Deployment) -> None:
    assert deployment.command.run("--version").stdout == f"nat-failover {__version__}\n"


def test_watching_is_not_for_programs(deployment: Deployment) -> None:
    assert deployment.command.run("status", "--watch", "--json").returncode == Exit.USAGE


@pytest.mark.parametrize("command", ["status", "doctor", "history"])
def test_without_permission_to_find_the_function_the_action_is_named(deployment: Deployment, command: str) -> None:
    done = deployment.command.run(
        command, environ=deployment.aws.environ | {"AWS_ACCESS_KEY_ID": "maynot-ListFunctions"}
    )
    assert done.returncode == Exit.REFUSED
    assert "you have no permission for lambda:ListFunctions" in done.stderr


def test_credentials_that_aws_does_not_know_are_told(deployment: Deployment) -> None:
    done = deployment.command.run("status", environ=deployment.aws.environ | {"AWS_ACCESS_KEY_ID": "stranger"})
    assert done.returncode == Exit.REFUSED
    assert "AWS does not accept the credentials" in done.stderr
