"""Runs a NAT's user data inside a namespace as if on a machine of its own, and boots that machine again."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from pyroute2.netlink.nfnetlink.nfctsocket import NFCTSocket

from tests.lab.network.real.netns import Namespace

SYSTEM_PATH = "/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
# What the tools need of the real /etc; some names lead to iptables only by way of /etc/alternatives.
NEEDED = ("ld.so.cache", "alternatives", "passwd", "group", "nsswitch.conf", "iproute2", "protocols", "services")

# What systemd does for the one kind of unit that the user data installs: a oneshot that remains active. What a unit
# says goes to the journal only, its environment is that of the boot (in place of systemd's DefaultEnvironment).
SYSTEMCTL = """#!/bin/sh
set -u
units=/etc/systemd/system
version=${LAB_SYSTEMD:-252}
wants() { echo "$units/$(sed -n 's/^WantedBy=//p' "$units/$1").wants"; }
start() {
    [ -e "$units/$1" ] || { echo "Unit $1 not found." >&2; return 5; }
    if [ "$version" -lt 244 ] && grep -q '^Restart=on-failure' "$units/$1"; then
        echo "$1: Restart= is not allowed for Type=oneshot. Refusing." >&2
        return 1
    fi
    [ ! -e "/run/active/$1" ] || return 0
    if sh -c "$(sed -n 's/^ExecStart=//p' "$units/$1")" >>"/run/journal/$1" 2>&1 </dev/null; then
        touch "/run/active/$1"
    else
        echo "Job for $1 failed." >&2
        return 1
    fi
}
mkdir -p /run/active /run/journal
verb=$1
shift
now=
[ "${1:-}" != --now ] || { now=yes; shift; }
case $verb in
    --version) echo "systemd $version ($version-lab)" ;;
    daemon-reload) ;;
    enable)
        [ -e "$units/$1" ] || { echo "Unit $1 does not exist." >&2; exit 1; }
        mkdir -p "$(wants "$1")" && ln -sf "$units/$1" "$(wants "$1")/$1" || exit 1
        [ -z "$now" ] || start "$1" ;;
    start) start "$1" ;;
    restart) rm -f "/run/active/$1"; start "$1" ;;
    is-active) if [ -e "/run/active/$1" ]; then echo active; else echo inactive; exit 3; fi ;;
    is-enabled) if [ -e "$(wants "$1")/$1" ]; then echo enabled; else echo disabled; exit 1; fi ;;
    boot)
        status=0
        for unit in "$units"/multi-user.target.wants/*; do
            [ ! -e "$unit" ] || start "${unit##*/}" || { status=1; cat "/run/journal/${unit##*/}"; }
        done
        exit "$status" ;;
    *) echo "the lab's systemctl knows no $verb" >&2; exit 1 ;;
esac
"""

JOURNALCTL = """#!/bin/sh
while [ $# -gt 0 ]; do
    [ "$1" != -u ] || cat "/run/journal/$2"
    shift
done
"""

# The machine's own /etc, /usr/local and so on; what is left of the real disk can't be written to.
MACHINE = """
set -e
state=$1
shift
mount --bind "$state" "$state"
for folder in etc run usr/local; do mount --bind "$state/$folder" "/$folder"; done
mount -o remount,bind,ro /
exec "$@"
"""

# What the kernel forgets. Legacy tables are asked for only where there are any: asking makes them.
FORGET = """
set -e
nft flush ruleset
for table in $(cat /proc/net/ip_tables_names 2>/dev/null); do
    iptables-legacy -w -t "$table" -F && iptables-legacy -w -t "$table" -X
done
echo 0 >/proc/sys/net/ipv4/ip_forward
for setting in /proc/sys/net/ipv4/conf/*/send_redirects; do echo 1 >"$setting"; done
"""

# As at boot: first the kernel's parameters (ours alone: others might not belong to the namespace), then the units.
BOOT = """
conf=/etc/sysctl.d/90-nat-failover.conf
if [ -e "$conf" ]; then
    sed -n 's/^\\(net[^ =]*\\) *= */\\1 /p' "$conf" | while read -r name value; do
        echo "$value" >"/proc/sys/$(echo "$name" | sed s,[.],/,g)" || exit 1
    done || exit 1
fi
exec systemctl boot
"""


def boot_first_time(
    namespace: Namespace, user_data: str, state: Path, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run user data as cloud-init does.

    Args:
        namespace: the machine's network.
        user_data: the script.
        state: what stands for the machine's disk; kept from boot to boot.
        env: of everything that runs on the machine; a ``PATH`` here stands for what is installed.

    Raises:
        RuntimeError: the user data has failed, with what it said.
    """
    _make_disk(state)
    script = state / "user-data"
    script.write_text(user_data, encoding="utf-8")
    script.chmod(0o755)
    done = run_on_machine(namespace, state, str(script.resolve()), env=env)
    if done.returncode != 0:
        raise RuntimeError(f"user data ended with status {done.returncode}: {done.stdout}{done.stderr}")
    return done


def reboot(namespace: Namespace, state: Path, env: Mapping[str, str] | None = None) -> None:
    """Forget what the kernel had, connections too, then run the units that are enabled.

    Raises:
        RuntimeError: a unit has failed.
    """
    namespace.run("sh", "-c", FORGET)
    with namespace.inside(), NFCTSocket() as connections:
        connections.flush()
    _make_disk(state)
    shutil.rmtree(state / "run")
    (state / "run").mkdir()
    done = run_on_machine(namespace, state, "sh", "-c", BOOT, env=env)
    if done.returncode != 0:
        raise RuntimeError(f"the boot has failed: {done.stdout}{done.stderr}")


def run_on_machine(
    namespace: Namespace, state: Path, *argv: str, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command with the machine's disk in place of the real one."""
    state = state.resolve()
    variables = {"PATH": SYSTEM_PATH} | dict(env or {})
    # Before all others: the machine has this systemd and no other.
    inside = ["env", "-i", *(f"{k}={v}" for k, v in (variables | {"PATH": f"{state}/bin:{variables['PATH']}"}).items())]
    return namespace.run(
        *("unshare", "--mount", "--propagation", "private", "--", "sh", "-c", MACHINE, "sh", str(state)),
        *(*inside, *argv),
        check=False,
    )


def _make_disk(state: Path) -> None:
    """Make the machine's own folders, so that nothing is ever written to the real ones."""
    etc = state / "etc"
    if etc.exists():
        return
    for folder in ("bin", "run", "usr/local", "etc"):
        (state / folder).mkdir(parents=True)
    for name in NEEDED:
        real = Path("/etc") / name
        if real.is_dir():
            shutil.copytree(real, etc / name, symlinks=True)
        elif real.exists():
            shutil.copy2(real, etc / name)
    for name, text in (("systemctl", SYSTEMCTL), ("journalctl", JOURNALCTL)):
        tool = state / "bin" / name
        tool.write_text(text, encoding="utf-8")
        tool.chmod(0o755)
