"""Many takers at once, with whatever may befall a call: one acts for each arming, and one has a claim at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from nat_failover.lock.claim import Claim
from nat_failover.lock.held import ClaimLostError, HeldLock, LockChangedError
from nat_failover.lock.parameter import Parameters
from nat_failover.lock.record import LockState, Record
from nat_failover.lock.store import LockStore
from nat_failover.settings import Settings
from tests.examples import ENVIRONMENT
from tests.lab.cloud.execution import Call, Execution
from tests.lab.world.virtual import VirtualWorld
from tests.simulation.account.account import ModelAccount
from tests.simulation.account.holdings import Holdings, Refused, Version
from tests.simulation.account.weather import Weather

SETTINGS = Settings.from_environment(ENVIRONMENT)
LOCK, CLAIM = SETTINGS.lock_parameter, SETTINGS.claim_parameter
FATES = (
    *("throttled", "server error", "not reached"),
    *("answer lost", "server error after it was done", "made twice", "stale"),
)
SOMETIMES = st.lists(st.sampled_from(FATES), min_size=1, max_size=4).map(tuple)


class Clock:
    """The world as one taker sees it, by a clock of its own that may be wrong."""

    def __init__(self, world: VirtualWorld, ahead: float) -> None:
        self._world = world
        self._ahead = ahead
        self.random = world.random

    def now(self) -> float:
        return self._world.now() + self._ahead

    def sleep(self, seconds: float) -> None:
        self._world.sleep(seconds)

    def together(self, calls: Any) -> list[Any]:
        return self._world.together(calls)


class Ssm:
    """A client whose calls take time, and are befallen."""

    class exceptions:  # noqa: N801 - as boto3 names it
        """As boto3 has them."""

        class ParameterAlreadyExists(ClientError):  # noqa: N818
            """The parameter exists."""

    def __init__(self, world: VirtualWorld, account: ModelAccount, weather: Weather, owner: str) -> None:
        self._world = world
        self._account = account
        self._weather = weather
        self._owner = owner
        self._execution = Execution()

    def get_parameters(self, **arguments: Any) -> Any:
        return self._call("GetParameters", arguments)

    def put_parameter(self, **arguments: Any) -> Any:
        return self._call("PutParameter", arguments)

    def _call(self, operation: str, arguments: Mapping[str, Any]) -> Any:
        self._world.sleep(self._world.random.uniform(0.0, 0.3))
        answer = self._weather.interpose(
            Call("ssm", operation, arguments, self._execution), partial(self._answer, operation, arguments)
        )
        self._world.sleep(self._world.random.uniform(0.0, 0.3))
        return answer

    def _answer(self, operation: str, arguments: Mapping[str, Any], within: Callable[[], Any] = nullcontext) -> Any:
        try:
            with within():
                if operation == "PutParameter":
                    return self._account.put(arguments, self._owner)
                return self._account.answer(operation, arguments)
        except Refused as refused:
            error = {"Error": {"Code": refused.code, "Message": refused.message}}
            raise self.exceptions.ParameterAlreadyExists(error, operation) from None  # type: ignore[arg-type]


@dataclass
class Crowd:
    """Takers of one pair.

    Attributes:
        held: who has been told that the claim is theirs.
        acted: who has been told that its record stands, and by which version of the lock.
    """

    seed: int
    takers: int
    share: float
    fates: tuple[str, ...]
    skew: float
    dead_claim: bool
    held: list[str] = field(default_factory=list)
    acted: list[str] = field(default_factory=list)

    def play(self, act: Callable[[Crowd, LockStore, Clock, str], None]) -> ModelAccount:
        """Have all of them try at about the same time."""
        world = VirtualWorld(self.seed)
        account = ModelAccount(Holdings({}, {}, {}), world.now)
        account.holdings.parameters[LOCK] = [Version("armed", 1, world.now(), "person")]
        if self.dead_claim:
            dead = Claim("dead", world.now() - 1, 7)
            account.holdings.parameters[CLAIM] = [Version(dead.text, 7, world.now() - 61, "dead")]
        weather = Weather(self.seed, world, (account.as_of,), self.share, self.fates)

        def taker(name: str) -> None:
            world.sleep(world.random.uniform(0.0, 1.0))
            ssm: Any = Ssm(world, account, weather, name)
            clock = Clock(world, world.random.uniform(-self.skew, self.skew))
            try:
                act(self, LockStore(Parameters(ssm, ssm, clock), SETTINGS, clock), clock, name)
            except (ClientError, BotoCoreError, ClaimLostError, LockChangedError):
                return

        def main() -> None:
            tasks = [world.spawn(partial(taker, f"taker-{n}"), f"taker {n}") for n in range(self.takers)]
            for task in tasks:
                task.join()

        world.run(main)
        return account


def take(crowd: Crowd, store: LockStore, clock: Clock, name: str) -> None:
    """Take the claim, and go."""
    del clock
    if store.take(name) is not None:
        crowd.held.append(name)


def fail_over(crowd: Crowd, store: LockStore, clock: Clock, name: str) -> None:
    """Take the claim and write the record, as a failover begins."""
    held: HeldLock | None = store.take(name)
    if held is None or held.read().state is not LockState.ARMED:
        return
    tables = SETTINGS.tables
    held.write(Record(LockState.FAILING_OVER, name, clock.now(), *tables, {}, (), "why"))
    crowd.acted.append(name)
    clock.sleep(1.0)
    held.write(Record(LockState.FAILED_OVER, name, clock.now(), *tables, {}, (), "why", "done"))


CROWDS = st.builds(
    Crowd,
    seed=st.integers(0, 2**32),
    takers=st.integers(2, 8),
    share=st.sampled_from((0.0, 0.2, 0.5)),
    fates=SOMETIMES,
    skew=st.just(0.0),
    dead_claim=st.booleans(),
)


@settings(max_examples=300, deadline=None)
@given(CROWDS)
def test_of_many_takers_at_most_one_has_the_claim(crowd: Crowd) -> None:
    crowd.play(take)
    assert len(crowd.held) <= 1


@settings(max_examples=100, deadline=None)
@given(CROWDS)
def test_of_many_takers_whom_nothing_befalls_exactly_one_has_the_claim(crowd: Crowd) -> None:
    crowd.share = 0.0
    crowd.play(take)
    assert len(crowd.held) == 1


@settings(max_examples=500, deadline=None)
@given(CROWDS, st.sampled_from((0.0, 5.0, 300.0)))
def test_one_arming_leads_to_one_record_at_most_though_clocks_are_wrong_and_claims_worth_nothing(
    crowd: Crowd, skew: float
) -> None:
    crowd.skew = skew
    crowd.play(fail_over)
    assert len(crowd.acted) <= 1


@settings(max_examples=200, deadline=None)
@given(CROWDS)
def test_the_record_of_whoever_acts_stands_until_its_outcome_does(crowd: Crowd) -> None:
    account = crowd.play(fail_over)
    texts = [version.text for version in account.holdings.parameters[LOCK]]
    if crowd.acted:
        assert crowd.acted[0] in texts[-1]
