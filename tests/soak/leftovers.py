"""What a lab has left behind: namespaces, processes in them, files, mounts, links."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pyroute2 import netns

from tests.lab.network.real.netns import PREFIX


class Watch:
    """Knows what there was before, and what the lab has had while it ran.

    Args:
        folder: where all temporary files of this process go, see ``own_folder``.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._networks: set[int] = set()
        self._before = self._everything()

    def look(self) -> None:
        """Note the namespaces that the lab has now: a process can outlive a namespace's name."""
        for name in _namespaces():
            self._networks.add(Path(netns.NETNS_RUN_DIR, name).stat().st_ino)

    def left(self) -> list[str]:
        """Name what is there now and was not before."""
        return sorted(self._everything() - self._before)

    def _everything(self) -> set[str]:
        found = {f"namespace {name}" for name in _namespaces()}
        found |= {f"file {path.relative_to(self._folder)}" for path in self._folder.rglob("*")}
        found |= {f"mount {line.split()[4]}" for line in _lines("/proc/self/mountinfo") if str(self._folder) in line}
        found |= {f"link {link.name}" for link in Path("/sys/class/net").iterdir()}
        return found | set(self._processes())

    def _processes(self) -> Iterator[str]:
        """Name this process's descendants, and what runs in a namespace that it has had."""
        parents, networks, names = {}, {}, {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                names[int(entry.name)], _, rest = (entry / "stat").read_text(encoding="utf-8").rpartition(") ")
                parents[int(entry.name)] = int(rest.split()[1])
                networks[int(entry.name)] = (entry / "ns" / "net").stat().st_ino
            except (FileNotFoundError, ProcessLookupError):
                continue  # it has just ended
            except PermissionError:
                continue  # of somebody whom even root here may not look at, such as a container's first process
        for pid, name in names.items():
            if pid != os.getpid() and (_descends(pid, parents) or networks.get(pid) in self._networks):
                yield f"process {name})"


@contextmanager
def own_folder() -> Iterator[Path]:
    """Let every temporary file of this process, and of those that it starts, be made in a folder of its own."""
    before, variable = tempfile.tempdir, os.environ.get("TMPDIR")
    with tempfile.TemporaryDirectory(prefix="nat-failover-soak-") as folder:
        tempfile.tempdir = os.environ["TMPDIR"] = folder
        try:
            yield Path(folder)
        finally:
            tempfile.tempdir = before
            os.environ.pop("TMPDIR")
            if variable is not None:
                os.environ["TMPDIR"] = variable


def _namespaces() -> list[str]:
    listed = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout
    names = [line.split()[0] for line in listed.splitlines()]
    return [name for name in names if name.startswith(f"{PREFIX}{os.getpid()}-")]


def _descends(pid: int, parents: dict[int, int]) -> bool:
    while pid in parents:
        pid = parents[pid]
        if pid == os.getpid():
            return True
    return False


def _lines(path: str) -> list[str]:
    return Path(path).read_text(encoding="utf-8").splitlines()
