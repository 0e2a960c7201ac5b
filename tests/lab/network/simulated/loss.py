"""A model of how the probe counts connections, to see whether the active NAT loses most of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

# As in infra/probe/script.
LEAST_STRIKES = 3
COUNTS = 4
PORT_FLOWS = 6
WHOLE = 4
# How many connections to each target, by the number of targets.
ROUTE_FLOWS = {1: 6, 2: 3}


@dataclass
class Loss:
    """What has come of all connections counted so far."""

    route_sent: int = 0
    route_came: int = 0
    ports_sent: int = 0
    active_came: int = 0
    passive_came: int = 0

    @property
    def percent(self) -> int:
        """Of what has gone by the active NAT, how much is lost."""
        return 100 - (self.route_came + self.active_came) * 100 // (self.route_sent + self.ports_sent)

    def may_be(self) -> bool:
        """Return whether it is worth while to go on."""
        came, sent = self.route_came + self.active_came, self.route_sent + self.ports_sent
        return came * 4 < sent * 3 and self.ports_sent - self.passive_came <= 2

    def is_proven(self) -> bool:
        """Return whether most is lost by the active NAT, and next to nothing by the passive one."""
        came, sent = self.route_came + self.active_came, self.route_sent + self.ports_sent
        return (
            0 < self.active_came * 3 < self.ports_sent * 2
            and self.route_came * 3 < self.route_sent * 2
            and came * 100 < sent * 55
            and self.ports_sent - self.passive_came <= 1
        )


def by_route(targets: Sequence[str], connects: Callable[[str], bool]) -> tuple[int, int, bool]:
    """Return how many connections were made, how many came about, and whether a target has answered some of its own."""
    each = ROUTE_FLOWS.get(len(targets), 2)
    came = [sum([connects(target) for _ in range(each)]) for target in targets]
    return each * len(targets), sum(came), any(0 < answered < each for answered in came)
