"""An agent's connection: what breaks it, when the agent connects again, and what waits for that."""

from __future__ import annotations

from tests.gate.rules.proof import breaks, keeps
from tests.gate.run_command.agent.bench import Bench


@breaks("A4a", "A4b", "A4c")
def test_after_a_break_no_command_arrives_until_a_ping_was_missed_and_a_new_connection_is_made() -> None:
    taken = []
    for seed in range(30):
        bench = Bench(seed=seed)

        def scene(bench: Bench = bench) -> None:
            bench.mend("nat02")  # the route has moved: whoever has a connection by nat01 has lost it
            bench.send("a command")
            bench.world.sleep(300)

        begun = bench.world.now()
        bench.play(scene, connected_for=54.0 * 10 + 54 * bench.world.random.random())
        taken.append(bench.when("runs")[0] - begun)
    assert 6 <= min(taken) < 15
    assert 45 < max(taken) <= 60 + 2.5 + 1


@keeps("A4a", "A4b", "A4c")
def test_a_connection_whose_path_is_the_same_goes_on() -> None:
    bench = Bench()

    def scene() -> None:
        bench.mend("nat01")
        bench.send("a command")
        bench.world.sleep(1)

    bench.play(scene)
    assert bench.of("runs") == ["a command"]


def test_a_break_before_the_first_ping_is_noticed_later_still() -> None:
    bench = Bench()
    begun = bench.world.now()

    def scene() -> None:
        bench.mend("nat02")
        bench.send("a command")
        bench.world.sleep(200)

    bench.play(scene, connected_for=1.0)
    assert bench.when("runs")[0] - begun >= 113


def test_while_nothing_answers_its_pauses_double() -> None:
    bench = Bench()
    gone_for = 240.0

    def scene() -> None:
        bench.cut()
        bench.send("a command")
        bench.world.sleep(gone_for)
        bench.mend("nat02")
        bench.world.sleep(600)

    begun = bench.world.now()
    bench.play(scene)
    late = bench.when("runs")[0] - begun - gone_for
    assert 0 < late <= 120 * 1.5


@breaks("A9b")
def test_an_agent_that_is_gone_is_online_for_minutes_and_then_lost() -> None:
    bench = Bench()
    pings = []

    def scene() -> None:
        bench.cut()
        for seconds in (1, 299, 301):
            bench.world.sleep(seconds)
            pings.append(bench.agent.ping)

    bench.play(scene)
    assert pings[0] == "Online"
    assert pings[2] == "ConnectionLost"


@keeps("A9b")
def test_an_agent_that_is_there_is_online_for_ever() -> None:
    bench = Bench()
    pings = set()

    def scene() -> None:
        for _ in range(100):
            bench.world.sleep(77)
            pings.add(bench.agent.ping)

    bench.play(scene)
    assert pings == {"Online"}


@breaks("A2c")
def test_a_command_that_the_service_has_given_up_is_not_delivered_any_more() -> None:
    bench = Bench()

    def scene() -> None:
        bench.mend("nat02")
        bench.send("a command", expires_in=5.0)
        bench.world.sleep(300)

    bench.play(scene)
    assert bench.events == []


@keeps("A2c")
def test_a_command_that_waits_for_a_connection_is_delivered_with_it() -> None:
    bench = Bench()

    def scene() -> None:
        bench.mend("nat02")
        bench.send("a command", expires_in=200.0)
        bench.world.sleep(300)

    bench.play(scene)
    assert bench.of("Success") == ["a command"]
