"""A person with the command, in the lab: the same means, the lab's clock, and something that happens on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from nat_failover.cli.operator.operator import Hand
from nat_failover.cli.operator.plan import Passed
from nat_failover.cli.operator.preview import Ahead, look_ahead
from nat_failover.cli.operator.transfer import Passage
from nat_failover.settings import Settings
from tests.gate.harshness import GENTLE
from tests.lab.cloud.execution import Execution, LabRuntime
from tests.lab.lab import Lab
from tests.lab.latencies import Latencies
from tests.lab.network.layout import Layout
from tests.lab.played import Test, played

ALICE, BOB = "arn:aws:iam::123456789012:user/alice", "arn:aws:iam::123456789012:user/bob"


@dataclass
class Person:
    """Somebody at the terminal.

    Attributes:
        on: what happens as soon as the command says something that begins with a text, once.
        lines: what it has printed.
    """

    lab: Lab
    name: str = ALICE
    on: dict[str, Callable[[], object]] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.execution = Execution(self.lab.world.now)
        self.settings = Settings.from_environment(self.lab.cloud.environment)
        runtime = LabRuntime(self.lab.world, self.execution)
        self.hand = Hand(self.settings, self.lab.gateway.clients(self.execution), runtime, self.name)

    def hear(self, text: str) -> None:
        """Read what the command says."""
        self.lines.append(text)
        for beginning in [b for b in self.on if text.startswith(b)]:
            self.on.pop(beginning)()

    def looks_ahead(self, name: str = "failback") -> Ahead:
        """Plan a failover, or a failback."""
        table = self.settings.primary_route_table if name == "failback" else None
        return look_ahead(self.hand, name, table, self.hear, staged=name == "failback")

    def follows(self, ahead: Ahead) -> Passed:
        """Follow a plan."""
        assert ahead.plan is not None
        return Passage(self.hand, ahead.plan, self.hear).go()

    def fails_over(self) -> Passed:
        """Fail over, and let the claim's end come; where that takes real time, somebody takes it away."""
        passed = self.follows(self.looks_ahead("failover"))
        if self.lab.world.virtual:
            self.lab.wait(20)
        else:
            self.lab.cloud.ssm.delete_parameter(Name=self.settings.claim_parameter)  # type: ignore[attr-defined]
        return passed


def in_lab(
    network: str = "simulated",
    settings: dict[str, object] | None = None,
    layout: Layout | None = None,
    *,
    paused: bool = False,
) -> Callable[[Test], Test]:
    """Play a test in a lab whose function watches, unless it is paused; it may have ``lab`` and ``alice`` in it."""

    def stage(test: Test, network: str = network, **_: object) -> None:
        latencies = Latencies().scaled(1.0 if network == "simulated" else 0.3)

        def main(lab: Lab) -> None:
            if paused:
                lab.cloud.set_lock("paused")
            lab.begin()
            lab.wait(3)
            test(lab=lab, alice=Person(lab))

        Lab(network, 1, latencies, settings, layout, harshness=GENTLE).run(main)

    return played(stage, ["lab", "alice"])
