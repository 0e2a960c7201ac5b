"""Scripts on hosts of the network of real packets: clocks, processes, and what is kept between two of them."""

from __future__ import annotations

import threading
import time

import pytest

from tests.lab.network.layout import SSM_ENDPOINT
from tests.lab.network.real.availability import why_unavailable

if (reason := why_unavailable()) is not None:
    pytest.skip(reason, allow_module_level=True)

from tests.lab.network.real.namespaces import NamespacesNetwork
from tests.lab.network.real.netns import eventually

pytestmark = pytest.mark.namespaces


@pytest.mark.parametrize("uptime", [1, 20, 90_000, 5_000_000])
def test_a_script_sees_the_uptime_of_its_host_and_gives_its_words_and_status(
    network: NamespacesNetwork, uptime: int
) -> None:
    network.set_uptime("backend3", uptime)
    try:
        script = "#!/bin/sh\nset -- 'a b' c\ncut -d. -f1 /proc/uptime\necho \"$2 $1\"\nexit 3\n"
        outcome = network.start_probe("backend3", script, ["a b", "c"]).wait()
    finally:
        network.set_uptime("backend3", 86400)
    seen, arguments = outcome.stdout.splitlines()
    assert outcome.exit_code == 3
    assert arguments == "c a b"
    assert uptime - 1 <= int(seen) <= uptime + 3


def test_scripts_started_together_are_not_mixed_up(network: NamespacesNetwork) -> None:
    printed: dict[int, str] = {}

    def run(number: int) -> None:
        printed[number] = network.start_probe("backend4", f"echo {number}\n", []).wait().stdout

    threads = [threading.Thread(target=run, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert printed == {number: f"{number}\n" for number in range(12)}


@pytest.mark.parametrize("ends", ["kill", "stop"])
def test_a_script_that_is_ended_leaves_no_process(network: NamespacesNetwork, ends: str) -> None:
    backend = network.backend_namespaces()["backend5"]
    probe = network.start_probe("backend5", "(sleep 61 & sleep 61) & sleep 61\n", [])
    assert eventually(lambda: len(backend.pids()) >= 5, 3)
    begun = time.monotonic()
    try:
        probe.kill() if ends == "kill" else network.stop("backend5")
        assert probe.wait().exit_code < 0
        assert eventually(lambda: backend.pids() == [], 1)
        assert time.monotonic() - begun < 2
    finally:
        network.start("backend5")
    assert network.reaches("backend5", SSM_ENDPOINT)


def test_what_goes_on_after_a_script_ends_with_its_host_only(network: NamespacesNetwork) -> None:
    backend = network.backend_namespaces()["backend5"]
    script = "sleep 61 >/dev/null 2>&1 </dev/null &\necho token >/run/mark\ncat /run/mark\n"
    probe = network.start_probe("backend5", script, [])
    try:
        assert probe.wait().stdout == "token\n"
        probe.kill()
        assert eventually(lambda: len(backend.pids()) == 1, 3)
        assert network.start_probe("backend5", "cat /run/mark\n", []).wait().stdout == "token\n"
        assert network.start_probe("backend6", "cat /run/mark\n", []).wait().stdout == ""
        assert len(backend.pids()) == 1
        network.stop("backend5")
        assert backend.pids() == []
    finally:
        network.start("backend5")
    assert network.start_probe("backend5", "cat /run/mark\n", []).wait().stdout == ""
