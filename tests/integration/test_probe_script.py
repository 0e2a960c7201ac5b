"""The probe in three shells, on a wire that loses what it is told to lose."""

from __future__ import annotations

import shutil
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.probing import SHELLS, SIGNALS, TARGETS, Wire, all_gone, missing
from tests.lab.netns import why_unavailable

pytestmark = [
    pytest.mark.namespaces,
    pytest.mark.skipif(why_unavailable() is not None, reason=str(why_unavailable())),
]
# A host that has been up for a day.
DAY = 86_400


@pytest.fixture(scope="module")
def network() -> Iterator[Wire]:
    """Have a wire."""
    wire = Wire()
    try:
        yield wire
    finally:
        wire.close()


@pytest.fixture
def wire(network: Wire) -> Wire:
    """Have it as new: nothing is lost, nothing runs."""
    network.host.end_all()
    network.lose()
    return network


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest) -> list[str]:
    """Give each shell's command line."""
    name: str = request.param
    if (why := missing(name)) is not None:
        pytest.skip(why)
    return SHELLS[name]


def test_a_host_that_is_online_says_so_at_the_end_of_its_window(wire: Wire, shell: list[str]) -> None:
    begun = time.monotonic()
    outcome = wire.probe(shell, " ".join(TARGETS), "0.5", "3", "5").outcome()
    assert (outcome.status, outcome.stderr) == (0, "")
    said = outcome.said
    assert (said["probe"], said["state"], said["targets"]) == (1, "reachable", " ".join(TARGETS))
    assert 5 <= said["elapsed"] <= outcome.end_at - begun + 0.1
    assert said["uptime"] > 0
    counts = wire.counts()
    pings = sum(counts[target] for target in TARGETS)
    assert pings == said["sent"]
    # About two a second.
    assert pings <= 2.2 * said["elapsed"] + 1
    assert sum(counts[target] > 0 for target in TARGETS) >= 2
    # Every ping is a flow of its own.
    assert counts["flows"] == pings


def test_a_quick_check_answers_at_the_first_ping(wire: Wire, shell: list[str]) -> None:
    outcome = wire.probe(shell, " ".join(TARGETS), "0.5", "3", "0").outcome()
    assert (outcome.status, outcome.said["state"], outcome.said["sent"]) == (0, "reachable", 1)
    assert outcome.said["elapsed"] < 1


def test_one_dark_target_is_not_an_outage(wire: Wire, shell: list[str]) -> None:
    wire.lose(TARGETS[1])
    outcome = wire.probe(shell, " ".join(TARGETS), "0.2", "1", "4").outcome()
    # A single lost ping is followed by the last try here, which the two others answer.
    assert (outcome.status, outcome.said["state"]) == (0, "reachable")
    assert outcome.said["lost"] >= 0
    assert wire.counts()[TARGETS[1]] > 0


def test_real_loss_is_reported_within_about_two_seconds(wire: Wire, shell: list[str]) -> None:
    running = wire.probe(shell)
    time.sleep(1.2)
    wire.lose(*TARGETS)
    cut = time.monotonic()
    outcome = running.outcome()
    assert (outcome.status, outcome.said["state"]) == (1, "unreachable")
    # Two seconds on a machine that has nothing else to do.
    assert 1 < outcome.line_at - cut < 4
    assert 1 < outcome.said["lost_for"] <= outcome.said["elapsed"]
    assert outcome.said["lost"] == 3
    # Until the verdict: three lost, each target tried three times more.
    assert sum(wire.counts()[target] for target in TARGETS) == 3 + 9


def test_a_quick_check_says_that_it_is_offline_too(wire: Wire, shell: list[str]) -> None:
    wire.lose(*TARGETS)
    outcome = wire.probe(shell, " ".join(TARGETS), "0.5", "3", "0").outcome()
    assert (outcome.status, outcome.said["state"]) == (1, "unreachable")


