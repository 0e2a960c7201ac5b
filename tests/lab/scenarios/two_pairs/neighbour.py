"""The other pair of a lab: its function, and the commands that it sends to the same hosts."""

from __future__ import annotations

from tests.gate.run_command.on_network import RunCommand
from tests.lab.cloud.functions import Functions
from tests.lab.cloud.gateway import Gateway
from tests.lab.lab import Lab
from tests.lab.network.layout import SSM_ENDPOINT
from tests.lab.scenarios.two_pairs.account import TwoZonesCloud


class Neighbour:
    """Runs the other pair's function beside the lab's own, in the same account and on the same network.

    Args:
        lab: whose account is up.

    Attributes:
        cloud: the account as the other pair sees it.
    """

    def __init__(self, lab: Lab) -> None:
        assert isinstance(lab.cloud, TwoZonesCloud)
        self.cloud = lab.cloud.other()
        world, latencies, harshness = lab.world, lab.latencies, lab.harshness
        self.run_command = RunCommand(
            self.cloud,
            lab.network,
            world,
            latencies,
            SSM_ENDPOINT,
            lambda event: self.functions.emit(event),  # noqa: PLW0108 - there is no self.functions yet
        )
        self.gateway = Gateway(self.cloud, self.run_command, world, latencies, harshness, lab.seed + 1)
        self.functions = Functions(self.cloud, self.gateway, world, latencies, harshness, lab.seed + 1)

    def start(self) -> None:
        """Start its agents and its schedule."""
        self.run_command.start()
        self.functions.start()
