"""Linux network namespaces: make one, run things in it, leave nothing behind."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from pyroute2 import netns

from tests.lab.closing import closed_after

PREFIX = "nf"
# What the names of a lab's folders begin with, before the process id.
FILES = "nat-failover-lab-"


def eventually(so: Callable[[], bool], within: float) -> bool:
    """Return whether something becomes so in time, in seconds."""
    deadline = time.monotonic() + within
    while not so():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


class NamespacesUnavailableError(Exception):
    """This machine cannot have network namespaces; the message says why."""


class Namespace:
    """One network namespace, named after this process, removed with everything that runs in it.

    Args:
        host: short name, e.g. ``backend1``; where this process has one of that name open, the new one gets a number.
    """

    def __init__(self, host: str) -> None:
        self.host = host
        names = {other.name for other in _open}
        first = f"{PREFIX}{os.getpid()}-{host}"
        numbered = (first, *(f"{first}-{number}" for number in range(2, len(names) + 2)))
        self.name: str = next(name for name in numbered if name not in names)
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

    def await_signal(self, interface: str, within: float = 5.0) -> None:
        """Wait until the kernel has seen that a cable has a signal, which it looks for once a second at most.

        Until then it sends nothing, whatever ``ip link set ... up`` at the other end has said.

        Raises:
            RuntimeError: there was none in time (seconds).
        """

        def is_up() -> bool:
            found = json.loads(self.run("ip", "-json", "link", "show", interface).stdout)
            return bool(found[0]["operstate"] == "UP")

        if not eventually(is_up, within):
            raise RuntimeError(f"{interface} in {self.name} has had no signal for {within:g} s")

    def nft(self, rules: str) -> None:
        """Put nftables rules in force inside, all in one transaction.

        Raises:
            RuntimeError: they were refused; the message has nft's own words.
        """
        done = self.run("nft", "-f", "-", stdin=rules, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"nft in {self.name}: {done.stderr.strip()} in:\n{rules}")

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

    def sysctl(self, settings: Mapping[str, str], missing_ok: bool = False) -> None:
        """Set kernel parameters of this namespace (``net.…`` only: no others belong to one)."""
        with self.inside():
            for name, value in settings.items():
                # An interface's name may have dots, but ours have none.
                path = Path("/proc/sys", *name.split("."))
                if missing_ok and not path.exists():
                    continue
                path.write_text(value, encoding="ascii")

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Put the calling thread inside, to open sockets there; sockets stay inside after it."""
        with inside(self.name):
            yield

    def pids(self) -> list[int]:
        """List the processes that run inside."""
        return _pids(self.name)

    def end_all(self) -> None:
        """End, by force, what runs inside."""
        _end_all(self.name)

    def close(self) -> None:
        """End what still runs inside and remove the namespace; closing twice is harmless."""
        if self not in _open:
            return
        _open.remove(self)
        with closed_after(lambda: netns.remove(self.name)):
            self.end_all()


@contextmanager
def inside(name: str) -> Iterator[None]:
    """Put the calling thread inside a namespace that this process or another has made; its sockets stay there."""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        netns.setns(name)
        try:
            yield
        finally:
            netns.setns(home)
    finally:
        os.close(home)


def _pids(name: str) -> list[int]:
    found = subprocess.run(["ip", "netns", "pids", name], capture_output=True, text=True, check=True)
    return [int(pid) for pid in found.stdout.split()]


def _end_all(name: str) -> None:
    # One that is born while the others are listed is not among them.
    while pids := _pids(name):
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


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
    """Remove the namespaces and folders that processes now dead have left; gives their names."""
    left = []
    for name in netns.listnetns():
        owner = name.removeprefix(PREFIX).partition("-")[0]
        if name.startswith(PREFIX) and owner.isdigit() and not Path(f"/proc/{owner}").exists():
            _end_all(name)
            netns.remove(name)
            left.append(name)
    for folder in Path(tempfile.gettempdir()).glob(f"{FILES}*"):
        owner = folder.name.removeprefix(FILES).partition("-")[0]
        if owner.isdigit() and not Path(f"/proc/{owner}").exists():
            shutil.rmtree(folder, ignore_errors=True)
            left.append(str(folder))
    return left


_open: list[Namespace] = []


@atexit.register
def _close_all() -> None:
    for namespace in tuple(_open):
        namespace.close()
