"""How many commands an agent takes and runs at once, and how soon a command that it takes starts."""

from __future__ import annotations

from dataclasses import replace

from tests.gate.rules.proof import breaks, keeps
from tests.gate.run_command.agent.bench import CERTAIN, Bench


def _send_many(bench: Bench, number: int) -> None:
    for n in range(number):
        bench.send(f"command {n}", 60.0)
    bench.world.sleep(1)


@breaks("A1a")
def test_the_sixth_command_waits_and_is_in_progress_all_the_same() -> None:
    bench = Bench()
    bench.play(lambda: _send_many(bench, 6))
    assert len(bench.of("InProgress")) == 6
    assert len(bench.of("runs")) == 5


@keeps("A1a")
def test_five_commands_run_at_once() -> None:
    bench = Bench()
    bench.play(lambda: _send_many(bench, 5))
    assert len(bench.of("runs")) == 5


@breaks("A1c")
def test_the_eleventh_command_is_not_taken_and_never_runs() -> None:
    bench = Bench()

    def scene() -> None:
        _send_many(bench, 11)
        bench.world.sleep(300)

    bench.play(scene)
    assert len(bench.of("InProgress")) == len(bench.of("runs")) == len(bench.of("Success")) == 10


@keeps("A1c")
def test_ten_commands_are_taken() -> None:
    bench = Bench()
    bench.play(lambda: _send_many(bench, 10))
    assert len(bench.of("InProgress")) == 10


@breaks("A1b")
def test_the_word_in_progress_is_said_once_and_may_be_lost() -> None:
    bench = Bench(replace(CERTAIN, in_progress_lost=1.0))
    bench.play(lambda: _send_many(bench, 1))
    assert [event for _, _, event in bench.events] == ["runs"]


@keeps("A1b")
def test_the_word_in_progress_comes_before_the_script_runs() -> None:
    bench = Bench()
    bench.play(lambda: _send_many(bench, 1))
    assert [event for _, _, event in bench.events] == ["InProgress", "runs"]


@breaks("A3")
def test_a_script_starts_40_to_70_ms_after_the_message_and_its_result_leaves_2_to_5_ms_after_its_end() -> None:
    bench = Bench()

    def scene() -> None:
        bench.send("a command", 1.0)
        bench.world.sleep(2)

    bench.play(scene)
    (taken,), (begun,), (ended,) = (bench.when(event) for event in ("InProgress", "runs", "Success"))
    assert 0.04 <= begun - taken <= 0.07
    assert 1.002 <= ended - begun <= 1.005


@keeps("A3")
def test_what_is_not_taken_takes_no_time() -> None:
    bench = Bench()

    def scene() -> None:
        bench.cut()
        bench.send("a command")
        bench.world.sleep(0.5)

    bench.play(scene)
    assert bench.events == []
