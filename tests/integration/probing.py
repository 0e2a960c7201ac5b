"""A host that runs the probe, in a namespace, and the targets that it pings, in another."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lab.netns import Namespace

SCRIPT = Path(__file__).parents[2] / "infra" / "probe.sh"
TARGETS = ("192.0.2.101", "198.51.100.101", "203.0.113.101")
SHELLS = {"dash": ["dash"], "bash": ["bash"], "busybox": ["busybox", "sh"]}


def missing(shell: str) -> str | None:
    """Say that a shell is not installed; None where it is."""
    program = SHELLS[shell][0]
    return None if shutil.which(program) else f"not installed: {program}"


@dataclass(frozen=True)
class Outcome:
    """How a probe has ended: status, what it said, when the line came, when nobody held its output any more."""

    status: int
    stdout: str
    stderr: str
    line_at: float
    end_at: float

    @property
    def said(self) -> dict[str, Any]:
        """Its one line of JSON."""
        (line,) = self.stdout.splitlines()
        said: dict[str, Any] = json.loads(line)
        return said


class Running:
    """A probe under way."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def outcome(self) -> Outcome:
        """Wait for its end."""
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        line = self.process.stdout.readline()
        line_at = time.monotonic()
        rest = self.process.stdout.read()
        end_at = time.monotonic()
        return Outcome(self.process.wait(), line + rest, self.process.stderr.read(), line_at, end_at)

    def signal(self, number: int) -> None:
        """Send a signal to the script alone, not to what it has started."""
        os.kill(self.process.pid, number)


class Wire:
    """A host and, at the other end of a wire, every target."""

    def __init__(self) -> None:
        self.host, self.internet = Namespace("pr-host"), Namespace("pr-net")
        self.host.ip("link set lo up", f"link add eth0 type veth peer name wire netns {self.internet.name}")
        self.host.ip("addr add 10.9.1.10/24 dev eth0", "link set eth0 up", "route add default via 10.9.1.1")
        self.internet.ip(
            *("link set lo up", "addr add 10.9.1.1/24 dev wire", "link set wire up"),
            *(f"addr add {target}/32 dev lo" for target in TARGETS),
        )
        self.lose()

    def close(self) -> None:
        """Remove both."""
        self.host.close()
        self.internet.close()

    def lose(self, *targets: str) -> None:
        """Let these targets answer no more; counts begin anew."""
        drop = "\n".join(f"ip daddr {target} drop" for target in targets)
        counts = "\n".join(f"counter to_{n} {{ }}" for n in range(len(TARGETS)))
        count = "\n".join(f"ip daddr {target} counter name to_{n}" for n, target in enumerate(TARGETS))
        self.internet.nft(
            f"""
            table ip probe
            delete table ip probe
            table ip probe {{
                {counts}
                counter flows {{ }}
                chain input {{
                    type filter hook input priority 0
                    icmp type != echo-request accept
                    ct state new counter name flows
                    {count}
                    {drop}
                }}
            }}
            """
        )

    def counts(self) -> dict[str, int]:
        """Tell how many pings came in for each target, and how many of them began a flow."""
        told = self.internet.run("nft", "list", "counters", "table", "ip", "probe").stdout
        found = dict(re.findall(r"counter (\w+) \{\s+packets (\d+)", told))
        named = {target: int(found[f"to_{n}"]) for n, target in enumerate(TARGETS)}
        return named | {"flows": int(found["flows"])}

    def probe(self, shell: Sequence[str], *arguments: object, booted: int | None = None) -> Running:
        """Start the script on the host.

        Args:
            shell: its command line.
            arguments: of the script; those of a watch of ten seconds at the default settings come for those left out.
            booted: how many seconds ago the host has booted.
        """
        defaults = (" ".join(TARGETS), "0.5", "3", "10", "300")
        told = [str(a) for a in (*arguments, *defaults[len(arguments) :])]
        clock: list[str] = []
        if booted is not None:
            offset = int(booted - time.clock_gettime(time.CLOCK_BOOTTIME))
            clock = ["unshare", "--time", "--boottime", str(offset), "--fork", "--kill-child", "--"]
        return Running(self.host.popen([*clock, *shell, str(SCRIPT), *told]))

    def pids(self) -> list[int]:
        """List the processes on the host."""
        return self.host.pids()


def all_gone(wire: Wire, within: float) -> bool:
    """Tell whether nothing runs on the host any more, at the latest after so many seconds."""
    deadline = time.monotonic() + within
    while wire.pids():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


SIGNALS = {number.name: number for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL)}
