"""A network of real packets leaves nothing behind, however it ends."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from tests.lab.network.bench import make
from tests.lab.network.layout import Layout, standard_layout
from tests.lab.network.real.availability import why_unavailable
from tests.lab.network.real.netns import PREFIX

if (reason := why_unavailable()) is not None:
    pytest.skip(reason, allow_module_level=True)

from tests.lab.network.real.namespaces import NamespacesNetwork

pytestmark = pytest.mark.namespaces


@pytest.fixture
def left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], set[str]]:
    """Return what names this process's namespaces, and the files made from now on: other labs may run beside."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return lambda: _namespaces() | {path.name for path in tmp_path.iterdir()}


def _namespaces() -> set[str]:
    listed = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout
    names = {line.split()[0] for line in listed.splitlines()}
    return {name for name in names if name.startswith(f"{PREFIX}{os.getpid()}-")}


def _processes(command: str) -> int:
    found = 0
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            found += path.read_bytes().rstrip(b"\0").replace(b"\0", b" ") == command.encode()
    return found


def test_a_closed_network_leaves_no_namespace_no_process_and_no_file(left_behind: Callable[[], set[str]]) -> None:
    before = left_behind()
    bench = make("namespaces")
    command = f"sleep 61.{os.getpid()}"
    try:
        bench.set_up()
        bench.network.start_probe("backend1", f"{command} & {command}\n", [])
        time.sleep(0.5)
        assert _processes(command) == 2
        assert left_behind() > before
    finally:
        bench.network.close()
        bench.network.close()
    assert _processes(command) == 0
    assert left_behind() == before


def _bad_public(layout: Layout) -> Layout:
    return replace(layout, nats=(layout.nats[0], replace(layout.nats[1], public="nowhere")))


def _bad_host(layout: Layout) -> Layout:
    return replace(layout, backends=(*layout.backends[:-1], replace(layout.backends[-1], address="10.20.3.300")))


@pytest.mark.parametrize("spoil", [_bad_public, _bad_host])
def test_a_network_that_could_not_be_built_leaves_nothing(
    spoil: Callable[[Layout], Layout], left_behind: Callable[[], set[str]]
) -> None:
    before = left_behind()
    made = NamespacesNetwork(spoil(standard_layout()))
    try:
        with pytest.raises((RuntimeError, subprocess.CalledProcessError, ValueError)):
            made.open()
        assert left_behind() == before
    finally:
        made.close()


def test_a_network_that_was_never_opened_leaves_nothing(left_behind: Callable[[], set[str]]) -> None:
    before = left_behind()
    NamespacesNetwork(standard_layout()).close()
    assert left_behind() == before
