"""How often AWS refuses, loses and forgets on an ordinary day: nobody can measure it here, so it is drawn."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from random import Random

Range = tuple[float, float]
SHARES = (
    *("updates_refused", "answer_lost", "stale", "short_page", "invoked_twice"),
    *("event_lost", "event_twice", "event_late"),
)


@dataclass(frozen=True)
class Harshness:
    """Rates: calls a second for the account, shares of what may be befallen, ranges in seconds.

    What EC2 lets through is documented action by action: see ``tests.gate.timing.rates``.

    Attributes:
        put_rate: PutParameter, calls a second. T1
        get_rate: GetParameter and GetParameters together. T1
        list_rate: ListCommands, and ListCommandInvocations, each. T3
        update_window: a write within so many seconds of another to the same parameter may be refused. T2
        updates_refused: share of those that are. T2
        answer_lost: share of the writes that take effect and whose answer never arrives. T5
        lost_silently: share of those where the connection stays open, so that the client waits for its timeout. T5
        stale_for: how long the slowest replica of a parameter lags behind. T6
        stale: share of the reads within that time that it answers. T6
        short_page: share of the lists with a page that is short or empty, and a token. R7
        unaddressed: how long an instance is without a public address after its Elastic IP was taken away. T7
        event_lost: share of the status-change events that never come. T8
        event_twice: share that come twice. T8
        event_late: share that come late. T8
        late_by: by how much. T8
        invoked_twice: share of the events for which Lambda invokes the function twice. T8
    """

    put_rate: float = 3.0
    get_rate: float = 40.0
    list_rate: float = 5.0
    update_window: float = 1.0
    updates_refused: float = 0.5
    answer_lost: float = 0.01
    lost_silently: float = 0.2
    stale_for: Range = (0.0, 1.0)
    stale: float = 0.5
    short_page: float = 0.1
    unaddressed: Range = (10.0, 300.0)
    event_lost: float = 0.01
    event_twice: float = 0.2
    event_late: float = 0.05
    late_by: Range = (5.0, 180.0)
    invoked_twice: float = 0.01

    def draw(self, name: str, chance: Random) -> float:
        """Draw one of the ranges."""
        low, high = getattr(self, name)
        return chance.uniform(low, high)

    def scaled(self, factor: float) -> Harshness:
        """Return the same with every share multiplied; what is documented stays: the rates, and the addresses."""
        return replace(self, **{name: min(1.0, getattr(self, name) * factor) for name in SHARES})

    def as_json(self) -> dict[str, float | list[float]]:
        """Return them for JSON."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    @property
    def in_words(self) -> str:
        """Return them in one line."""
        return ", ".join(
            f"{name} {value[0]:g}-{value[1]:g}" if isinstance(value, list) else f"{name} {value:g}"
            for name, value in self.as_json().items()
        )


# Nothing is left to chance: for tests that need quiet.
GENTLE = Harshness().scaled(0)
