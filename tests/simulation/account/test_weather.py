"""What befalls a call is what it says, and hangs on nothing but the seed, the operation and its number."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError

from tests.gate.timing.deliveries import SECOND, TROUBLES, Deliveries
from tests.lab.cloud.execution import Call, Execution, FunctionEndedError
from tests.lab.world.virtual import VirtualWorld
from tests.simulation.account.weather import AFTER, BEFORE, FATES, SLOW, STALE_BY, Weather


class Played:
    """One call under a fate, and what came of it."""

    def __init__(self, fate: str, operation: str = "GetParameter") -> None:
        self.made: list[float | None] = []
        self.error: BaseException | None = None
        self.answer: Any = None
        self.execution = Execution()
        self._at: float | None = None
        world = VirtualWorld(1)

        def call() -> float:
            began = world.now()
            weather = Weather(1, world, (self._as_of,), 1.0, (fate,))
            try:
                self.answer = weather.interpose(Call("ssm", operation, {}, self.execution), self._make)
            except BaseException as error:  # noqa: BLE001 - looked at by the test
                self.error = error
            self.seen = weather.seen
            return world.now() - began

        self.seconds = world.run(call)

    def _make(self, within: Callable[[], AbstractContextManager[None]] = nullcontext) -> str:
        with within():
            self.made.append(self._at)
        return "answer"

    @contextmanager
    def _as_of(self, at: float) -> Iterator[None]:
        self._at = at
        yield
        self._at = None


@pytest.mark.parametrize("fate", sorted(BEFORE))
def test_a_call_that_is_refused_or_not_reached_has_no_effect(fate: str) -> None:
    played = Played(fate)
    assert played.made == []
    assert isinstance(played.error, ClientError | ConnectTimeoutError)


@pytest.mark.parametrize("fate", sorted(AFTER))
def test_a_call_whose_answer_is_lost_has_its_effect(fate: str) -> None:
    played = Played(fate)
    assert played.made == [None]
    assert isinstance(played.error, ClientError | ReadTimeoutError)


def test_a_call_may_be_made_twice_be_slow_or_tell_of_the_past() -> None:
    twice, slow, stale = Played("made twice"), Played("slow"), Played("stale")
    assert (len(twice.made), twice.answer) == (2, "answer")
    assert SLOW[0] <= slow.seconds <= SLOW[1]
    assert slow.answer == "answer"
    assert stale.made[0] is not None
    assert 0 <= 1767225600.0 - stale.made[0] <= STALE_BY


def test_what_is_written_is_never_stale() -> None:
    played = Played("stale", "PutParameter")
    assert (played.made, played.seen) == ([None], {})


@pytest.mark.parametrize(("fate", "effect"), [("killed before", []), ("killed after", [None])])
def test_a_function_that_is_killed_comes_no_further(fate: str, effect: list[None]) -> None:
    played = Played(fate)
    assert played.made == effect
    assert isinstance(played.error, FunctionEndedError)
    assert played.execution.killed


def test_every_fate_is_one_of_these() -> None:
    assert set(FATES) == {*BEFORE, *AFTER, "made twice", "slow", "stale", "killed before", "killed after"}


def befallen(seed: int, calls: list[str], spared: frozenset[str] = frozenset()) -> dict[str, str]:
    fates: dict[str, str] = {}
    world = VirtualWorld(1)

    def main() -> None:
        weather = Weather(seed, world, (), 0.3, ("made twice", "slow"), spared)
        weather.on_trouble = lambda call, fate, strike: fates.__setitem__(strike, fate)  # noqa: ARG005
        for operation in calls:
            weather.interpose(Call("ssm", operation, {}, Execution()), lambda: None)

    world.run(main)
    return fates


def test_a_seed_decides_what_befalls_a_call_whatever_else_is_called() -> None:
    reads, writes = ["GetParameters"] * 50, ["PutParameter"] * 50
    alone, among = befallen(3, reads), befallen(3, [*writes, *reads])
    assert 5 <= len(alone) <= 25
    assert alone == {strike: fate for strike, fate in among.items() if strike.startswith("GetParameters")}
    assert alone != befallen(4, reads)


def test_a_call_that_is_spared_leaves_the_others_as_they_were() -> None:
    all_of_them = befallen(3, ["GetParameters"] * 50)
    one = sorted(all_of_them)[0]
    assert befallen(3, ["GetParameters"] * 50, frozenset({one})) == {s: f for s, f in all_of_them.items() if s != one}


def test_events_are_lost_come_twice_or_late_as_often_as_they_are_to() -> None:
    befallen_by: list[str] = []
    deliveries = Deliveries(
        1, (0.2, 0.3, 0.5), (0.0, 60.0), frozenset({"event 1"}), lambda _, troubles: befallen_by.extend(troubles)
    )
    copies = [deliveries.copies() for _ in range(1000)]
    assert copies[0] == (0.0,)
    assert {len(each) for each in copies} == {0, 1, 2}
    assert all(0 <= late <= 60.0 + SECOND for each in copies for late in each)
    for trouble, share in zip(TROUBLES, (0.2, 0.3 * 0.8, 0.5 * 0.8), strict=True):
        assert abs(befallen_by.count(trouble) / 1000 - share) < 0.05
    assert sum(len(each) for each in copies) == 1000 - befallen_by.count(TROUBLES[0]) + befallen_by.count(TROUBLES[1])


def test_an_operation_may_have_weather_of_its_own() -> None:
    troubles: list[tuple[str, str]] = []
    world = VirtualWorld(1)

    def main() -> None:
        weather = Weather(1, world, storms={"GetParameters": (1.0, ("made twice",))})
        weather.on_trouble = lambda call, fate, strike: troubles.append((call.operation, fate))  # noqa: ARG005
        for operation in ("GetParameters", "PutParameter", "GetParameters"):
            weather.interpose(Call("ssm", operation, {}, Execution()), lambda: None)

    world.run(main)
    assert troubles == [("GetParameters", "made twice")] * 2
