"""The probe script without a network: what it takes for parameters, and a host on which it cannot work."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from infra.probe.document import PATTERNS, SCRIPT, content
from tests.integration.probe.shells import SHELLS, Outcome, Run, arguments, eventually, in_every_shell, installed, stubs

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason=f"the script needs Linux, this is {sys.platform}")

NAMES = ("targets", "interval", "failures", "window", "warm-up", "control")
GOOD = dict(zip(NAMES, arguments(("192.0.2.1",)), strict=True))
# None of these is any parameter's value, and none may be more than text.
BAD = [
    *("", " ", "-1", "--help", "-f", "-c 1", "+1", "1,5", ".5", "1:2", "1_0", "1/2", "../x", "1" * 3000),
    *("$(touch x)", "1$(touch x)", "`touch x`", "1;touch x", "1&touch x", "1|touch x", "1&&touch x", "1>x", "<x"),
    *("1\n", "\n1", "1\ntouch x", "1\t", "1\r", "1\x01", "1'", "1'; touch x; '", '1"', '1";touch x;"', "1\\"),
    *("*", "?", "[0-9]", "/*", "~", "$HOME", "${IFS}", "$$", "a[$(touch x)]", "x=1", "(1)", "{1,2}", "#1", "!1", "%d"),
    *("\u0661", "\u00e9", "1\u2028", "\udcff", "{{ window }}"),
]
# What is no number, though it could be a host's name.
NO_NUMBER = ["x", "1x", "x1", "0x10", "1e3", "08x", "1-1", "1.", "1.5.2", "1 2", "99999999999999999999"]
# By parameter. A leading zero makes no octal number: 061 would be 49, and small enough.
OUT_OF_RANGE = {
    "targets": [
        ".x",
        "a_b",
        "::1",
        "a .x",
        "a -f",
        "a b c d e f",
        "a a",
        "a b a",
        "a\nb",
        "a\tb",
        "x" * 254,
        "a " + "x" * 254,
    ],
    "interval": ["0", "0.1", "0.19", "0.123", "0.500", "60.01", "61", "0061", "5.", "0..5", "100000"],
    "failures": ["0", "00", "100", "0100", "1.0", "18446744073709551617"],
    "window": ["3001", "03001", "1.5", "18446744073709551616"],
    "warm-up": ["86401", "99999", "086400", "0.5"],
    "control": ["--", "10.0.0", "10.0.0.1.2", "10.0.0.", ".10.0.0", "10..0.1", "1000.1000.1000.1", "10.0.0.1 10.0.0.2"],
}
IN_RANGE = {
    "targets": ["a", "a b", "192.0.2.1 192.0.2.2 c.example d-e.example F", "1e3", "a.example.", "x" * 253, " a  b "],
    "interval": ["0.2", "0.20", "00.5", "08", "09.09", "1.05", "010", "60", "60.00", "0060"],
    "failures": ["1", "08", "09", "010", "99", "00099"],
    "window": ["0", "00", "00000"],
    "warm-up": ["0", "08", "300", "010", "86400", "00099"],
    "control": ["-", "10.0.0.1", "255.255.255.255"],
}
# A ping that is answered at once.
ANSWERED = {"ping": "exit 0"}


def run(shell: str, values: Sequence[str], folder: Path, path: str | None = None) -> Outcome:
    """Run the script in an empty folder to its end."""
    argv = [shutil.which(SHELLS[shell][0]) or shell, *SHELLS[shell][1:]]
    return Run([*argv, str(SCRIPT), *values], cwd=folder, path=path).end()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "empty"
    made.mkdir()
    return made


@pytest.fixture
def answered(tmp_path: Path) -> str:
    """Give a PATH on which every ping is answered."""
    return stubs(tmp_path / "stubs", ANSWERED)


@in_every_shell
@pytest.mark.parametrize("name", GOOD)
def test_a_bad_parameter_is_named_and_does_nothing(name: str, shell: str, folder: Path, answered: str) -> None:
    values = [*BAD, *OUT_OF_RANGE[name], *(NO_NUMBER if name != "targets" else [])]
    told = {value: run(shell, [*({**GOOD, name: value}).values()], folder, answered) for value in values}
    assert {value: told[value].stdout for value in values if told[value].exit_code != 2} == {}
    for outcome in told.values():
        assert outcome.said.keys() == {"probe", "state", "why"}
        assert outcome.said["state"] == "cannot-probe"
        assert name.removesuffix("s") in outcome.said["why"]
    assert list(folder.iterdir()) == []


@in_every_shell
@pytest.mark.parametrize("name", GOOD)
def test_a_number_may_have_zeros_in_front_and_a_target_may_be_a_name(
    name: str, shell: str, folder: Path, answered: str
) -> None:
    told = {value: run(shell, [*({**GOOD, name: value}).values()], folder, answered) for value in IN_RANGE[name]}
    assert {value: outcome.stdout for value, outcome in told.items() if outcome.exit_code != 0} == {}
    assert {outcome.said["state"] for outcome in told.values()} == {"reachable"}


@in_every_shell
def test_the_longest_targets_fit_into_what_systems_manager_keeps(shell: str, folder: Path, answered: str) -> None:
    targets = " ".join(letter * 253 for letter in "abcde")
    outcome = run(shell, [*({**GOOD, "targets": f"{targets}{' ' * 3000}"}).values()], folder, answered)
    assert outcome.said["targets"] == targets


@in_every_shell
@pytest.mark.parametrize("number", [0, 1, 5, 7])
def test_it_takes_six_parameters(shell: str, number: int, folder: Path, answered: str) -> None:
    outcome = run(shell, [*GOOD.values(), "0"][:number], folder, answered)
    assert outcome.exit_code == 2
    assert "six parameters" in outcome.said["why"]


# A host on which it cannot work


@in_every_shell
def test_without_ping_it_cannot_probe(shell: str, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/sleep").symlink_to(shutil.which("sleep") or "/bin/sleep")
    outcome = run(shell, [*GOOD.values()], folder, str(tmp_path / "bin"))
    assert (outcome.exit_code, outcome.said["why"]) == (2, "ping is not installed")


@in_every_shell
@pytest.mark.parametrize(
    ("programs", "why"),
    [
        ({"ping": "exit 2"}, "ping does not work on this host"),
        ({"ping": "exit 0", "sleep": "case $1 in *.*) exit 1 ;; esac"}, "sleep takes whole seconds only"),
    ],
)
def test_where_ping_or_sleep_does_not_work_it_cannot_probe(
    programs: dict[str, str], why: str, shell: str, folder: Path, tmp_path: Path
) -> None:
    values = arguments(("192.0.2.1",), interval="0.2", failures=1)
    outcome = run(shell, values, folder, stubs(tmp_path / "stubs", programs))
    assert (outcome.exit_code, outcome.said["state"], outcome.said["why"]) == (2, "cannot-probe", why)


@pytest.mark.skipif(not installed("bash"), reason="bash is not installed, which can be stopped at a command")
def test_killed_before_its_first_pause_it_kills_nobody_else(folder: Path, answered: str, tmp_path: Path) -> None:
    (tmp_path / "killing").write_text("trap 'case $BASH_COMMAND in draw) kill -s TERM $$ ;; esac' DEBUG\n", "utf-8")
    with subprocess.Popen(["sleep", "60"], process_group=0) as neighbour:
        argv = ["bash", str(SCRIPT), *GOOD.values()]
        probe = Run(argv, folder, answered, neighbour.pid, BASH_ENV=str(tmp_path / "killing"))
        assert probe.end().exit_code == 128 + signal.SIGTERM
        assert not eventually(lambda: neighbour.poll() is not None, within=0.2)
        neighbour.kill()


# The script as a whole


@in_every_shell
def test_as_the_step_of_the_document_it_does_the_same(shell: str, folder: Path, answered: str, tmp_path: Path) -> None:
    (step,) = cast("list[dict[str, Any]]", content(SCRIPT.read_text(encoding="utf-8"))["mainSteps"])

    def step_with(values: Sequence[str]) -> Outcome:
        text = "\n".join(step["inputs"]["runCommand"])
        for name, value in zip(PATTERNS, values, strict=True):
            text = text.replace(f"{{{{ {name} }}}}", value)
        (tmp_path / "_script.sh").write_text(text, encoding="utf-8")
        return Run([*SHELLS[shell], str(tmp_path / "_script.sh")], folder, answered).end()

    reachable = step_with(arguments(("192.0.2.1", "a.example"), warm_up=300))
    assert (reachable.exit_code, reachable.said["state"]) == (0, "reachable")
    assert reachable.said["targets"] == "192.0.2.1 a.example"
    # A pattern lets a last line's end through.
    for name, value in GOOD.items():
        refused = step_with([*({**GOOD, name: f"{value}\n"}).values()])
        assert (refused.exit_code, refused.said["state"]) == (2, "cannot-probe")
        assert name.removesuffix("s") in refused.said["why"]


@pytest.mark.parametrize("dialect", ["sh", "dash", "bash", "busybox"])
def test_it_is_clean_to_shellcheck(dialect: str) -> None:
    shellcheck = shutil.which("shellcheck")
    if shellcheck is None:
        pytest.skip("shellcheck is not installed")
    argv = [shellcheck, f"--shell={dialect}", "--enable=check-unassigned-uppercase", str(SCRIPT)]
    checked = subprocess.run(argv, capture_output=True, text=True, check=False)
    if "Unknown shell" in checked.stderr:
        pytest.skip(f"this shellcheck does not know {dialect}")
    assert checked.returncode == 0, checked.stdout
