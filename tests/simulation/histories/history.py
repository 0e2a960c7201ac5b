"""A history before it is played: what happens when, as data, so that parts of it can be left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Argument = str | float | int


@dataclass(frozen=True)
class Step:
    """Something that happens in a history.

    Attributes:
        kind: one of ``steps.STEPS``.
        at: seconds after the beginning of the history, or after the call of ``upon``.
        upon: a call as ``steps.called`` names it, and which of those; it has to take effect first.
        arguments: of the kind.
    """

    kind: str
    at: float
    arguments: tuple[Argument, ...] = ()
    upon: tuple[str, int] | None = None

    @property
    def in_words(self) -> str:
        """Say what and when."""
        when = f"{self.at:.2f} s" if self.upon is None else f"{self.at:.2f} s after {self.upon[0]} no. {self.upon[1]}"
        return f"{self.kind}{self.arguments or ''} at {when}".replace("'", "")


@dataclass(frozen=True)
class History:
    """A history, given by its seed.

    Attributes:
        settings: of the pair, as the CDK app takes them.
        environment: variables of the function that are changed after the deployment.
        subnets: how many private ones there are.
        backends: how many there are.
        slower: factor of every latency of AWS.
        harsh: factor of how often AWS refuses, loses and forgets on an ordinary day, see ``tests.gate.harshness``.
        share: of all calls that something befalls.
        fates: what may befall them, see ``tests.simulation.account.weather``.
        storms: an operation, the share of its calls that something befalls, and what, in place of the above.
        events: share of the status-change events that are lost, that come twice, and that are late.
        steps: what happens.
        lasts: seconds until all troubles end.
        finale: how the active NAT dies after that, see ``tests.simulation.histories.machines.DEATHS``.
        spared: calls and events that nothing befalls, see ``tests.simulation.account.weather.Weather``.
    """

    seed: int
    settings: Mapping[str, object] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    subnets: int = 2
    backends: int = 4
    slower: float = 1.0
    harsh: float = 1.0
    share: float = 0.0
    fates: tuple[str, ...] = ()
    storms: tuple[tuple[str, float, tuple[str, ...]], ...] = ()
    events: tuple[float, float, float] = (0.0, 0.0, 0.0)
    steps: tuple[Step, ...] = ()
    lasts: float = 120.0
    finale: str = "rules flushed"
    spared: frozenset[str] = frozenset()

    def may_be(self, fate: str) -> bool:
        """Whether a call may have a fate."""
        storms = ((share, fates) for _, share, fates in self.storms)
        return any(share > 0 and fate in fates for share, fates in ((self.share, self.fates), *storms))
