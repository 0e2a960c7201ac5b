"""What an agent makes of its host's boot."""

from __future__ import annotations

from tests.gate.rules.proof import breaks, keeps
from tests.gate.run_command.agent.bench import Bench


@breaks("A7b")
def test_a_reboot_fails_what_ran_a_minute_after_the_agent_is_back_and_starts_what_waited() -> None:
    bench = Bench()

    def scene() -> None:
        for n in range(6):
            bench.send(f"command {n}", 30.0)
        bench.world.sleep(1)
        bench.agent.went_down()
        bench.agent.came_up()
        bench.world.sleep(200)

    begun = bench.world.now()
    bench.play(scene)
    assert sorted(bench.of("Failed")) == [f"command {n}" for n in range(5)]
    assert all(70 <= at - begun <= 92 for at in bench.when("Failed"))
    assert bench.of("Success") == ["command 5"]


@keeps("A7b", "A9a")
def test_a_reboot_of_an_idle_host_says_nothing() -> None:
    bench = Bench()

    def scene() -> None:
        bench.agent.went_down()
        bench.agent.came_up()
        bench.world.sleep(200)
        bench.send("a command")
        bench.world.sleep(5)

    bench.play(scene)
    assert [event for _, _, event in bench.events] == ["InProgress", "runs", "Success"]


@breaks("A9a")
def test_a_host_that_boots_cut_off_tries_again_after_five_minutes_and_then_every_ten_to_sixty() -> None:
    bench = Bench()
    begun = bench.world.now()

    def scene() -> None:
        bench.agent.went_down()
        bench.network.carrying = False
        bench.agent.came_up()
        bench.send("a command")
        bench.world.sleep(400)
        bench.mend()
        bench.world.sleep(2 * 3600)

    bench.play(scene)
    assert 300 + 600 <= bench.when("runs")[0] - begun <= 30 + 300 + 3600 + 60
