"""What the deployment is told of a standby's first boot: that it forwards, or why not, and nothing of later boots."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.user_data.behind_a_nat import INTERNET, Network, program, tools
from tests.integration.user_data.wait_condition import WaitCondition, waiting
from tests.lab.network.real.user_data import SYSTEM_PATH, boot_first_time, reboot, run_on_machine

pytestmark = pytest.mark.namespaces

NOBODY = "198.51.100.77"
AT_ONCE = {"NAT_FAILOVER_SIGNAL_PAUSE": "0", "NAT_FAILOVER_INSTALL_PAUSE": "0", "NAT_FAILOVER_REACH_PAUSE": "0"}
# One of the smallest instances, and one that is large enough.
SMALL, LARGE = "MemTotal: 425000 kB\nSwapTotal: 0 kB\n", "MemTotal: 3900000 kB\nSwapTotal: 0 kB\n"


@pytest.fixture
def condition(network: Network) -> Iterator[WaitCondition]:
    """Have a deployment wait."""
    with waiting(network.internet) as made:
        yield made


def path_of(folder: Path, name: str, text: str) -> dict[str, str]:
    """Give the environment of a machine that has a program of the test's own before the real one."""
    program(folder, name, text)
    return {"PATH": f"{folder}:{SYSTEM_PATH}", **AT_ONCE}


def test_a_standby_that_forwards_says_so_once(network: Network, disk: Path, condition: WaitCondition) -> None:
    boot_first_time(network.nat, condition.user_data(), disk, AT_ONCE)
    (signal,) = condition.signals
    assert signal == {
        "Status": "SUCCESS",
        "UniqueId": "standby",
        "Reason": f"this host forwards and translates, and {INTERNET} answers its pings",
        "Data": signal["Reason"],
    }
    assert network.reaches_the_internet()


def test_a_later_boot_tells_nobody_and_needs_no_url(network: Network, disk: Path, condition: WaitCondition) -> None:
    boot_first_time(network.nat, condition.user_data(), disk, AT_ONCE)
    condition.expired = True
    reboot(network.nat, disk, AT_ONCE)
    assert network.reaches_the_internet()
    assert condition.statuses == ["SUCCESS"]


def test_a_url_that_has_expired_keeps_nothing_from_working(
    network: Network, disk: Path, condition: WaitCondition
) -> None:
    condition.expired = True
    done = boot_first_time(network.nat, condition.user_data(), disk, AT_ONCE)
    assert "the deployment could not be told: SUCCESS" in done.stderr
    assert network.reaches_the_internet()


def test_trouble_on_the_way_does_not_lose_the_signal(network: Network, disk: Path, condition: WaitCondition) -> None:
    condition.refusals = 3
    boot_first_time(network.nat, condition.user_data(), disk, AT_ONCE)
    assert condition.statuses == ["SUCCESS"]


def test_without_curl_python_tells(network: Network, disk: Path, tmp_path: Path, condition: WaitCondition) -> None:
    real = {name: shutil.which(name, path=SYSTEM_PATH) or "" for name in ("nft", "python3")}
    path = tools(tmp_path / "tools", **real)
    (tmp_path / "tools" / "curl").unlink()
    condition.refusals = 1
    boot_first_time(network.nat, condition.user_data(), disk, {"PATH": path, **AT_ONCE})
    assert condition.statuses == ["SUCCESS"]


def test_without_a_url_nobody_is_told_and_nothing_is_asked(network: Network, disk: Path, tmp_path: Path) -> None:
    machine = path_of(tmp_path / "called", "ping", "touch /run/called; exit 1")
    script = WaitCondition().user_data().replace(f"signal='http://{INTERNET}:0", "signal=''\nrest='")
    boot_first_time(network.nat, script, disk, machine)
    assert not (disk / "run" / "called").exists()
    assert network.reaches_the_internet()


def test_one_target_that_answers_is_enough(network: Network, disk: Path, condition: WaitCondition) -> None:
    boot_first_time(network.nat, condition.user_data(NOBODY, INTERNET), disk, AT_ONCE)
    assert condition.statuses == ["SUCCESS"]


def test_where_no_target_answers_the_reason_is_told(network: Network, disk: Path, condition: WaitCondition) -> None:
    machine = {**AT_ONCE, "NAT_FAILOVER_REACH_TRIES": "1"}
    with pytest.raises(RuntimeError, match=f"failed: no answer to a ping from {NOBODY}"):
        boot_first_time(network.nat, condition.user_data(NOBODY), disk, machine)
    (signal,) = condition.signals
    assert signal["Status"] == "FAILURE"
    assert signal["Reason"].startswith(f"no answer to a ping from {NOBODY}: has this instance a public address")


def test_an_installation_that_fails_is_told_with_its_reason(
    network: Network, disk: Path, tmp_path: Path, condition: WaitCondition
) -> None:
    path = tools(tmp_path / "tools")
    program(tmp_path / "tools", "dnf", 'echo "Killed" >&2\nexit 137')
    with pytest.raises(RuntimeError):
        boot_first_time(network.nat, condition.user_data(), disk, {"PATH": path, **AT_ONCE})
    (signal,) = condition.signals
    assert signal["Status"] == "FAILURE"
    assert signal["Reason"].startswith("cannot install nftables: has this instance a public address")


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("systemctl", "exit 1", "systemd has not read the new unit"),
        ("nft", "exit 0", "no rule translates"),
        ("chmod", "exit 1", "cannot write /etc/sysctl.d/90-nat-failover.conf"),
        ("mkdir", 'echo "a \\"quoted\\" \\\\ $(printf \'\\n\') word"; exit 1', "cannot make the folders"),
    ],
)
def test_whatever_goes_wrong_is_told(
    network: Network, disk: Path, condition: WaitCondition, name: str, text: str, reason: str
) -> None:
    boot_first_time(network.nat, "#!/bin/sh\n", disk)  # makes the disk
    program(disk / "bin", name, text)
    with pytest.raises(RuntimeError):
        boot_first_time(network.nat, condition.user_data(), disk, AT_ONCE)
    assert [(signal["Status"], signal["Reason"]) for signal in condition.signals] == [("FAILURE", reason)]


