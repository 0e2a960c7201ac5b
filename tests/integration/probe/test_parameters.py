"""The probe without a network: what it takes for parameters, and a host on which it cannot work."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import pytest

from infra.probe import document
from infra.probe.document import PARTS, ProbeValues, content
from tests.integration.probe.shells import SHELLS, Outcome, Run, in_every_shell, path_without, probe_script, stubs

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason=f"the script needs Linux, this is {sys.platform}")

GOOD = {"window": "0", "active": "-", "passive": "-"}
# None of these is any parameter's value, and none may be more than text.
BAD = [
    *("", "-1", "--help", "-f", "-c 1", "+1", "1,5", ".5", "1:2", "1_0", "1/2", "../x", "1" * 3000, "1 2", "x", "0x10"),
    *("$(touch x)", "1$(touch x)", "`touch x`", "1;touch x", "1&touch x", "1|touch x", "1&&touch x", "1>x", "<x"),
    *("1\r", "1\x01", "1'", "1'; touch x; '", '1"', '1";touch x;"', "1\\", "1\ntouch x", "\n"),
    *("*", "?", "[0-9]", "/*", "~", "$HOME", "${IFS}", "$$", "a[$(touch x)]", "x=1", "(1)", "{1,2}", "#1", "!1", "%d"),
    *("\u0661", "\u00e9", "1\u2028", "{{ window }}", "1e3", "1.5", "18446744073709551616"),
]
ADDRESSES = ["--", "10.0.0", "10.0.0.1.2", "10.0.0.", ".10.0.0", "10..0.1", "1000.1000.1000.1", "::1", "a.example"]
OUT_OF_RANGE = {"window": ["10000", "08", "00", "99999", "-"], "active": ADDRESSES, "passive": ADDRESSES}
IN_RANGE = {"window": ["0"], "active": ["-", "10.0.0.1", "255.255.255.255"], "passive": ["-", "10.0.0.1"]}
# A ping that is answered at once, and no connection that comes about.
ANSWERED = {"ping": "exit 0"}


def run(shell: str, folder: Path, text: str, path: str | None = None) -> Outcome:
    """Run the script in an empty folder to its end."""
    script = folder.parent / "_script.sh"
    script.write_text(text, encoding="utf-8")
    argv = [shutil.which(SHELLS[shell][0]) or shell, *SHELLS[shell][1:]]
    return Run([*argv, str(script)], folder, path).end()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "empty"
    made.mkdir()
    return made


@pytest.fixture
def answered(tmp_path: Path) -> str:
    """Give a PATH on which every ping is answered."""
    return stubs(tmp_path / "stubs", ANSWERED)


def script(**values: str) -> str:
    merged = {**GOOD, **values}
    return probe_script(merged["window"], merged["active"], merged["passive"])


@in_every_shell
@pytest.mark.parametrize("name", GOOD)
def test_a_bad_parameter_is_named_and_does_nothing(name: str, shell: str, folder: Path, answered: str) -> None:
    outcomes = {value: run(shell, folder, script(**{name: value}), answered) for value in [*BAD, *OUT_OF_RANGE[name]]}
    assert {value: outcome.stdout for value, outcome in outcomes.items() if outcome.exit_code != 2} == {}
    for outcome in outcomes.values():
        assert outcome.fields.keys() == {"probe", "state", "why"}
        assert outcome.fields["state"] == "cannot-probe"
        assert outcome.fields["why"].startswith((name, "it takes three parameters", "window"))
    assert list(folder.iterdir()) == []


@in_every_shell
@pytest.mark.parametrize("name", GOOD)
def test_a_good_one_is_taken(name: str, shell: str, folder: Path, answered: str) -> None:
    outcomes = {value: run(shell, folder, script(**{name: value}), answered) for value in IN_RANGE[name]}
    assert {value: outcome.fields["state"] for value, outcome in outcomes.items()} == dict.fromkeys(
        IN_RANGE[name], "online"
    )


# A host on which it cannot work


@in_every_shell
@pytest.mark.parametrize("tool", ["ping", "bash", "timeout"])
def test_without_a_tool_it_cannot_probe(shell: str, tool: str, folder: Path, tmp_path: Path) -> None:
    outcome = run(shell, folder, script(), path_without(tmp_path / "bin", tool))
    assert (outcome.exit_code, outcome.fields) == (
        2,
        {"probe": 2, "state": "cannot-probe", "why": f"{tool} is not installed"},
    )


@in_every_shell
@pytest.mark.parametrize(
    ("programs", "why"),
    [
        ({**ANSWERED, "sleep": "case $1 in *.*) exit 1 ;; esac"}, "sleep takes whole seconds only"),
        ({**ANSWERED, "timeout": "case $1 in *.*) exit 125 ;; esac"}, "timeout takes whole seconds only"),
        ({**ANSWERED, "bash": "echo no /dev/tcp >&2; exit 1"}, "bash makes no connections"),
    ],
)
def test_where_a_tool_cannot_do_its_part_it_cannot_probe(
    programs: dict[str, str], why: str, shell: str, folder: Path, tmp_path: Path
) -> None:
    outcome = run(shell, folder, script(), stubs(tmp_path / "stubs", programs))
    assert (outcome.exit_code, outcome.fields["state"], outcome.fields["why"]) == (2, "cannot-probe", why)


@in_every_shell
def test_the_timeout_of_busybox_does_as_well(shell: str, folder: Path, tmp_path: Path) -> None:
    path = stubs(tmp_path / "stubs", {**ANSWERED, "timeout": 'exec busybox timeout "$@"'})
    assert run(shell, folder, script(), path).fields["state"] == "online"


# The script as a whole


@in_every_shell
def test_as_the_step_of_a_document_it_does_the_same(shell: str, folder: Path, answered: str) -> None:
    values = ProbeValues("main", ("192.0.2.1", "a.example"))
    (step,) = cast("list[dict[str, Any]]", content(document.script(values))["mainSteps"])
    text = "\n".join(step["inputs"]["runCommand"])
    for name, value in GOOD.items():
        text = text.replace(f"{{{{ {name} }}}}", value)
    # Whether the agent ends the last line is its own affair.
    for ending in ("", "\n"):
        outcome = run(shell, folder, f"{text}{ending}", answered)
        assert (outcome.exit_code, outcome.fields["state"]) == (0, "online")


@pytest.mark.parametrize("dialect", ["sh", "dash", "bash", "busybox"])
def test_it_is_clean_to_shellcheck(dialect: str) -> None:
    shellcheck = shutil.which("shellcheck")
    if shellcheck is None:
        pytest.skip("shellcheck is not installed")
    argv = [shellcheck, f"--shell={dialect}", "--enable=check-unassigned-uppercase", "-"]
    text = "".join(part.read_text("utf-8") for part in PARTS)
    checked = subprocess.run(argv, input=text, capture_output=True, text=True, check=False)
    if "Unknown shell" in checked.stderr:
        pytest.skip(f"this shellcheck does not know {dialect}")
    assert checked.returncode == 0, checked.stdout
