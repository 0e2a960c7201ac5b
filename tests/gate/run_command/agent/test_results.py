"""An agent's results: when they arrive, how often, and when never."""

from __future__ import annotations

from dataclasses import replace

from tests.gate.rules.proof import breaks, keeps
from tests.gate.run_command.agent.bench import CERTAIN, Bench


def _lose_a_result(bench: Bench, gone_for: float, way: str) -> None:
    bench.send("a command", 5.0)
    bench.world.sleep(1)
    bench.cut()
    bench.world.sleep(gone_for)
    bench.mend(way)
    bench.world.sleep(400)


@breaks("A5a")
def test_a_result_that_finds_no_connection_comes_with_the_job_that_runs_every_five_minutes() -> None:
    late = []
    for seed in range(20):
        bench = Bench(seed=seed)
        begun = bench.world.now()
        bench.play(lambda bench=bench: _lose_a_result(bench, 10.0, "nat02"))  # type: ignore[misc]
        assert bench.of("Success") == ["a command"]
        late.append(bench.when("Success")[0] - begun)
    assert max(late) <= 10 + 300 + 75
    assert min(late) > 6


@keeps("A5a", "A5c", "A6b")
def test_a_result_that_finds_its_connection_comes_at_once_and_once() -> None:
    bench = Bench()

    def scene() -> None:
        bench.send("a command", 5.0)
        bench.world.sleep(700)

    begun = bench.world.now()
    bench.play(scene)
    assert [round(at - begun) for at in bench.when("Success")] == [5]


@breaks("A5c")
def test_a_result_sent_into_a_gap_comes_after_it_and_once_more_with_the_job() -> None:
    bench = Bench()
    begun = bench.world.now()
    bench.play(lambda: _lose_a_result(bench, 8.0, "nat01"))
    first, second = (at - begun for at in bench.when("Success"))
    assert 9 <= first <= 20
    assert second <= 310


def _cut_off_for(bench: Bench, seconds: float) -> None:
    bench.send("a command", 5.0)
    bench.world.sleep(1)
    bench.cut()
    bench.world.sleep(seconds)
    bench.mend("nat02")
    bench.world.sleep(2 * 3600)


@breaks("A5b")
def test_a_result_that_is_two_hours_old_is_never_sent() -> None:
    bench = Bench()
    bench.play(lambda: _cut_off_for(bench, 2 * 3600 + 400))
    assert bench.of("Success") == []


@keeps("A5b")
def test_a_result_that_is_not_yet_two_hours_old_is_sent() -> None:
    bench = Bench()
    bench.play(lambda: _cut_off_for(bench, 3600))
    assert bench.of("Success") == ["a command"]


@breaks("A6b")
def test_a_result_whose_acknowledgement_is_late_comes_twice() -> None:
    bench = Bench(replace(CERTAIN, twice=1.0))

    def scene() -> None:
        bench.send("a command", 5.0)
        bench.world.sleep(700)

    bench.play(scene)
    first, second = bench.when("Success")
    assert 0 < second - first <= 300
