"""The probe script in the shells it has to work in, and a host whose answers get lost as a test wants."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple

import pytest

from infra.probe.document import SCRIPT
from tests.lab.network.real.netns import Namespace

# How to call each shell; macOS and Amazon Linux have bash for sh, Debian and Ubuntu dash, small images busybox.
SHELLS = {"dash": ("dash",), "bash": ("bash",), "busybox": ("busybox", "sh")}
TARGETS = tuple(f"198.51.100.{number}" for number in range(1, 7))
HOST, NAT_INSIDE, NAT_OUTSIDE, INTERNET = "10.8.0.2", "10.8.0.1", "203.0.113.2", "203.0.113.1"
# Longer than any run here takes, however busy the machine.
LONGEST = 30.0
MASQUERADE = """
table ip nat {
    chain out { type nat hook postrouting priority srcnat; oifname "outside" masquerade; }
}
"""
# As in a firewall of the NAT's own: connections are tracked on when the rules of the NAT are gone.
FIREWALL = """
table ip firewall {
    chain forward { type filter hook forward priority 0; ct state established,related accept; }
}
"""
# It is the answers that get lost, for good and by their source.
LOSS = """
table ip loss {
    set dead { type ipv4_addr; }
    chain out { type filter hook output priority 0; ip saddr @dead drop; }
}
"""


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
    def said(self) -> dict[str, Any]:
        """Its line of JSON: SSM keeps 2,500 characters, and nothing else may be said."""
        assert self.stderr == ""
        assert len(self.stdout) <= 2500
        assert self.stdout.endswith("\n")
        assert self.stdout.count("\n") == 1
        said: dict[str, Any] = json.loads(self.stdout)
        assert said["probe"] == 1
        return said


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
        restored = (shutil.which("env") or "env", "--default-signal=INT,HUP,TERM,USR1")
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

    def end(self) -> Outcome:
        """Wait for its end and read what it said, without waiting for those that hold its output."""
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
    os.set_blocking(pipe.fileno(), False)
    text = b""
    while True:
        try:
            more = os.read(pipe.fileno(), 65536)
        except BlockingIOError:
            return text.decode(), True
        if not more:
            return text.decode(), False
        text += more


def arguments(
    targets: Sequence[str],
    window: int = 0,
    *,
    interval: str = "0.5",
    failures: int = 3,
    warm_up: int = 0,
    control: str = "-",
) -> list[str]:
    """Give the arguments of the script, the default settings unless told otherwise."""
    return [" ".join(targets), interval, str(failures), str(window), str(warm_up), control]


class Ping(NamedTuple):
    """An echo request; to a NAT those of one target and identifier are one flow."""

    target: str
    identifier: int


class Capture:
    """What a host sends from now on: every echo request, answered or not."""

    def __init__(self, namespace: Namespace) -> None:
        with namespace.inside():
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM)
            self._socket.bind(("eth0", 3))  # ETH_P_ALL: what comes in only would not be enough
        self._socket.setblocking(False)

    def close(self) -> None:
        """End it."""
        self._socket.close()

    def pings(self) -> list[Ping]:
        """List the pings sent since the last call, in their order."""
        return list(self._read())

    def _read(self) -> Iterator[Ping]:
        while True:
            try:
                packet, (_, protocol, kind, *_) = self._socket.recvfrom(2048)
            except BlockingIOError:
                return
            icmp = packet[(packet[0] & 0x0F) * 4 :] if protocol == 0x0800 and packet[9] == socket.IPPROTO_ICMP else b""
            if kind == socket.PACKET_OUTGOING and icmp[:1] == b"\x08":
                yield Ping(socket.inet_ntoa(packet[16:20]), int.from_bytes(icmp[4:6]))


class Host:
    """A host behind a NAT, and an Internet that answers at the targets; one shell runs on it."""

    def __init__(self, stack: ExitStack, shell: str) -> None:
        self.shell = SHELLS[shell]
        self.host, self.nat, self.internet = (
            stack.enter_context(closing(Namespace(f"probe-{shell}-{name}"))) for name in ("host", "nat", "internet")
        )
        self.nat.sysctl({"net.ipv4.ip_forward": "1"})
        self.nat.ip(
            "link set lo up",
            f"link add inside type veth peer name eth0 netns {self.host.name}",
            f"link add outside type veth peer name eth0 netns {self.internet.name}",
            *(f"addr add {NAT_INSIDE}/24 dev inside", "link set inside up"),
            *(f"addr add {NAT_OUTSIDE}/24 dev outside", "link set outside up"),
        )
        self.internet.ip(
            *("link set lo up", f"addr add {INTERNET}/24 dev eth0", "link set eth0 up"),
            *(f"addr add {target}/32 dev lo" for target in TARGETS),
        )
        self.nat.ip(f"route add default via {INTERNET}")
        self.host.ip(*("link set lo up", f"addr add {HOST}/24 dev eth0", "link set eth0 up"))
        self.host.ip(f"route add default via {NAT_INSIDE}")
        self.nat.nft(MASQUERADE + FIREWALL)
        self.internet.nft(LOSS)
        self.capture = stack.enter_context(closing(Capture(self.host)))

    def probe(self, *arguments: str, uptime: int | None = None) -> Run:
        """Start the script, which sees the machine's uptime unless told another."""
        clock: tuple[str, ...] = ()
        if uptime is not None:
            offset = int(uptime - time.clock_gettime(time.CLOCK_BOOTTIME))
            clock = ("unshare", "--time", "--boottime", str(offset), "--fork", "--kill-child", "--")
        return self.run(*clock, *self.shell, str(SCRIPT), *arguments)

    def run(self, *argv: str) -> Run:
        """Start a program on the host."""
        return Run(self.host.command(*argv))

    def cut(self, *targets: str) -> None:
        """Let targets not answer any more."""
        self.internet.nft(f"add element ip loss dead {{ {', '.join(targets)} }}")

    def mend(self) -> None:
        """Have everything as it was at first, and nothing captured."""
        self.internet.nft(f"delete table ip loss\n{LOSS}")
        self.nat.nft(f"flush ruleset\n{MASQUERADE}{FIREWALL}")
        self.host.ip("link set lo up")
        self.host.end_all()
        self.capture.pings()

    def is_idle(self, within: float = 2.0) -> bool:
        """Tell whether all processes are gone from the host in time: a second, and some more on a busy machine."""
        return eventually(lambda: not self.host.pids(), within)


def eventually(so: Callable[[], bool], within: float) -> bool:
    """Tell whether something becomes so in time."""
    deadline = time.monotonic() + within
    while not so():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def stubs(folder: Path, programs: Mapping[str, str]) -> str:
    """Write programs of the test's own; gives a PATH that has them first."""
    folder.mkdir()
    for name, text in programs.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        (folder / name).chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"
