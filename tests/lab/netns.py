"""Linux network namespaces: make one, run things in it, leave nothing behind."""

from __future__ import annotations

import atexit
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from shutil import which

from pyroute2 import netns

PREFIX = "nf"


class NamespacesUnavailableError(Exception):
    """This machine cannot have network namespaces; the message says why."""


@cache
def why_unavailable() -> str | None:
    """Say why network namespaces can't be used here, or None where they can."""
    if sys.platform != "linux":
        return f"network namespaces need Linux, this is {sys.platform}"
    if os.geteuid() != 0:
        return "network namespaces need root, this is user id " + str(os.geteuid())
    missing = [tool for tool in ("ip", "nft", "iptables", "ping", "unshare", "nsenter") if which(tool) is None]
    if missing:
        return f"not installed: {', '.join(missing)} (Debian: apt install iproute2 nftables iptables iputils-ping util-linux)"
    probe = f"{PREFIX}{os.getpid()}-try"
    made = subprocess.run(["ip", "netns", "add", probe], capture_output=True, text=True, check=False)
    if made.returncode != 0:
        return f"the kernel refuses network namespaces: {made.stderr.strip()}"
    netns.remove(probe)
    return None


class Namespace:
    """One network namespace, named after this process, removed with everything that runs in it.

    Args:
        host: short name, unique within the process, e.g. ``backend1``.
    """

    def __init__(self, host: str) -> None:
        self.host = host
        self.name = f"{PREFIX}{os.getpid()}-{host}"
        netns.create(self.name)
        _open.append(self)

    def command(self, *argv: str) -> list[str]:
        """Give the command line that runs ``argv`` inside (it execs: the process id is that of ``argv``)."""
        return ["nsenter", f"--net={netns.NETNS_RUN_DIR}/{self.name}", "--", *argv]

    def run(
        self, *argv: str, stdin: str | None = None, check: bool = True, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command inside to its end.

        Raises:
            subprocess.CalledProcessError: it failed and ``check`` is set.
        """
        return subprocess.run(
            self.command(*argv), input=stdin, capture_output=True, text=True, check=check, env=env and dict(env)
        )

    def ip(self, *lines: str) -> None:
        """Run ``ip`` subcommands inside, in one batch (``link set lo up``, ...)."""
        batch(lines, self.name)

    def popen(self, argv: Sequence[str], env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """Start a command inside, in a process group of its own, its output piped."""
        return subprocess.Popen(
            self.command(*argv),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=env and dict(env),
            start_new_session=True,
        )

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Put the calling thread inside, to open sockets there; sockets stay inside after it."""
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        try:
            netns.setns(self.name)
            try:
                yield
            finally:
                netns.setns(home)
        finally:
            os.close(home)

    def pids(self) -> list[int]:
        """List the processes that run inside."""
        found = subprocess.run(["ip", "netns", "pids", self.name], capture_output=True, text=True, check=True)
        return [int(pid) for pid in found.stdout.split()]

    def close(self) -> None:
        """End what still runs inside and remove the namespace; closing twice is harmless."""
        if self not in _open:
            return
        _open.remove(self)
        for pid in self.pids():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        netns.remove(self.name)


def batch(lines: Sequence[str], namespace: str | None = None) -> None:
    """Run ``ip`` subcommands, all in one process, in a namespace or in the one of this process.

    Raises:
        RuntimeError: one of them failed; the message has ip's own words.
    """
    argv = ["ip", *(["-n", namespace] if namespace else []), "-batch", "-"]
    done = subprocess.run(argv, input="\n".join(lines) + "\n", capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(argv)}: {done.stderr.strip()} in:\n" + "\n".join(lines))


def sweep() -> list[str]:
    """Remove the namespaces that processes now dead have left; gives their names."""
    left = []
    for name in netns.listnetns():
        owner = name.removeprefix(PREFIX).partition("-")[0]
        if name.startswith(PREFIX) and owner.isdigit() and not Path(f"/proc/{owner}").exists():
            netns.remove(name)
            left.append(name)
    return left


_open: list[Namespace] = []


@atexit.register
def _close_all() -> None:
    for namespace in list(_open):
        namespace.close()
