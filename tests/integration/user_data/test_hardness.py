"""The standby's user data when it is cut off at any command, and while thousands of connections go through it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.integration.user_data.behind_a_nat import (
    INTERNET,
    NAT,
    PROGRAMS,
    ROUTER_PUBLIC,
    USER_DATA,
    Network,
    program,
    tools,
)
from tests.integration.user_data.flows import Flows
from tests.lab.network.real.user_data import SYSTEM_PATH, boot_first_time, reboot, run_on_machine

FLOWS = 5000
# A group of its own, which can be killed as a whole, as a power cut kills it.
SETSID = shutil.which("setsid", path=SYSTEM_PATH) or "setsid"
KINDS = ("nft", "iptables-nft")

pytestmark = pytest.mark.namespaces


def real(kind: str) -> str:
    """Give the program that makes the rules; the test is skipped where there is none."""
    found = shutil.which(kind, path=SYSTEM_PATH)
    if found is None:
        pytest.skip(f"there is no {kind}")
    return found


def name_of(kind: str) -> str:
    return "nft" if kind == "nft" else "iptables"


class Cut:
    """A machine that loses power as soon as its user data has started so many programs.

    Every program on its PATH counts itself in, and kills all that runs when its turn has come.
    """

    def __init__(self, network: Network, disk: Path, folder: Path, kind: str) -> None:
        self._network = network
        self._disk = disk
        self.path = f"/usr/local/sbin:{folder}"
        for name in (*PROGRAMS, name_of(kind)):
            whole = real(kind) if name == name_of(kind) else shutil.which(name, path=SYSTEM_PATH)
            program(
                folder,
                name,
                # Its place in the trace, which it has for itself even where several are started at once.
                f'echo "$$ {name}" >>/run/trace\nline=0\nmine=0\n'
                "while read -r pid _; do line=$((line + 1)); [ $pid != $$ ] || mine=$line; done </run/trace\n"
                f'[ "$mine" -ne "$CUT_AT" ] || kill -9 0\nexec {whole} "$@"',
            )

    def run(self, at: int) -> subprocess.CompletedProcess[str]:
        """Run the user data up to then; 0 lets it come to its end."""
        return run_on_machine(
            self._network.nat,
            self._disk,
            *(SETSID, "--wait", "sh", "-c", ">/run/trace; exec /bin/sh /etc/user-data"),
            env={"PATH": self.path, "CUT_AT": str(at)},
        )

    def started(self) -> list[str]:
        """List the programs that have been started, in order."""
        trace = (self._disk / "run" / "trace").read_text(encoding="utf-8")
        return [line.split()[1] for line in trace.splitlines()]


def forwards(network: Network) -> bool:
    return network.nat.run("cat", "/proc/sys/net/ipv4/ip_forward").stdout == "1\n"


def translates(network: Network) -> bool:
    return "masquerade" in network.nat.run("nft", "list", "ruleset").stdout.lower()


@pytest.mark.parametrize("kind", KINDS)
def test_cut_off_at_any_command_it_leaves_no_half_a_nat_and_the_next_run_makes_a_whole_one(
    network: Network, disk: Path, tmp_path: Path, kind: str
) -> None:
    machine = Cut(network, disk, tmp_path / "counting", kind)
    boot_first_time(network.nat, "#!/bin/sh\n", disk)  # makes the disk
    (disk / "etc" / "user-data").write_text(USER_DATA, encoding="utf-8")
    whole = machine.run(0)
    assert whole.returncode == 0, whole.stderr
    commands = machine.started()
    assert len(commands) > 25
    assert name_of(kind) in commands
    fresh = tmp_path / "fresh"
    # With iptables only what is done otherwise: from the first command of its own.
    begin = 1 if kind == "nft" else commands.index("iptables") + 1
    for at in range(begin, len(commands) + 1):
        where = f"cut off at command {at}, {commands[at - 1]}"
        reboot(network.nat, fresh)  # the kernel forgets, on a disk that has nothing
        for made in ("etc/systemd/system/nat-failover-nat.service", "usr/local/sbin/nat-failover-nat"):
            (disk / made).unlink(missing_ok=True)
        assert machine.run(at).returncode != 0, where
        assert not forwards(network) or translates(network), where
        assert machine.run(0).returncode == 0, where
        assert network.reaches_the_internet(), where
        # The same again on a machine that is a NAT, which has less to do: wherever it is cut off, traffic goes on.
        assert machine.run(at).returncode != 0 or len(machine.started()) < at, where
        assert network.reaches_the_internet(), where
    reboot(network.nat, disk, {"PATH": machine.path, "CUT_AT": "0"})
    assert network.reaches_the_internet()
    assert network.seen_by_the_internet() == {NAT}


@pytest.mark.parametrize("kind", KINDS)
def test_five_thousand_connections_go_through_it_at_once_and_running_it_again_ends_none(
    network: Network, disk: Path, tmp_path: Path, kind: str
) -> None:
    machine = {"PATH": tools(tmp_path / "tools", **{name_of(kind): real(kind)})}
    boot_first_time(network.nat, USER_DATA, disk, machine)
    with Flows(network.private, network.internet, INTERNET, FLOWS) as flows:
        assert flows.alive() == FLOWS
        assert flows.seen_as == {NAT}
        known = int(network.nat.run("cat", "/proc/sys/net/netfilter/nf_conntrack_count").stdout)
        assert known >= FLOWS
        boot_first_time(network.nat, USER_DATA, disk, machine)
        assert flows.alive() == FLOWS
        assert network.reaches_the_internet()


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "nft"])
def test_with_iptables_too_its_interface_may_have_another_name_after_a_reboot_or_without_one(
    network: Network, disk: Path, tmp_path: Path, kind: str
) -> None:
    machine = {"PATH": tools(tmp_path / "tools", iptables=real(kind))}
    boot_first_time(network.nat, USER_DATA, disk, machine)
    for name in ("eth7", "enX0"):
        before = network.nat.run("sh", "-c", "ip -o link show type veth | sed 's/^[0-9]*: //;s/@.*//'").stdout.strip()
        network.nat.ip(
            f"link set {before} down",
            f"link set {before} name {name}",
            f"link set {name} up",
            f"route add default via {ROUTER_PUBLIC} dev {name}",
        )
        assert not network.reaches_the_internet()
        if name == "eth7":
            reboot(network.nat, disk, machine)
        else:
            boot_first_time(network.nat, USER_DATA, disk, machine)
        assert network.reaches_the_internet()
    assert network.seen_by_the_internet() == {NAT}
