"""The echo: a second command on the passive NAT, which ends when the listener there has something to tell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tests.lab.network.network import ProbeOutcome
from tests.lab.network.simulated.process import SimulatedProcess

if TYPE_CHECKING:
    from tests.lab.network.simulated.network import SimulatedNetwork

# As in infra/probe/script, in seconds.
ECHO_AFTER = 0.5


def is_echo(arguments: Sequence[str]) -> bool:
    """Tell whether a NAT is named as both, for a while: after a failover it is, but at once."""
    window, active, passive = arguments
    return active == passive != "-" and int(window) > 0


class Echo(SimulatedProcess):
    """See ``infra/probe/script``; the newest of a pair on a NAT is woken."""

    def __init__(self, network: SimulatedNetwork, host: str, pair: str, arguments: Sequence[str]) -> None:
        self._network = network
        self._window = float(arguments[0])
        self._woken = network.world.signal()
        network.machine(host).echoes[pair] = self
        super().__init__(network.world, f"echo on {host}")

    def wake(self) -> None:
        """End it: the listener has ended."""
        self._woken.give()

    def _main(self) -> None:
        code = int(self._woken.wait(self._window))
        if code:
            self._network.world.sleep(ECHO_AFTER)
        self._outcome = ProbeOutcome(code, '{"probe":2,"echo":1}\n' if code else "")
