"""The standby's user data where something is in its way: no nft, no route, no installation, a run that was killed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.integration.user_data.behind_a_nat import (
    NAT,
    ROUTER_PUBLIC,
    USER_DATA,
    Network,
    program,
    tools,
)
from tests.lab.network.real.user_data import SYSTEM_PATH, boot_first_time, reboot, run_on_machine

pytestmark = pytest.mark.namespaces


def rules(network: Network) -> str:
    return network.nat.run("nft", "list", "ruleset").stdout


@pytest.mark.parametrize("kind", ["iptables-nft", "iptables-legacy"])
def test_without_nft_iptables_does_it(network: Network, disk: Path, tmp_path: Path, kind: str) -> None:
    real, save = (shutil.which(f"{kind}{suffix}", path=SYSTEM_PATH) for suffix in ("", "-save"))
    if real is None or save is None:
        pytest.skip(f"there is no {kind}")
    machine = {"PATH": tools(tmp_path / "tools", iptables=real)}

    def saved() -> list[str]:
        listed = run_on_machine(network.nat, disk, save, "-t", "nat").stdout.splitlines()
        return [line for line in listed if line.startswith("-A")]

    boot_first_time(network.nat, USER_DATA, disk, machine)
    assert network.reaches_the_internet()
    once = saved()
    assert len(once) == 2
    boot_first_time(network.nat, USER_DATA, disk, machine)
    assert saved() == once
    reboot(network.nat, disk, machine)
    assert saved() == once
    assert network.reaches_the_internet()
    assert network.seen_by_the_internet() == {NAT}


@pytest.mark.parametrize("refused", ["fib", "masquerade"])
def test_what_nft_refuses_is_done_in_another_way(network: Network, disk: Path, tmp_path: Path, refused: str) -> None:
    program(
        tmp_path / "refusing",
        "nft",
        f'rules=$(cat)\ncase $rules in *{refused}*) exit 1 ;; esac\necho "$rules" | /usr/sbin/nft "$@"',
    )
    boot_first_time(network.nat, USER_DATA, disk, {"PATH": f"{tmp_path / 'refusing'}:{SYSTEM_PATH}"})
    assert network.reaches_the_internet()
    assert network.seen_by_the_internet() == {NAT}


def test_where_there_is_neither_nftables_is_installed_at_the_second_try(
    network: Network, disk: Path, tmp_path: Path
) -> None:
    path = tools(tmp_path / "tools")
    program(
        tmp_path / "tools",
        "dnf",
        'echo "$*" >>/run/dnf\n[ "$(sed -n "2p" /run/dnf)" ] || exit 1\nln -s /usr/sbin/nft /usr/local/sbin/nft',
    )
    boot_first_time(network.nat, USER_DATA, disk, {"PATH": path, "NAT_FAILOVER_INSTALL_PAUSE": "0"})
    assert (disk / "run/dnf").read_text(encoding="utf-8").splitlines() == ["install -y -q nftables"] * 2
    assert network.reaches_the_internet()


def test_an_installation_that_keeps_failing_ends_with_the_reason(network: Network, disk: Path, tmp_path: Path) -> None:
    path = tools(tmp_path / "tools")
    program(tmp_path / "tools", "apt-get", "exit 100")
    with pytest.raises(RuntimeError, match="nat-failover: failed: cannot install nftables"):
        boot_first_time(network.nat, USER_DATA, disk, {"PATH": path, "NAT_FAILOVER_INSTALL_PAUSE": "0"})


def test_where_nft_is_there_no_package_manager_is_called(network: Network, disk: Path, tmp_path: Path) -> None:
    for name in ("dnf", "yum", "apt-get"):
        program(tmp_path / "managers", name, "touch /run/called\nexit 1")
    boot_first_time(network.nat, USER_DATA, disk, {"PATH": f"{tmp_path / 'managers'}:{SYSTEM_PATH}"})
    assert not (disk / "run/called").exists()


@pytest.mark.parametrize(("name", "nth"), [("mv", 1), ("mv", 2), ("mv", 3), ("ln", 1), ("nft", 1)])
def test_a_run_that_was_killed_is_made_good_by_the_next(
    network: Network, disk: Path, tmp_path: Path, name: str, nth: int
) -> None:
    real = shutil.which(name, path=SYSTEM_PATH)
    program(
        tmp_path / "killing",
        name,
        f'echo x >>/run/calls\n[ "$(grep -c x /run/calls)" -lt {nth} ] || kill -9 "$PPID"\nexec {real} "$@"',
    )
    with pytest.raises(RuntimeError):
        boot_first_time(network.nat, USER_DATA, disk, {"PATH": f"{tmp_path / 'killing'}:{SYSTEM_PATH}"})
    boot_first_time(network.nat, USER_DATA, disk)
    assert network.reaches_the_internet()
    reboot(network.nat, disk)
    assert network.reaches_the_internet()


def test_without_a_default_route_it_fails_with_the_reason_and_forwards_nothing(network: Network, disk: Path) -> None:
    network.nat.ip("route del default")
    with pytest.raises(RuntimeError, match=r"nat-failover: failed: there is no IPv4 default route") as failure:
        boot_first_time(network.nat, USER_DATA, disk, {"NAT_FAILOVER_ROUTE_WAIT": "1"})
    assert "status 1:" in str(failure.value)
    assert str(failure.value).count("nat-failover:") == 1
    assert rules(network) == ""
    assert network.nat.run("cat", "/proc/sys/net/ipv4/ip_forward").stdout == "0\n"


def test_after_such_a_failure_the_next_boot_makes_it_a_nat(network: Network, disk: Path) -> None:
    network.nat.ip("route del default")
    with pytest.raises(RuntimeError):
        boot_first_time(network.nat, USER_DATA, disk, {"NAT_FAILOVER_ROUTE_WAIT": "0"})
    network.nat.ip(f"route add default via {ROUTER_PUBLIC} dev ens5")
    reboot(network.nat, disk)
    assert network.reaches_the_internet()


def test_a_default_route_may_come_late(network: Network, disk: Path) -> None:
    network.nat.ip("route del default")
    later = network.nat.popen(["sh", "-c", f"sleep 1.5; ip route add default via {ROUTER_PUBLIC} dev ens5"])
    with later:
        boot_first_time(network.nat, USER_DATA, disk)
    assert network.reaches_the_internet()
