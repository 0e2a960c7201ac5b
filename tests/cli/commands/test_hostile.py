"""Names, records, texts and output of others, full of what a terminal obeys: nothing of that comes out anywhere."""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from nat_failover.lock.record import LockState, Record
from tests.cli.beside import FUNCTION
from tests.cli.deployed import Deployment
from tests.cli.terminal import watching

# A line of our own, C1's own beginning of a sequence, and writing turned round: XML, which EC2 speaks, lets them pass.
MARK = "of somebody else"
IN_XML = f"{MARK}\r\npair main: OK\n\x9b31m\u202ex\u2066y\u2028'\"$(id)`<b>"
# And what JSON lets pass: the clipboard, the title, the cursor.
HOSTILE = f"{IN_XML}\x1b]52;c;cm0=\x07\x1b]0;title\x07\x1b[2J\x1b[1A"


@contextmanager
def hostile(pair: Deployment) -> Iterator[None]:
    """Plant it wherever somebody else may write what is shown."""
    ec2, ssm = pair.aws.client("ec2"), pair.aws.client("ssm")
    watch = pair.aws.client("cloudwatch")
    ids = [
        described["InstanceId"] for page in ec2.describe_instances()["Reservations"] for described in page["Instances"]
    ]
    names = {
        tag["ResourceId"]: tag["Value"]
        for tag in ec2.describe_tags(Filters=[{"Name": "key", "Values": ["Name"]}])["Tags"]
    }
    tables = [pair.setting("PRIMARY_ROUTE_TABLE"), pair.setting("STANDBY_ROUTE_TABLE")]
    subnets = [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"]]
    everything = [*ids, *tables, *subnets]
    alarm = {"AlarmName": f"{FUNCTION}-routes-differ"}
    for name in everything:
        ec2.create_tags(Resources=[name], Tags=[{"Key": "Name", "Value": IN_XML}])
    ssm.put_parameter(
        Name=pair.setting("CLAIM_PARAMETER"),
        Value=json.dumps({"owner": HOSTILE, "until": time.time() + 600}),
        Type="String",
        Overwrite=True,
    )
    watch.set_alarm_state(**alarm, StateReason=IN_XML, StateValue="ALARM")
    try:
        yield
    finally:
        watch.set_alarm_state(**alarm, StateReason="a test", StateValue="OK")
        for name in everything:
            ec2.delete_tags(Resources=[name], Tags=[{"Key": "Name"}])
            if name in names:
                ec2.create_tags(Resources=[name], Tags=[{"Key": "Name", "Value": names[name]}])
        pair.aws.forget_claim()


def locks(pair: Deployment) -> list[str]:
    """Return texts of the lock that are understood, and one that is not."""
    tables = (pair.setting("PRIMARY_ROUTE_TABLE"), pair.setting("STANDBY_ROUTE_TABLE"))
    record = Record(
        LockState.FAILED_OVER, HOSTILE, time.time(), *tables, {HOSTILE: HOSTILE}, (HOSTILE,), HOSTILE, HOSTILE, 1.5
    )
    return [
        record.text(),
        json.dumps({"state": "paused", "by": HOSTILE, "reason": HOSTILE}),
        HOSTILE,
    ]


COMMANDS: list[list[tuple[str, ...]]] = [
    [("status",), ("doctor",), ("history",), ("rearm",)],
    [("status", "--json"), ("history", "--json"), ("resume",), ("failback", "--dry-run")],
    [("status", "--debug"), ("doctor", "--json"), ("failover", "--dry-run"), ("policy", "operator")],
]


def test_whatever_others_have_written_no_command_prints_what_a_terminal_obeys(pair: Deployment) -> None:
    seen = ""
    with hostile(pair):
        for lock, commands in zip(locks(pair), COMMANDS, strict=True):
            pair.aws.write_lock(lock)
            for command in commands:
                done = pair.command.run(*command)
                printed = done.stdout + done.stderr
                obeyed = sorted({c for c in printed if not c.isprintable() and c != "\n"})
                assert obeyed == [], (command, obeyed, printed)
                assert "Traceback" not in printed, (command, printed)
                assert "pair main: OK" not in [line.strip() for line in printed.splitlines()], command
                seen += printed
    assert seen.count(MARK) > 10


def test_on_a_terminal_only_its_own_styles_are_printed(pair: Deployment) -> None:
    with hostile(pair), watching(pair.command) as screen:
        assert screen.shows(MARK[:6])
        shown = screen.text
    assert {c for c in shown if not c.isprintable()} <= {"\r", "\n"}


def test_a_tag_with_a_space_is_one_word_of_a_command_to_copy(pair: Deployment) -> None:
    pair.configure(PROBE_TAG_VALUE="web servers")
    try:
        findings = pair.command.json("doctor")["main"]
    finally:
        pair.configure()
    remedies = [found["remedy"] for found in findings if "web servers" in found["remedy"]]
    assert remedies
    for remedy in remedies:
        assert [argument for argument in shlex.split(remedy) if argument.endswith("web servers")], remedy


@pytest.mark.parametrize("text", ["", "null", "[]", "[" * 2000, '{"since": 1e999}'])
def test_a_lock_without_sense_is_shown_as_one(pair: Deployment, text: str) -> None:
    pair.aws.write_lock(text or " ")
    done = pair.command.run("status")
    assert "can't be understood" in done.stdout
    assert "Traceback" not in done.stderr
