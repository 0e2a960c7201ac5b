"""Scripts on hosts of both networks: what they see, and what ends them."""

from __future__ import annotations

import os

from tests.lab.network.bench import EVERYBODY, NATS, Bench


def test_a_running_probe_sees_a_cut(bench: Bench) -> None:
    def body() -> None:
        begun = bench.world.now()

        def cut() -> None:
            bench.world.sleep(2)
            bench.network.flush_nat_rules("nat01")

        bench.world.spawn(cut, "cut")
        try:
            code, _ = bench.watch("backend5", 60)
        finally:
            bench.network.stop("nat01")
            bench.network.start("nat01")
        assert code == 1
        assert 3 < bench.world.now() - begun < 7

    bench.play(body)


def test_a_killed_probe_and_one_on_a_stopped_host_end_without_a_word(bench: Bench) -> None:
    def body() -> None:
        runs = [bench.start_watch(host, 600) for host in ("backend1", "backend2")]
        begun = bench.world.now()
        bench.world.sleep(1)
        runs[0].kill()
        bench.network.stop("backend2")
        try:
            outcomes = [run.wait() for run in runs]
        finally:
            bench.network.start("backend2")
        assert all(outcome.exit_code < 0 for outcome in outcomes)
        assert [outcome.stdout for outcome in outcomes] == ["", ""]
        assert bench.world.now() - begun < 5
        assert bench.reaching() == EVERYBODY | NATS

    bench.play(body)


def test_the_end_of_a_run_does_not_wait_for_probes(bench: Bench) -> None:
    def body() -> None:
        bench.world.spawn(lambda: bench.watch("backend6", 600), "agent")
        bench.world.sleep(1)

    begun = os.times().elapsed
    bench.play(body)
    assert os.times().elapsed - begun < 4
