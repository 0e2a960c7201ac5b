"""The function as Lambda runs it: environment in, events in, an answer, log lines and metrics out."""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from nat_failover import handler
from nat_failover.environment import SettingsError
from nat_failover.events import UnknownEventError
from nat_failover.lock.store import LockStore
from nat_failover.runtime import LambdaRuntime
from tests.examples import ENVIRONMENT, TICK, status_change
from tests.fakes import Context
from tests.integration.account import Account, pair_in_moto
from tests.integration.invocation import Acting

ROOT = Path(__file__).parents[2]


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    """Have a pair in moto and its environment, with the machine's own clock."""
    package = logging.getLogger("nat_failover")
    before = package.handlers, package.level, package.propagate
    with pair_in_moto(LambdaRuntime()) as account:
        for name, value in account.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(boto3, "Session", lambda: account.session)
        handler.application.cache_clear()
        yield account
    handler.application.cache_clear()
    package.handlers, package.level, package.propagate = before
    # Powertools keeps what it once has set up under the pair's name.
    logging.Logger.manager.loggerDict.pop("main", None)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Give what was written, every line of which has to be a JSON object."""
    return [dict(json.loads(line)) for line in capsys.readouterr().out.splitlines()]


def metrics(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Give the one line of metrics."""
    (found,) = [line for line in lines(capsys) if "_aws" in line]
    return found


