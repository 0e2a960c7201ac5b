"""A soak of seconds, and that its judgement would see what must not be."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from tests.lab.network.real.netns import Namespace
from tests.soak.connections import Connection, Fate, Window, tally
from tests.soak.faults import DEADLY
from tests.soak.figures import figures, passed
from tests.soak.leftovers import Watch, own_folder
from tests.soak.soak import Soak, Struck, soak
from tests.soak.traffic import CHUNK, SHORT, Order, pattern

# A seed whose first round has nothing but a failover.
SEED = 0
SHUT = """
table ip shut {
    chain in {
        type filter hook input priority 0
        tcp flags syn reject with tcp reset
    }
}
"""
WINDOW = Window("link down", ["backend1", "backend2"], 100.0, ends={"backend1": 110.0, "backend2": 112.0})


def connection(opened_at: float, ended_at: float, host: str = "backend1", fate: Fate = Fate.STALLED) -> Connection:
    return Connection(host, "192.0.2.101", opened_at, ended_at, SHORT, fate)


@pytest.mark.namespaces
def test_half_a_minute_of_faults_under_traffic_loses_nothing_outside_and_leaves_nothing() -> None:
    prompt = [fault for fault in DEADLY if fault.name in ("rules flushed", "link down", "stopped")]
    found = soak(2, seed=SEED, deadly=prompt, downloads_last=(1.0, 4.0))
    counted = figures(found)
    assert passed(found), (counted, found.problems, found.leftovers)
    assert counted["failovers"] == {"nat01": 1}
    assert counted["lost_outside"] == counted["leftovers"] == 0
    # Through both NATs, in a number that says that nobody has waited for the failover.
    assert set(counted["done_by_public_address"]) == {"192.0.2.11", "192.0.2.12"}
    assert counted["connections_opened"] > 300
    assert counted["downloads"] > 20
    assert counted["lost_in_windows"] > 0


@pytest.mark.parametrize(
    ("opened_at", "ended_at", "host", "excused"),
    [
        (90.0, 99.9, "backend1", False),
        (90.0, 105.0, "backend1", True),
        (105.0, 118.0, "backend1", True),
        (110.1, 118.0, "backend1", False),
        (110.1, 118.0, "backend2", True),
        (105.0, 106.0, "backend3", False),
    ],
)
def test_only_what_was_open_while_its_backend_was_cut_off_is_excused(
    opened_at: float, ended_at: float, host: str, excused: bool
) -> None:
    assert WINDOW.excuses(connection(opened_at, ended_at, host)) is excused


def test_a_window_without_an_end_lasts_and_one_of_a_target_excuses_no_other() -> None:
    assert replace(WINDOW, ends={}).excuses(connection(1000.0, 1001.0))
    assert not replace(WINDOW, targets=["203.0.113.101"]).excuses(connection(105.0, 106.0))
    assert replace(WINDOW, targets=["192.0.2.101"]).excuses(connection(105.0, 106.0))


def test_the_tally_tells_what_was_lost_when() -> None:
    done = Connection("backend1", "192.0.2.101", 1.0, 2.0, CHUNK, Fate.DONE, "192.0.2.11")
    late = connection(111.0, 112.0, fate=Fate.REFUSED)
    counted = tally([done, connection(101.0, 109.0), late], [WINDOW], CHUNK)
    assert (counted.opened, counted.downloads, counted.bytes) == (3, 1, CHUNK)
    assert counted.lost_in_windows == Counter({"stalled": 1})
    assert counted.lost_outside == (late,)
    assert counted.by_nat == Counter({"192.0.2.11": 1})


def test_a_soak_passes_only_without_a_loss_outside_a_problem_or_a_leftover() -> None:
    good = Soak(1, 60.0, [Struck(1.0, "stopped", "nat01", True, 4.5)], [WINDOW], [connection(101.0, 105.0)])
    assert passed(good)
    assert figures(good)["outage_seconds"] == {"median": 4.5, "longest": 4.5}
    assert not passed(replace(good, connections=[connection(1.0, 2.0)]))
    assert not passed(replace(good, connections=[]))
    assert not passed(replace(good, problems=["split"]))
    assert not passed(replace(good, leftovers=["process 1 (ping)"]))


@pytest.mark.namespaces
def test_what_is_left_behind_is_named() -> None:
    with own_folder() as folder:
        watch = Watch(folder)
        namespace = Namespace("left")
        sleeping = namespace.popen(["sleep", "62"])
        try:
            watch.look()
            Path(tempfile.mkdtemp(), "forgotten").touch()
            left = watch.left()
        finally:
            sleeping.kill()
            sleeping.communicate()
            namespace.close()
        assert f"namespace {namespace.name}" in left
        assert f"process {sleeping.pid} (sleep)" in left
        assert any(name.startswith("file ") and name.endswith("/forgotten") for name in left)
        assert [name for name in watch.left() if not name.startswith("file ")] == []


@pytest.mark.namespaces
def test_the_traffic_tells_every_connection_and_how_it_was_lost() -> None:
    backend, internet = Namespace("tr-backend"), Namespace("tr-internet")
    try:
        backend.ip(f"link add eth0 type veth peer name eth0 netns {internet.name}")
        backend.ip("link set lo up", "addr add 192.0.2.9/24 dev eth0", "link set eth0 up")
        internet.ip("link set lo up", "addr add 192.0.2.101/24 dev eth0", "link set eth0 up")
        order = Order({"backend1": backend.name}, internet.name, ["192.0.2.101"], 20.0, 1, (0.2, 0.4))
        traffic = subprocess.Popen(
            [sys.executable, "-m", "tests.soak.traffic"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert traffic.stdin is not None
        traffic.stdin.write(json.dumps(asdict(order)) + "\n")
        traffic.stdin.flush()
        time.sleep(2)
        refused_from = time.time()
        internet.nft(SHUT)
        time.sleep(0.5)
        output, _ = traffic.communicate(timeout=20)
        assert traffic.returncode == 0
    finally:
        backend.close()
        internet.close()
    ended = [Connection(**{**fields, "fate": Fate(fields["fate"])}) for fields in map(json.loads, output.splitlines())]
    done = [each for each in ended if not each.lost]
    assert len(done) > 15
    assert {each.seen_as for each in done} == {"192.0.2.9"}
    assert any(each.size > CHUNK for each in done)
    lost = [each for each in ended if each.lost]
    assert {each.fate for each in lost} == {Fate.REFUSED}
    assert all(each.opened_at > refused_from - 0.1 for each in lost)


def test_every_place_of_an_answer_has_bytes_of_its_own() -> None:
    assert pattern(300, 3) == bytes([44, 45, 46])
    assert len(pattern(255, CHUNK)) == CHUNK
