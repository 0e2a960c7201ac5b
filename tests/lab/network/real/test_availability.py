"""Where there can be no real packets, a drill says why and is simulated; what went wrong first is what is told."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lab.closing import closed_after, closed_on_error
from tests.lab.lab import Lab
from tests.lab.latencies import Latencies
from tests.lab.network.layout import standard_layout
from tests.lab.network.real.namespaces import NamespacesNetwork
from tests.lab.network.real.netns import Namespace, NamespacesUnavailableError

ROOT = Path(__file__).resolve().parents[4]
# All of the machine, below a folder that is no mount point: as after debootstrap and chroot.
CHROOT = """\
set -e
root=$1
shift
for place in /*; do
    [ -d "$place" ] || continue
    if [ -L "$place" ]; then
        cp -P "$place" "$root$place"
    else
        mkdir "$root$place"
        mount --rbind "$place" "$root$place"
    fi
done
exec chroot "$root" "$@"
"""
WHY = "from tests.lab.network.real.availability import why_unavailable; print(why_unavailable())"


def _in_chroot(root: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    root.mkdir()
    return subprocess.run(
        ["unshare", "--mount", "sh", "-c", CHROOT, "sh", str(root), *argv],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": f"{ROOT / 'lambda'}:{ROOT}"},
    )


@pytest.mark.namespaces
def test_in_a_chroot_what_the_lab_is_made_of_is_found_to_be_refused_and_leaves_nothing(tmp_path: Path) -> None:
    done = _in_chroot(tmp_path / "root", sys.executable, "-c", WHY)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("this machine refuses "), done.stdout
    left = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout
    assert "-try" not in left


@pytest.mark.namespaces
def test_a_drill_in_a_chroot_is_simulated(tmp_path: Path) -> None:
    drill = [sys.executable, "-m", "tests.lab", "--scenario", "paused", "--seed", "1"]
    done = _in_chroot(tmp_path / "root", *drill)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No network namespaces here: this machine refuses" in " ".join(done.stdout.split())
    assert "passed paused on simulated" in done.stdout


def _fails() -> None:
    raise RuntimeError("closing")


def test_an_error_is_not_hidden_by_one_on_closing_and_everything_is_closed() -> None:
    closed: list[str] = []
    with pytest.raises(ValueError, match="first") as caught, closed_after(_fails, lambda: closed.append("last")):
        raise ValueError("first")
    assert closed == ["last"]
    assert caught.value.__notes__ == ["and what was open could not be closed: RuntimeError('closing')"]


def test_an_error_on_closing_alone_is_told() -> None:
    with pytest.raises(RuntimeError, match="closing"), closed_after(_fails):
        pass


def test_what_fails_to_open_is_closed_and_its_error_told() -> None:
    with pytest.raises(ValueError, match="opening"), closed_on_error(_fails):
        raise ValueError("opening")


def test_a_lab_whose_network_does_not_open_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    lab = Lab("simulated", 1, Latencies())

    def refuse() -> None:
        raise NamespacesUnavailableError("not on this machine")

    monkeypatch.setattr(lab.network, "open", refuse)
    monkeypatch.setattr(lab.network, "close", _fails)
    with pytest.raises(NamespacesUnavailableError, match="not on this machine"):
        lab.run(lambda _: None)


@pytest.mark.namespaces
def test_a_network_of_namespaces_that_does_not_open_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Namespace, *lines: str) -> None:
        raise OSError(f"no {lines[0]} in {self.name}")

    monkeypatch.setattr(Namespace, "ip", refuse)
    monkeypatch.setattr("tests.lab.network.real.netns._end_all", lambda _: _fails())
    network = NamespacesNetwork(standard_layout())
    with pytest.raises(OSError, match="no link set lo up"):
        network.open()