def imported(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Import the handler in a fresh process, and say which clients were made by then."""
    program = (
        "import botocore.session as s\n"
        "make, made = s.Session.create_client, []\n"
        "s.Session.create_client = lambda self, name, *a, **k: (made.append(name), make(self, name, *a, **k))[1]\n"
        "import nat_failover.handler\n"
        "print(made)\n"
    )
    paths = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "lambda"), "AWS_DEFAULT_REGION": "eu-west-1"}
    command = [sys.executable, "-c", program]
    return subprocess.run(command, env=paths | environment, capture_output=True, text=True, check=False, timeout=60)


# Events


@pytest.mark.usefixtures("account")
def test_a_tick_is_answered_with_what_was_decided_and_why() -> None:
    answer = handler.handler(TICK, Context())
    assert answer == {
        "trigger": "Tick",
        "decision": "HOLD",
        "cause": "WAITING",
        "reason": "0 of 4 backends asked can be judged, 4 have yet to answer",
    }


def test_a_status_change_is_answered_without_sending_a_watch(account: Account) -> None:
    answer = handler.handler(status_change("00000000-0000-0000-0000-000000000000", account.backends[0]), Context())
    assert (answer["trigger"], answer["cause"]) == ("StatusChange", "CANNOT_JUDGE")
    assert account.run_command.commands == []


def test_the_answer_is_json(account: Account) -> None:
    Acting(account).leave_behind()
    answer = handler.handler(TICK, Context())
    assert json.loads(json.dumps(answer)) == answer


def test_the_whole_function_finishes_a_failover_on_real_threads_and_the_real_clock(account: Account) -> None:
    Acting(account).leave_behind()
    answer = handler.handler(TICK, Context())
    assert answer["outcome"] == "failed-over"
    assert account.on_standby == account.subnets
    assert len(account.mails) == 1


@pytest.mark.parametrize(
    "event",
    [
        {},
        None,
        [],
        {"source": "aws.ec2", "detail-type": "EC2 Instance State-change Notification"},
        {"source": "aws.ssm", "detail-type": "EC2 Command Status-change Notification"},
        status_change("c", "i-1") | {"detail": {"document-name": "AWS-RunShellScript"}},
    ],
)
def test_an_event_that_is_none_of_the_functions_is_an_error_and_nothing_is_done(
    account: Account, event: object
) -> None:
    with pytest.raises(UnknownEventError):
        handler.handler(event, Context())
    assert account.run_command.calls == []


@pytest.mark.usefixtures("account")
def test_an_unknown_event_writes_no_metrics(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UnknownEventError):
        handler.handler({}, Context())
    assert lines(capsys) == []


def test_the_claim_carries_the_request_id_of_the_invocation(account: Account) -> None:
    Acting(account).leave_behind()
    handler.handler(TICK, Context("8a5e9bd4-0001"))
    view = LockStore(account.parameters, account.settings, account.runtime).read()
    assert view.claim is not None
    assert view.claim.owner == "8a5e9bd4-0001"


def test_the_application_is_made_once_a_process(account: Account) -> None:
    handler.handler(TICK, Context())
    first = handler.application()
    handler.handler(TICK, Context())
    assert handler.application() is first
    assert len(account.run_command.sent("watch")) == 1


# Settings


def test_settings_that_are_missing_are_an_error_that_names_every_variable(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in account.environment:
        monkeypatch.delenv(name)
    with pytest.raises(SettingsError) as refused:
        handler.handler(TICK, Context())
    assert {problem.split()[0] for problem in refused.value.problems} == set(ENVIRONMENT)
    assert all(name in str(refused.value) for name in ENVIRONMENT)


@pytest.mark.usefixtures("account")
def test_a_setting_mended_after_an_error_is_taken_at_the_next_event(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAT_FAILOVER_MODE", "on")
    with pytest.raises(SettingsError, match="NAT_FAILOVER_MODE is 'on': it must be automatic or observe"):
        handler.handler(TICK, Context())
    monkeypatch.setenv("NAT_FAILOVER_MODE", "automatic")
    assert handler.handler(TICK, Context())["decision"] == "HOLD"


# Importing


def test_outside_lambda_importing_the_handler_makes_no_client_and_needs_no_settings() -> None:
    done = imported({})
    assert (done.returncode, done.stdout) == (0, "[]\n")


def test_in_lambda_the_clients_are_made_while_the_function_starts_but_for_that_of_the_mails() -> None:
    done = imported(ENVIRONMENT | {"AWS_LAMBDA_RUNTIME_API": "localhost:9001"})
    assert (done.returncode, done.stdout) == (0, "['ec2', 'ssm', 'ssm']\n")


def test_in_lambda_wrong_settings_show_while_the_function_starts() -> None:
    done = imported({"AWS_LAMBDA_RUNTIME_API": "localhost:9001"})
    assert done.returncode == 1
    assert all(f"{name} is not set" in done.stderr for name in ENVIRONMENT)


# Metrics and logs


def test_metrics_are_one_line_in_the_embedded_metric_format(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    handler.handler(TICK, Context())
    line = metrics(capsys)
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert (directive["Namespace"], directive["Dimensions"], line["service"]) == ("nat-failover", [["service"]], "main")
    assert abs(line["_aws"]["Timestamp"] / 1000 - account.runtime.now()) < 60
    assert all(line[metric["Name"]] == [pytest.approx(line[metric["Name"]][0])] for metric in directive["Metrics"])
    assert {metric["Unit"] for metric in directive["Metrics"]} == {"Count"}


def test_a_tick_writes_the_metrics_that_the_runbook_names_for_every_tick(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    runbook = (ROOT / "infra" / "RUNBOOK.md").read_text(encoding="utf-8")
    (named,) = re.findall(r"dimension `service` = the pair: (.*?) at every tick", runbook, re.DOTALL)
    account.run_command.online = list(account.backends)
    handler.handler(TICK, Context())
    (directive,) = metrics(capsys)["_aws"]["CloudWatchMetrics"]
    assert {metric["Name"] for metric in directive["Metrics"]} == set(re.findall(r"`(\w+)`", named))


def test_a_failover_writes_its_duration_as_seconds(account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    Acting(account).leave_behind()
    handler.handler(TICK, Context())
    units = {
        metric["Name"]: metric["Unit"]
        for line in lines(capsys)
        if "_aws" in line
        for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]
    }
    assert units.items() >= {"FailedOver": "Count", "SwapSeconds": "Seconds", "BackendsOnlineAfter": "Count"}.items()


@pytest.mark.usefixtures("account")
def test_log_lines_are_json_with_the_pair_and_the_reason(capsys: pytest.CaptureFixture[str]) -> None:
    answer = handler.handler(TICK, Context())
    logged = [line for line in lines(capsys) if "_aws" not in line]
    assert {(line["service"], line["level"]) for line in logged} == {("main", "INFO")}
    assert answer["reason"] in [line["message"] for line in logged]
    assert [line["cause"] for line in logged if "cause" in line] == ["WAITING"]


def test_what_a_person_has_to_look_at_is_logged_as_a_warning(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    account.move(account.subnets[0], account.standby_table)
    handler.handler(TICK, Context())
    assert [(line["level"]) for line in lines(capsys) if line.get("cause") == "SPLIT"] == ["WARNING"]
