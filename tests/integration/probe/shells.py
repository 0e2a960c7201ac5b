"""The probe in the shells that it has to work in, and how a run of it ends."""

from __future__ import annotations

import json
import os
import re
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pytest

from infra.probe.document import ProbeValues, script
from tests.gate.run_command.agent.output import shown

# How to call each shell; macOS and Amazon Linux have bash for sh, Debian and Ubuntu dash, small images busybox.
SHELLS = {"dash": ("dash",), "bash": ("bash",), "busybox": ("busybox", "sh")}
# What a shell has only just started in the background may have the output for so many seconds, until it is let go.
A_MOMENT = 0.5
# Longer than any run here takes, however busy the machine.
LONGEST = 60.0


def installed(shell: str) -> bool:
    """Tell whether there is such a shell."""
    return shutil.which(SHELLS[shell][0]) is not None


in_every_shell = pytest.mark.parametrize(
    "shell",
    [
        pytest.param(shell, marks=pytest.mark.skipif(not installed(shell), reason=f"{shell} is not installed"))
        for shell in SHELLS
    ],
)


def probe_script(
    window: int | str,
    active: str,
    passive: str,
    *,
    longest: int | None = None,
    constants: Mapping[str, object] | None = None,
    **values: Any,
) -> str:
    """Return the script with its values: the default settings but for those given, and what travels with a command.

    Args:
        window: seconds.
        active: address of the active NAT, or "-".
        passive: address of the passive NAT, or "-".
        longest: hundredths of a second after which it ends whatever there is; None for its own six hours.
        constants: of the script's own, that are to be others.
        values: of ``ProbeValues``, where they are to be others.
    """
    text = script(ProbeValues(**{"pair": "main", "targets": ("192.0.2.101",), **values}))
    # What goes on for others' sake is soon over.
    text = text.replace("\nLINGER_FOR=2000 ", "\nLINGER_FOR=200 ")
    if longest is not None:
        text = text.replace("\nLONGEST=2160000 ", f"\nLONGEST={longest} ")
    for name, value in (constants or {}).items():
        text, places = re.subn(rf"^{name}=\S+", f"{name}={value}", text, flags=re.MULTILINE)
        assert places == 1
    return f"{text}exit\n{window} {active} {passive}\n"


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes:
        took: seconds from its start to its end.
        held: whether something still held its output when it had ended.
    """

    exit_code: int
    stdout: str
    stderr: str
    took: float
    held: bool

    @property
    def fields(self) -> dict[str, Any]:
        """Fields of its line of JSON, which the agent has to leave whole; nothing else may be printed."""
        assert self.stderr == "", self.stderr
        assert shown(self.stdout, self.exit_code).startswith(self.stdout)
        assert self.stdout.endswith("\n")
        assert self.stdout.count("\n") == 1
        fields: dict[str, Any] = json.loads(self.stdout)
        return fields

    @property
    def ways(self) -> tuple[str, ...]:
        """Its state, and whether it came through by the route, by the active NAT and by the passive one."""
        fields = self.fields
        return fields["state"], fields["route"], fields["active"], fields["passive"]

    @property
    def signals(self) -> dict[str, tuple[str, float, bool]]:
        """Signals that a NAT received, by address: online (n) or offline (f), how long ago, whether through it."""
        entries = [entry.split(",") for entry in self.fields["heard"].split()]
        return {address: (what, float(age), through == "1") for address, what, age, through in entries}


class Run:
    """A script that runs, in a session and so a process group of its own unless told another."""

    def __init__(
        self,
        argv: Sequence[str],
        cwd: Path | None = None,
        path: str | None = None,
        group: int | None = None,
        **env: str,
    ) -> None:
        self._begun = time.monotonic()
        # A test run in the background ignores some signals, and what it starts could not catch them.
        restored = (shutil.which("env") or "env", "--default-signal=INT,HUP,TERM,USR1,PIPE")
        self.process = subprocess.Popen(
            [*restored, *argv],
            cwd=cwd,
            env={**os.environ, **env} if path is None else {**os.environ, **env, "PATH": path},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=group is None,
            process_group=group,
        )

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to it and to all that it started, as Systems Manager does."""
        os.killpg(self.process.pid, number)

    def end(self) -> Outcome:
        """Wait for its end and read its output, without waiting for those that hold its output."""
        try:
            exit_code = self.process.wait(LONGEST)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        took = time.monotonic() - self._begun
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        with self.process.stdout as out, self.process.stderr as err:
            (stdout, out_held), (stderr, err_held) = _drain(out), _drain(err)
        return Outcome(exit_code, stdout, stderr, took, out_held or err_held)


def _drain(pipe: IO[bytes]) -> tuple[str, bool]:
    text = b""
    while select.select([pipe], [], [], A_MOMENT)[0]:
        more = os.read(pipe.fileno(), 65536)
        if not more:
            return text.decode(), False
        text += more
    return text.decode(), True


def stubs(folder: Path, programs: Mapping[str, str]) -> str:
    """Write programs of the test's own; gives a PATH that has them first."""
    folder.mkdir()
    for name, text in programs.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        (folder / name).chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


def path_without(folder: Path, *programs: str, **others: str) -> str:
    """Return a PATH of one folder that has every program but these; others by name, as what they are."""
    folder.mkdir()
    for place in os.environ["PATH"].split(":"):
        for file in Path(place).iterdir() if Path(place).is_dir() else ():
            link = folder / file.name
            if file.name not in programs and file.name not in others and not link.is_symlink():
                link.symlink_to(file)
    for name, program in others.items():
        (folder / name).symlink_to(shutil.which(program) or program)
    return str(folder)
