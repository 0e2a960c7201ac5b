"""The standby's user data, run in namespaces: what it makes of a machine, at its first boot and after others."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.integration.user_data.behind_a_nat import (
    FILE,
    NAT,
    NAT_SECOND,
    PRIVATE,
    ROUTER_PUBLIC,
    USER_DATA,
    Network,
)
from tests.lab.network.real.user_data import boot_first_time, reboot, run_on_machine

pytestmark = pytest.mark.namespaces


def rules(network: Network) -> str:
    return network.nat.run("nft", "list", "ruleset").stdout


def test_before_its_user_data_has_run_the_machine_is_no_nat(network: Network) -> None:
    assert not network.reaches_the_internet()
    assert network.reaches_the_internet(network.nat)


def test_a_private_host_reaches_the_internet_as_the_nat(network: Network, disk: Path) -> None:
    boot_first_time(network.nat, USER_DATA, disk)
    assert network.reaches_the_internet()
    assert network.seen_by_the_internet() == {NAT}


def test_what_the_nat_itself_sends_keeps_its_address(network: Network, disk: Path) -> None:
    boot_first_time(network.nat, USER_DATA, disk)
    assert network.reaches_the_internet(network.nat, "-I", NAT_SECOND)
    assert network.seen_by_the_internet() == {NAT_SECOND}


def test_a_second_run_changes_no_rule(network: Network, disk: Path) -> None:
    boot_first_time(network.nat, USER_DATA, disk)
    once = rules(network)
    assert once.count("masquerade") == 1
    boot_first_time(network.nat, USER_DATA, disk)
    assert rules(network) == once
    assert network.reaches_the_internet()


def test_a_second_run_brings_back_what_was_lost(network: Network, disk: Path) -> None:
    boot_first_time(network.nat, USER_DATA, disk)
    network.nat.run("nft", "flush", "ruleset")
    assert not network.reaches_the_internet()
    boot_first_time(network.nat, USER_DATA, disk)
    assert network.reaches_the_internet()


def test_after_a_reboot_it_is_a_nat_again(network: Network, disk: Path) -> None:
    boot_first_time(network.nat, USER_DATA, disk)
    before = rules(network)
    reboot(network.nat, disk)
    assert rules(network) == before
    assert network.reaches_the_internet()
    assert network.seen_by_the_internet() == {NAT}


def test_a_machine_without_the_user_data_is_no_nat_after_a_reboot(network: Network, disk: Path) -> None:
    boot_first_time(network.nat, USER_DATA, disk)
    (disk / "etc/systemd/system/multi-user.target.wants/nat-failover-nat.service").unlink()
    reboot(network.nat, disk)
    assert rules(network) == ""
    assert not network.reaches_the_internet()


def test_after_a_reboot_its_interface_may_have_another_name(network: Network, disk: Path) -> None:
    boot_first_time(network.nat, USER_DATA, disk)
    network.nat.ip(
        "link set ens5 down",
        "link set ens5 name eth7",
        "link set eth7 up",
        f"route add default via {ROUTER_PUBLIC} dev eth7",
    )
    reboot(network.nat, disk)
    assert network.reaches_the_internet()
    assert "eth7" in rules(network)
    assert "ens5" not in rules(network)


def test_rules_of_others_are_kept(network: Network, disk: Path) -> None:
    others = "add table inet other; add chain inet other in { type filter hook input priority 0; policy accept; };"
    network.nat.run("nft", f"{others} add rule inet other in tcp dport 25 drop")
    network.nat.run("iptables-nft", "-t", "nat", "-A", "POSTROUTING", "-s", "192.0.2.7", "-j", "ACCEPT")
    before = rules(network)
    assert "192.0.2.7" in before
    boot_first_time(network.nat, USER_DATA, disk)
    boot_first_time(network.nat, USER_DATA, disk)
    after = rules(network)
    assert after.startswith(before)
    assert after.count("table ") == before.count("table ") + 2


def test_it_sends_no_icmp_redirect(network: Network, disk: Path) -> None:
    # The kernel sends one only to a host of the same subnet, so the NAT has to take the private host for one.
    network.router.sysctl({"net.ipv4.conf.public0.proxy_arp": "1"})
    network.nat.ip(f"route add {PRIVATE} dev ens5")
    boot_first_time(network.nat, USER_DATA, disk)
    reboot(network.nat, disk)
    assert network.reaches_the_internet()
    # For a translated flow the kernel sends none whatever is set; for one that is not, the settings count.
    network.nat.run("nft", "flush", "ruleset")
    assert not network.reaches_the_internet()
    assert network.redirects() == 0
    # The same with the kernel's default: the watch would have seen one.
    network.nat.sysctl({"net.ipv4.conf.all.send_redirects": "1"})
    assert not network.reaches_the_internet()
    assert network.redirects() > 0


def test_the_unit_is_tried_again_where_systemd_allows_it(network: Network, disk: Path) -> None:
    unit = disk / "etc/systemd/system/nat-failover-nat.service"
    boot_first_time(network.nat, USER_DATA, disk)
    assert "\nRestart=on-failure\n" in unit.read_text(encoding="utf-8")
    # Amazon Linux 2, whose systemd refuses a oneshot unit with it.
    boot_first_time(network.nat, USER_DATA, disk, {"LAB_SYSTEMD": "219"})
    assert "Restart" not in unit.read_text(encoding="utf-8")
    assert run_on_machine(network.nat, disk, "systemctl", "is-active", "nat-failover-nat.service").stdout == "active\n"


def test_nothing_is_written_to_the_real_machine(network: Network, disk: Path) -> None:
    before = _real_machine()
    boot_first_time(network.nat, USER_DATA, disk)
    reboot(network.nat, disk)
    assert _real_machine() == before
    assert (disk / "usr/local/sbin/nat-failover-nat").exists()


@pytest.mark.parametrize("folder", ["/etc", "/usr/local/sbin", "/etc/systemd/system", "/run", "/usr/lib", "/opt"])
def test_user_data_cannot_write_to_the_real_machine_even_if_it_tries(network: Network, disk: Path, folder: str) -> None:
    if not Path(folder).exists():
        pytest.skip(f"there is no {folder}")
    name = f"nat-failover-test-{os.getpid()}"
    script = f"#!/bin/sh\nmkdir -p {folder}\necho x >{folder}/{name}\nexit 0\n"
    boot_first_time(network.nat, script, disk)
    assert not (Path(folder) / name).exists()


def _real_machine() -> list[tuple[str, int]]:
    """List what user data might change, with the time of the last change."""
    folders = ("/etc", "/etc/systemd", "/etc/systemd/system", "/etc/sysctl.d", "/usr/local", "/usr/local/sbin")
    # A minimal Debian has not all of them; that one is made would be seen by its parent.
    there = [Path(folder) for folder in folders if Path(folder).exists()]
    paths = [path for folder in there for path in (folder, *folder.glob("*"))]
    forwarding = Path("/proc/sys/net/ipv4/ip_forward").read_text(encoding="ascii")
    return [(str(path), path.lstat().st_mtime_ns) for path in paths] + [("ip_forward", int(forwarding))]


def test_the_user_data_and_the_script_it_installs_are_clean_to_shellcheck(network: Network, disk: Path) -> None:
    shellcheck = shutil.which("shellcheck")
    if shellcheck is None:
        pytest.skip("there is no shellcheck")
    assert USER_DATA.startswith("#!/bin/sh\n")
    boot_first_time(network.nat, USER_DATA, disk)
    installed = disk / "usr/local/sbin/nat-failover-nat"
    checked = subprocess.run([shellcheck, str(FILE), str(installed)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout
