"""A script that runs on a host of the network of real packets."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

from tests.lab.network.network import ProbeOutcome
from tests.lab.network.real.netns import Namespace
from tests.lab.world.real import give_way

# How soon a task that waits for a script notices that it was cancelled.
GIVE_WAY_EVERY = 0.2
CONNTRACK_MAX = Path("/proc/sys/net/netfilter/nf_conntrack_max")
# A host without connection tracking has no such file.
TRACKED = 'mount --bind "$0/tracked" /proc/sys/net/netfilter/nf_conntrack_count 2>/dev/null'


def tracked_of(run: Path) -> Path:
    """Return the file in which scripts read how many connections a host tracks: to fill its table takes minutes."""
    return run / "tracked"


class RealProbe:
    """A script that runs in a host's namespace, seeing the uptime that the host is meant to have."""

    def __init__(self, namespace: Namespace, script: Path, uptime: float, run: Path) -> None:
        # The kernel lets no clock begin before zero, which an uptime of zero seconds just does not.
        offset = int(uptime - time.clock_gettime(time.CLOCK_BOOTTIME))
        if not (tracked := tracked_of(run)).exists():
            tracked.write_text("0\n", encoding="ascii")
        self._process = namespace.popen(
            [
                *("unshare", "--mount", "--time", "--boottime", str(offset), "--fork", "--kill-child", "--"),
                *("sh", "-c", f'{TRACKED}; mount --bind "$0" /run && exec sh "$1"', str(run), str(script)),
            ]
        )

    def wait(self) -> ProbeOutcome:
        """Wait until it has ended and nothing of it holds its output, as SSM's agent does."""
        while True:
            try:
                stdout, _ = self._process.communicate(timeout=GIVE_WAY_EVERY)
            except subprocess.TimeoutExpired:
                give_way()
            else:
                return ProbeOutcome(self._process.returncode, stdout)

    def kill(self) -> None:
        """End it and all that it started; what goes on once it has ended ends with its host."""
        if not self.done():
            os.killpg(self._process.pid, signal.SIGKILL)

    def done(self) -> bool:
        """Tell whether it has ended."""
        return self._process.poll() is not None

    def end(self) -> None:
        """End it and see it gone."""
        self.kill()
        self._process.wait()