def test_a_loss_that_ends_during_the_last_try_is_none(wire: Wire, shell: list[str]) -> None:
    running = wire.probe(shell, " ".join(TARGETS), "0.5", "3", "4")
    time.sleep(0.6)
    wire.lose(*TARGETS)
    time.sleep(0.8)
    wire.lose()
    outcome = running.outcome()
    assert (outcome.status, outcome.said["state"]) == (0, "reachable")


def test_a_host_that_has_only_just_booted_says_so_instead(wire: Wire, shell: list[str]) -> None:
    wire.lose(*TARGETS)
    young = wire.probe(shell, " ".join(TARGETS), "0.5", "3", "10", "300", booted=100).outcome()
    assert (young.status, young.said["state"]) == (3, "warming-up")
    assert 100 <= young.said["uptime"] < 130
    old = wire.probe(shell, " ".join(TARGETS), "0.5", "3", "10", "300", booted=DAY).outcome()
    assert (old.status, old.said["state"]) == (1, "unreachable")


def test_a_host_whose_ping_reaches_not_even_itself_can_not_probe(wire: Wire, shell: list[str]) -> None:
    wire.lose(*TARGETS)
    wire.host.ip("link set lo down")
    try:
        outcome = wire.probe(shell).outcome()
    finally:
        wire.host.ip("link set lo up")
    assert (outcome.status, outcome.said["state"]) == (2, "cannot-probe")


def test_a_host_without_ping_can_not_probe(wire: Wire, shell: list[str], tmp_path: Path) -> None:
    for tool in ("sleep", *SHELLS[shell[0]][:1]):
        found = shutil.which(tool)
        assert found is not None
        (tmp_path / tool).symlink_to(found)
    argv = ["env", f"PATH={tmp_path}", str(tmp_path / shell[0]), *shell[1:]]
    outcome = wire.probe(argv).outcome()
    # busybox has a ping of its own in it, where it was built so.
    if outcome.status != 0:
        assert (outcome.status, outcome.said["state"]) == (2, "cannot-probe")
        assert "ping" in outcome.said["why"]
    else:
        assert shell[0] == "busybox"


@pytest.mark.parametrize("name", SIGNALS)
@pytest.mark.parametrize("offline", [False, True])
def test_killed_it_leaves_no_process_behind(wire: Wire, shell: list[str], name: str, offline: bool) -> None:
    if offline:
        wire.lose(*TARGETS)
    running = wire.probe(shell)
    time.sleep(0.7)
    assert wire.pids()
    running.signal(SIGNALS[name])
    # A ping that is out ends by itself after a second.
    assert all_gone(wire, 2.5)
    running.process.wait()
    if name != "SIGKILL":
        assert running.process.returncode == 128 + SIGNALS[name]


def test_at_its_end_it_leaves_no_process_behind_either(wire: Wire, shell: list[str]) -> None:
    wire.lose(*TARGETS)
    wire.probe(shell, " ".join(TARGETS), "0.5", "3", "0").outcome()
    assert all_gone(wire, 2.5)


def test_who_reads_the_result_need_not_wait_for_pings_that_are_still_out(wire: Wire, shell: list[str]) -> None:
    wire.lose(*TARGETS)
    waits = []
    for _ in range(3):
        outcome = wire.probe(shell, " ".join(TARGETS), "0.5", "3", "0").outcome()
        assert outcome.status == 1
        # What still runs has another output than the result's.
        held = [pid for pid in wire.pids() if _holds_a_pipe(pid)]
        assert held == []
        waits.append(outcome.end_at - outcome.line_at)
    assert statistics.median(waits) < 0.4


def _holds_a_pipe(pid: int) -> bool:
    try:
        links = [str(Path(f"/proc/{pid}/fd/{number}").readlink()) for number in (1, 2)]
    except OSError:
        return False
    return any(link.startswith("pipe:") for link in links)
