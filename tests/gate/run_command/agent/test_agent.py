"""The agent alone: its queue, its connection, its results; in virtual time, on a network that is one switch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

from tests.gate.rules.proof import breaks, keeps
from tests.gate.run_command.agent.agent import Agent, Task
from tests.gate.run_command.command import Told
from tests.gate.run_command.habits import AgentHabits
from tests.lab.network.vpc import Path
from tests.lab.world.virtual import VirtualWorld

CERTAIN = AgentHabits(word_lost=0.0, twice=0.0)
ONLINE = Told("Success", "Success", 0, "online")


class Switch:
    """A network that carries, or not; ``way`` names the way that it takes."""

    def __init__(self) -> None:
        self.carrying = True
        self.way = "nat01"

    def reaches(self, host: str, address: str, port: int | None = None) -> bool:
        del host, address, port
        return self.carrying

    def path(self, host: str, address: str) -> Path:
        del host, address
        return Path(self.way)

    def carries(self, host: str, address: str, path: Path, port: int = 443) -> bool:
        del host, address, port
        return self.carrying and path.way == self.way


class Bench:
    """An agent, and what it has said: when, of which command, what."""

    def __init__(self, habits: AgentHabits = CERTAIN, seed: int = 1) -> None:
        self.world = VirtualWorld(seed)
        self.network = Switch()
        self.said: list[tuple[float, str, str]] = []
        self.habits = habits
        self.agent: Agent

    def play(self, scene: Callable[[], None], connected_for: float = 54.0 * 10 + 1) -> None:
        """Play a scene with an agent that has been connected for so many seconds."""

        def main() -> None:
            chance = Random(1)
            self.agent = Agent("backend1", "192.0.2.1", self.network, self.world, self.habits, chance)
            self.agent.connection.begin(connected_for)
            scene()

        self.world.run(main)

    def send(self, name: str, lasts: float = 1.0, *, expires_in: float = float("inf")) -> None:
        """Deliver a command that lasts so many seconds."""

        def run() -> Told:
            self.said.append((self.world.now(), name, "runs"))
            self.world.sleep(lasts)
            return ONLINE

        def arrived(told: Told) -> None:
            self.said.append((self.world.now(), name, told.status))

        task = Task(run, arrived, self.world.now() + expires_in)
        self.world.spawn(lambda: self.agent.deliver(task), name)

    def cut(self) -> None:
        """Let nothing pass."""
        self.network.carrying = False
        self.agent.look()

    def mend(self, way: str = "nat01") -> None:
        """Let packets pass, by some way."""
        self.network.carrying, self.network.way = True, way
        self.agent.look()

    def of(self, what: str) -> list[str]:
        """Give the names of the commands of which something was said, in order."""
        return [name for _, name, word in self.said if word == what]

    def when(self, what: str) -> list[float]:
        """Give when something was said."""
        return [at for at, _, word in self.said if word == what]


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
    bench = Bench(replace(CERTAIN, word_lost=1.0))
    bench.play(lambda: _send_many(bench, 1))
    assert [word for _, _, word in bench.said] == ["runs"]


@keeps("A1b")
def test_the_word_in_progress_comes_before_the_script_runs() -> None:
    bench = Bench()
    bench.play(lambda: _send_many(bench, 1))
    assert [word for _, _, word in bench.said] == ["InProgress", "runs"]


@breaks("A3")
def test_a_script_starts_40_to_70_ms_after_the_message_and_its_result_leaves_2_to_5_ms_after_its_end() -> None:
    bench = Bench()

    def scene() -> None:
        bench.send("a command", 1.0)
        bench.world.sleep(2)

    bench.play(scene)
    (taken,), (begun,), (ended,) = (bench.when(word) for word in ("InProgress", "runs", "Success"))
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
    assert bench.said == []


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


def _without_a_word_for(bench: Bench, seconds: float) -> None:
    bench.send("a command", 5.0)
    bench.world.sleep(1)
    bench.cut()
    bench.world.sleep(seconds)
    bench.mend("nat02")
    bench.world.sleep(2 * 3600)


@breaks("A5b")
def test_a_result_that_is_two_hours_old_is_never_sent() -> None:
    bench = Bench()
    bench.play(lambda: _without_a_word_for(bench, 2 * 3600 + 400))
    assert bench.of("Success") == []


@keeps("A5b")
def test_a_result_that_is_not_yet_two_hours_old_is_sent() -> None:
    bench = Bench()
    bench.play(lambda: _without_a_word_for(bench, 3600))
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


def _reboot(bench: Bench, *, reachable: bool) -> None:
    for n in range(6):
        bench.send(f"command {n}", 30.0)
    bench.world.sleep(1)
    bench.agent.went_down()
    bench.network.carrying = reachable
    bench.agent.came_up()


@breaks("A7b")
def test_a_reboot_fails_what_ran_a_minute_after_the_agent_is_back_and_starts_what_waited() -> None:
    bench = Bench()

    def scene() -> None:
        _reboot(bench, reachable=True)
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
    assert [word for _, _, word in bench.said] == ["InProgress", "runs", "Success"]


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
    assert bench.said == []


@keeps("A2c")
def test_a_command_that_waits_for_a_connection_is_delivered_with_it() -> None:
    bench = Bench()

    def scene() -> None:
        bench.mend("nat02")
        bench.send("a command", expires_in=200.0)
        bench.world.sleep(300)

    bench.play(scene)
    assert bench.of("Success") == ["a command"]
