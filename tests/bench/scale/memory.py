"""The most memory that a process has held."""

from __future__ import annotations

from pathlib import Path


def peak_mb() -> float:
    """Give the most that this program has had in memory, in megabytes.

    Not getrusage's ``ru_maxrss``: a program that is started inherits that of the process which has started it.
    ``VmHWM`` begins anew with the program: https://man7.org/linux/man-pages/man5/proc_pid_status.5.html
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024
