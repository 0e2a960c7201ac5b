"""Whether this machine can have the network of real packets: everything that it is made of, tried once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

from pyroute2 import netns

from tests.lab.network.real.netns import PREFIX

TOOLS = ("ip", "nft", "iptables", "ping", "unshare", "nsenter", "mount")
PACKAGES = "iproute2 nftables iptables iputils-ping util-linux mount"
# A bridge with a cable into another namespace, as each subnet of the lab is.
CABLES = """link add subnet type bridge
link add cable type veth peer name eth0 netns {other}
link set cable master subnet up
link set subnet up
link set lo up
"""
# What a group tracks, and what a NAT translates.
RULES = """table bridge guards {
    set flows {
        typeof iifname . ip saddr . ip daddr . ip protocol . th sport . th dport
        flags dynamic,timeout
        timeout 350s
    }
    chain to {
        type filter hook postrouting priority 0;
        ip protocol tcp update @flows { oifname . ip saddr . ip daddr . ip protocol . th sport . th dport } accept
    }
}
table ip nat {
    chain out {
        type nat hook postrouting priority 100;
        oifname "eth0" masquerade
    }
}
"""
# A NAT's disk in place of the machine's own; see tests/lab/network/real/user_data.py.
DISK = 'set -e; mount --bind "$1" "$1"; mount --bind "$1" /etc; mount -o remount,bind,ro /'


@cache
def why_unavailable() -> str | None:
    """Say why network namespaces can't be used here, or None where they can."""
    if sys.platform != "linux":
        return f"network namespaces need Linux, this is {sys.platform}"
    if os.geteuid() != 0:
        return "network namespaces need root, this is user id " + str(os.geteuid())
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        return f"not installed: {', '.join(missing)} (Debian: apt install {PACKAGES})"
    names = [f"{PREFIX}{os.getpid()}-try{number}" for number in (1, 2)]
    made: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        try:
            for name in names:
                netns.create(name)
                made.append(name)
            tries = _tries(names[0], names[1], Path(folder))
            return next((why for what, attempt in tries if (why := _why(what, attempt)) is not None), None)
        except OSError as error:
            return f"the kernel refuses network namespaces: {error}"
        finally:
            for name in made:
                netns.remove(name)


def _tries(name: str, other: str, folder: Path) -> list[tuple[str, Callable[[], subprocess.CompletedProcess[str]]]]:
    """Give what the lab does, and what it is called."""
    inside = ("nsenter", f"--net={netns.NETNS_RUN_DIR}/{name}", "--")
    # A host's uptime is not that of this machine.
    clock = ("unshare", "--time", "--boottime", "1", "--fork", "--kill-child", "--", "true")
    disk = ("unshare", "--mount", "--propagation", "private", "--", "sh", "-c", DISK, "sh", str(folder))
    return [
        (
            "to work in a network namespace",
            lambda: _run("ip", "-n", name, "-batch", "-", stdin=CABLES.format(other=other)),
        ),
        ("to run a command in one", lambda: _run("ip", "netns", "exec", name, "true")),
        ("to list what runs in one", lambda: _run("ip", "netns", "pids", name)),
        ("nftables' rules", lambda: _run(*inside, "nft", "-f", "-", stdin=RULES)),
        ("iptables' rules", lambda: _run(*inside, "iptables", "-t", "nat", "-A", "POSTROUTING", "-j", "MASQUERADE")),
        ("time namespaces", lambda: _run(*inside, *clock)),
        ("mount namespaces", lambda: _run(*inside, *disk)),
    ]


def _run(*argv: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(argv, input=stdin, capture_output=True, text=True, check=False)


def _why(what: str, attempt: Callable[[], subprocess.CompletedProcess[str]]) -> str | None:
    done = attempt()
    if done.returncode == 0:
        return None
    error = " ".join((done.stderr or done.stdout).split())
    return f"this machine refuses {what}: {error or f'status {done.returncode}'}"
