"""The probe's parameters: what it refuses, without doing anything else."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.integration.probing import SCRIPT, SHELLS, missing

GOOD = ("192.0.2.101 192.0.2.102", "0.5", "3", "10", "300")
NAMES = ("target", "interval", "failures", "window", "warm-up")
EVIL = (
    *("$(touch pwned)", "`touch pwned`", "; touch pwned", "| touch pwned", "& touch pwned", "> pwned"),
    *("-f", "--help", "*", "?", "[a-z]", "~", "'", '"', "\\", "$HOME", "${x}", "é"),
    *("../../etc/passwd", "/dev/null", "x;y", "x\n$(touch pwned)"),
)
BAD: dict[str, tuple[str, ...]] = {
    "target": ("", "   ", "-c 5", ".a", "a_b", "::1", "1 2 3 4 5 6"),
    "interval": (
        "",
        "0",
        "0.1",
        "0.19",
        "60.01",
        "61",
        "0.555",
        ".5",
        "5.",
        "1.2.3",
        "-1",
        "0x1",
        "1e1",
        "half",
        "000001",
    ),
    "failures": ("", "0", "100", "1.5", "-3", "three", "0x3"),
    "window": ("", "3001", "-1", "1.5", "99999999999999999999", "ten"),
    "warm-up": ("", "86401", "-1", "0.5", "soon", "999999"),
}


def run(shell: str, cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    if (why := missing(shell)) is not None:
        pytest.skip(why)
    return subprocess.run(
        [*SHELLS[shell], str(SCRIPT), *arguments], capture_output=True, text=True, check=False, cwd=cwd, timeout=20
    )


def refused(done: subprocess.CompletedProcess[str], name: str, cwd: Path) -> None:
    """Check that it has said which parameter it does not take, in one line, and done nothing."""
    assert done.returncode == 2, done
    (line,) = done.stdout.splitlines()
    said = json.loads(line)
    assert (said["probe"], said["state"]) == (1, "cannot-probe")
    assert name in said["why"]
    assert done.stderr == ""
    assert list(cwd.iterdir()) == []


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("name", NAMES)
def test_a_value_that_is_not_allowed_is_refused_by_name(shell: str, name: str, tmp_path: Path) -> None:
    position = NAMES.index(name)
    for value in BAD[name]:
        arguments = [value if n == position else good for n, good in enumerate(GOOD)]
        refused(run(shell, tmp_path, *arguments), name, tmp_path)


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("name", NAMES)
def test_nothing_that_a_shell_knows_is_run_or_expanded(shell: str, name: str, tmp_path: Path) -> None:
    position = NAMES.index(name)
    for value in EVIL:
        arguments = [value if n == position else good for n, good in enumerate(GOOD)]
        refused(run(shell, tmp_path, *arguments), name, tmp_path)


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("count", [0, 1, 4, 6])
def test_five_parameters_are_wanted_and_no_others(shell: str, count: int, tmp_path: Path) -> None:
    refused(run(shell, tmp_path, *[*GOOD, "more"][:count]), "five parameters", tmp_path)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_number_with_leading_zeros_is_decimal(shell: str, tmp_path: Path) -> None:
    # Were it octal, 010 pings would be eight, and 08 no number at all; 0099 is the most that is allowed.
    for failures in ("08", "010", "0099"):
        done = run(shell, tmp_path, "x", "0.5", failures, "3001", "0")
        refused(done, "window", tmp_path)
    refused(run(shell, tmp_path, "x", "0.5", "0100", "0", "0"), "failures", tmp_path)
