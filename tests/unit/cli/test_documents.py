"""The documents by which the command runs its scripts: what is fixed in them, what travels, and what is let through."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nat_failover.cli.scripts.documents import PATTERNS, SCRIPTS, ScriptError, Task, documents, script
from tests.gate.requests.patterns import go_error, go_matches

NATS = ("i-0123456789abcdef0", "i-0123456789abcdef1")
TARGETS = ("1.1.1.1", "ping.example.com")
MADE = documents("main", TARGETS, NATS)
PARAMETERS = [(task, name) for task, patterns in PATTERNS.items() for name in patterns]
INJECTIONS = ["", " ", "1;id", "$(id)", "`id`", "1'", "1\n", "1\nid", "1 2", "-1", "{{ssm:x}}", "+1", "1.5", "\u0661"]


def step(task: Task) -> dict[str, Any]:
    (only,) = cast("list[dict[str, Any]]", MADE[task].content["mainSteps"])
    return only


def ran(folder: Path, task: Task, data: str, nats: tuple[str, ...] = (), host: str | None = None) -> tuple[int, str]:
    """Run a script as an agent does, with data that it is to refuse: it would change this machine otherwise."""
    file = folder / "script.sh"
    file.write_text(f"{script(task, TARGETS, nats)}exit\n{data}\n", encoding="utf-8")
    environ = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"} | ({} if host is None else {"AWS_SSM_INSTANCE_ID": host})
    done = subprocess.run(["sh", str(file)], env=environ, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_every_script_of_the_command_has_its_document() -> None:
    assert {path.stem for path in SCRIPTS.glob("*.sh")} == set(Task) == set(MADE)


@pytest.mark.parametrize("task", Task)
def test_what_travels_stands_behind_the_end_of_the_script_where_nothing_is_run(task: Task) -> None:
    lines, parameters = step(task)["inputs"]["runCommand"], list(PATTERNS[task])
    text = script(task, TARGETS, NATS)
    data = ["exit", " ".join(f"{{{{ {name} }}}}" for name in parameters)] if parameters else []
    assert lines == [*text.splitlines(), *data]
    assert "{{" not in text
    assert list(cast("dict[str, object]", MADE[task].content["parameters"])) == parameters


@pytest.mark.parametrize("task", Task)
def test_it_runs_a_shell_script_on_linux_and_is_no_larger_than_systems_manager_takes(task: Task) -> None:
    assert step(task)["action"] == "aws:runShellScript"
    assert step(task)["precondition"] == {"StringEquals": ["platformType", "Linux"]}
    assert len(json.dumps(MADE[task].content)) < 64 * 1024
    assert len(documents("a" * 32, TARGETS, NATS)[task].name) <= 128


def test_no_value_that_the_pair_has_is_left_to_whoever_sends() -> None:
    watch, forward = script(Task.WATCH, TARGETS, NATS), script(Task.FORWARD, TARGETS, NATS)
    assert "\ntargets='1.1.1.1 ping.example.com'\ninterval='0.25'\n" in watch
    assert f"\nnats='{' '.join(NATS)}'\n" in forward
    assert [text for text in (watch, forward) if re.search(r"^\w+=''$", text, re.MULTILINE)] == []


@pytest.mark.parametrize("value", ["'; reboot; '", "a\nreboot", "{{ssm:parameter}}", "\\"])
def test_a_value_that_could_end_its_quotes_is_refused(value: str) -> None:
    with pytest.raises(ScriptError, match="targets"):
        script(Task.WATCH, (value,))


def test_a_name_changes_with_what_is_in_the_document() -> None:
    others = documents("main", ("1.0.0.1",), NATS)
    assert [task for task in Task if others[task].name != MADE[task].name] == [Task.WATCH]
    others = documents("main", TARGETS, (NATS[0], "i-0123456789abcdef2"))
    assert [task for task in Task if others[task].name != MADE[task].name] == [Task.FORWARD]
    for task, document in documents("main", TARGETS, NATS[:1]).items():
        assert re.fullmatch(rf"nat-failover-main-{task}-[0-9a-f]{{8}}", document.name)
    assert MADE[Task.FORWARD].name.endswith(f"-{NATS[0]}-{NATS[1]}")


@pytest.mark.parametrize(("task", "name"), PARAMETERS)
def test_the_agent_can_compile_every_pattern_and_no_injection_is_let_through(task: Task, name: str) -> None:
    pattern = PATTERNS[task][name]
    assert go_error(pattern) is None
    assert go_matches(pattern, "400")
    assert [value for value in INJECTIONS if go_matches(pattern, value)] == []


@given(parameter=st.sampled_from(PARAMETERS), value=st.text(max_size=20))
def test_whatever_is_let_through_is_digits(parameter: tuple[Task, str], value: str) -> None:
    if go_matches(PATTERNS[parameter[0]][parameter[1]], value):
        assert re.fullmatch(r"[0-9]+", value)


@pytest.mark.parametrize("host", [None, "", "i-0123456789abcdef2", "i-0123456789abcdef", "i-*"])
def test_a_host_that_is_no_nat_of_the_pair_does_not_let_itself_be_broken(tmp_path: Path, host: str | None) -> None:
    code, printed = ran(tmp_path, Task.FORWARD, "60; id", NATS, host)
    assert (code, json.loads(printed)["forward"]) == (3, None)


@pytest.mark.parametrize("data", ["", "x", "60; id", "$(id)", "1000", "6 0", "-5"])
@pytest.mark.parametrize("host", NATS)
def test_a_nat_refuses_what_no_pattern_lets_through(tmp_path: Path, data: str, host: str) -> None:
    assert ran(tmp_path, Task.FORWARD, data, NATS, host) == (2, "")


@pytest.mark.parametrize("data", ["", "x 1", "1 x", "1", "1000 1", "1 10000000000", "1 ../x", "$(id) 1"])
def test_a_watch_and_its_end_refuse_what_no_pattern_lets_through(tmp_path: Path, data: str) -> None:
    assert ran(tmp_path, Task.WATCH, data) == (2, "")
    if not re.fullmatch("[0-9]{1,10}", data):
        assert ran(tmp_path, Task.STOP, data) == (2, "")