def test_a_run_that_is_cut_off_before_it_has_told_is_made_good_by_the_next(
    network: Network, disk: Path, tmp_path: Path, condition: WaitCondition
) -> None:
    for name in ("tr", "curl", "ping", "grep"):
        machine = path_of(tmp_path / name, name, 'kill -9 "$PPID"')
        with pytest.raises(RuntimeError):
            boot_first_time(network.nat, condition.user_data(), disk, machine)
        reboot(network.nat, disk)
        assert network.reaches_the_internet(), name
    boot_first_time(network.nat, condition.user_data(), disk, AT_ONCE)
    assert condition.statuses[-1] == "SUCCESS"


# Memory for the installation


def small(tmp_path: Path, memory: str = SMALL, **further: str) -> dict[str, str]:
    """Give the environment of a machine without nft whose swap is a file of the test's and whose kernel is not asked.

    Its dnf is killed unless the swap is in use; with ``further`` programs of the test's own.
    """
    folder = tmp_path / "tools"
    real = {name: shutil.which(name, path=SYSTEM_PATH) or "" for name in ("dd", "mkswap")}
    path = tools(folder, **real)
    programs = {
        "swapon": 'echo "$1" >>/run/swaps',
        "dnf": "[ -e /run/swaps ] || exit 137\nln -sf /usr/sbin/nft /usr/local/sbin/nft",
        **further,
    }
    for name, text in programs.items():
        (folder / name).unlink(missing_ok=True)
        program(folder, name, text)
    (tmp_path / "meminfo").write_text(memory, encoding="ascii")
    swap = {"NAT_FAILOVER_SWAP": "/usr/local/swap", "NAT_FAILOVER_SWAP_MB": "2"}
    return {"PATH": path, "NAT_FAILOVER_MEMINFO": str(tmp_path / "meminfo"), **swap, **AT_ONCE}


def test_the_smallest_machine_has_swap_before_it_installs_and_after_every_boot(
    network: Network, disk: Path, tmp_path: Path, condition: WaitCondition
) -> None:
    machine = small(tmp_path)
    boot_first_time(network.nat, condition.user_data(), disk, machine)
    assert condition.statuses == ["SUCCESS"]
    swap = disk / "usr" / "local" / "swap"
    assert swap.stat().st_mode & 0o777 == 0o600
    assert swap.stat().st_blocks * 512 >= swap.stat().st_size == 2 * 1024 * 1024  # no holes
    assert b"SWAPSPACE2" in swap.read_bytes()[:4096]
    reboot(network.nat, disk, machine)
    assert (disk / "run" / "swaps").read_text(encoding="ascii").split() == ["/usr/local/swap"]
    assert network.reaches_the_internet()


def test_a_machine_with_memory_enough_or_with_rules_already_gets_no_swap(
    network: Network, disk: Path, tmp_path: Path
) -> None:
    machine = small(tmp_path, LARGE, dnf="ln -sf /usr/sbin/nft /usr/local/sbin/nft")
    boot_first_time(network.nat, WaitCondition().user_data(), disk, machine | {"NAT_FAILOVER_REACH_TRIES": "1"})
    assert not (disk / "usr" / "local" / "swap").exists()


@pytest.mark.parametrize("broken", ["dd", "mkswap", "swapon"])
def test_where_no_swap_can_be_made_the_installation_is_tried_all_the_same(
    network: Network, disk: Path, tmp_path: Path, condition: WaitCondition, broken: str
) -> None:
    machine = small(tmp_path, **{broken: "exit 1", "dnf": "ln -sf /usr/sbin/nft /usr/local/sbin/nft"})
    boot_first_time(network.nat, condition.user_data(), disk, machine)
    assert condition.statuses == ["SUCCESS"]
    assert not (disk / "usr" / "local" / "swap.new").exists()
    journal = run_on_machine(network.nat, disk, "cat", "/run/journal/nat-failover-nat.service").stdout
    assert "swap file" in journal


@pytest.mark.parametrize("name", ["dd", "mkswap", "swapon", "dnf"])
def test_a_machine_that_is_cut_off_while_it_makes_its_swap_makes_it_at_the_next_boot(
    network: Network, disk: Path, tmp_path: Path, condition: WaitCondition, name: str
) -> None:
    cut = small(tmp_path, **{name: 'kill -9 "$PPID"'})
    with pytest.raises(RuntimeError):
        boot_first_time(network.nat, condition.user_data(), disk, cut)
    shutil.rmtree(tmp_path / "tools")
    machine = small(tmp_path)
    reboot(network.nat, disk, machine)
    assert network.reaches_the_internet()
    assert b"SWAPSPACE2" in (disk / "usr" / "local" / "swap").read_bytes()[:4096]
