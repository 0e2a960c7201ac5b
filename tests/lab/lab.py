"""One lab: a network, an account, the function, the pinger; what a scenario plays with."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from random import Random
from typing import TYPE_CHECKING, Any

from tests.gate.harshness import Harshness
from tests.gate.run_command.on_network import RunCommand
from tests.lab.closing import closed_after
from tests.lab.cloud.clients import have_spare_clients
from tests.lab.cloud.cloud import Cloud
from tests.lab.cloud.functions import Functions, Invocation
from tests.lab.cloud.gateway import Gateway
from tests.lab.cloud.moto_cloud import MotoCloud
from tests.lab.latencies import Latencies
from tests.lab.network.layout import SSM_ENDPOINT, SSM_PUBLIC, TARGETS, Layout, standard_layout
from tests.lab.network.network import Network
from tests.lab.network.pinger import Pinger
from tests.lab.network.simulated.network import SimulatedNetwork
from tests.lab.network.simulated.pinger import SimulatedPinger
from tests.lab.network.vpc import Path
from tests.lab.world.real import RealWorld
from tests.lab.world.virtual import VirtualWorld
from tests.lab.world.world import World

if TYPE_CHECKING:
    from tests.lab.scenarios.two_pairs.neighbour import Neighbour

SETTINGS: Mapping[str, object] = {"targets": list(TARGETS)}
NETWORKS = ("namespaces", "simulated")
MakeCloud = Callable[[Network, Mapping[str, object], int], Cloud]


class Lab:
    """Everything of one run.

    Args:
        network: ``namespaces`` or ``simulated``.
        seed: of everything that is left to chance.
        latencies: what AWS would add.
        settings: of the pair, beside its ids.
        layout: the VPC; the standard one where not given.
        on_start: called when the lab is up, e.g. to begin a live view.
        cloud: makes the account.
        measured: whether the independent pinger runs; over virtual days it is what takes the time.
        harshness: how often AWS refuses, loses and forgets.

    Attributes:
        broken_at: when the scenario's fault began; None before.
        seen_before: what the Internet saw the backends as before it, where a scenario has looked.
        neighbour: the other pair, where a scenario has one.
        flows: TCP connections that a scenario has begun: from which backend, to which address, on which path.
        connected: whether each of the TCP connections came about that a scenario has tried to make.
        protected: what ``status`` said of the pair, where a scenario has looked.
        picks_up: whether a packet in mid-flow that no interface has tracked is carried on; drawn, as AWS says nothing
            of it (N4).
    """

    def __init__(
        self,
        network: str,
        seed: int,
        latencies: Latencies,
        settings: Mapping[str, object] | None = None,
        layout: Layout | None = None,
        on_start: Callable[[Lab], None] | None = None,
        cloud: MakeCloud = MotoCloud,
        measured: bool = True,
        *,
        harshness: Harshness = Harshness(),  # noqa: B008 - it is frozen
    ) -> None:
        layout = layout or standard_layout()
        # By a draw of its own, so that all else of a seed's history stays what it was.
        self.picks_up = Random(f"packets in mid-flow {seed}").random() < 0.5
        self.seed = seed
        self.latencies = latencies
        self.harshness = harshness
        self.world: World
        self.network: Network
        self.pinger: Pinger
        if network == "simulated":
            self.world = VirtualWorld(seed)
            simulated = SimulatedNetwork(layout, self.world, picks_up=self.picks_up)
            self.network, self.pinger = simulated, SimulatedPinger(simulated, TARGETS)
        else:
            # Only here, because elsewhere than on Linux its modules can't even be imported.
            from tests.lab.network.real.icmp import RealPinger  # noqa: PLC0415
            from tests.lab.network.real.namespaces import NamespacesNetwork  # noqa: PLC0415

            self.world = RealWorld(seed)
            real = NamespacesNetwork(layout, picks_up=self.picks_up)
            self.network, self.pinger = real, RealPinger(real.backend_namespaces, TARGETS)
        merged = {**SETTINGS, **(settings or {})}
        self.cloud: Cloud = cloud(self.network, merged, seed)
        ssm = SSM_PUBLIC if merged.get("ssmAccess") == "none" else SSM_ENDPOINT
        self.run_command = RunCommand(
            self.cloud,
            self.network,
            self.world,
            latencies,
            ssm,
            lambda event: self.functions.emit(event),  # noqa: PLW0108 - there is no self.functions yet
        )
        self.gateway = Gateway(self.cloud, self.run_command, self.world, latencies, harshness, seed)
        self.functions = Functions(self.cloud, self.gateway, self.world, latencies, harshness, seed)
        self.broken_at: float | None = None
        self.seen_before: dict[str, str | None] = {}
        self.flows: list[tuple[str, str, Path]] = []
        self.connected: list[bool] = []
        self.protected: list[bool] = []
        self.neighbour: Neighbour | None = None
        self._on_start = on_start
        self._measured = measured

    def run(self, scenario: Callable[[Lab], None]) -> None:
        """Build everything, play a scenario, remove everything."""

        def main() -> None:
            with closed_after(self.pinger.stop):
                self.network.open()
                self.cloud.open(self.world.now())
                self.run_command.start()
                if not self.world.virtual:
                    have_spare_clients(8)
                if self._measured:
                    self.pinger.start()
                if self._on_start is not None:
                    self._on_start(self)
                scenario(self)

        with closed_after(self.gateway.give_back, self.network.close, self.cloud.close):
            self.world.run(main)

    def begin(self, second_tick_within: float | None = None) -> None:
        """Start the schedule, and wait until every host watches.

        Args:
            second_tick_within: seconds from then on; the second tick comes at a random moment in them, which makes
                the time from then on a random moment of the schedule. Where not given, it comes after a period.
        """
        watching = 4 + 2 * self.latencies.delivery[1]
        second = None if second_tick_within is None else watching + self.world.random.uniform(0, second_tick_within)
        self.functions.start(second)
        self.wait(watching)

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.world.sleep(seconds)

    def wait_until(self, condition: Callable[[], bool], at_most: float) -> bool:
        """Let time pass until something is so; tell whether it became so."""
        deadline = self.world.now() + at_most
        while not condition():
            if self.world.now() >= deadline:
                return False
            self.world.sleep(0.2)
        return True

    def broken(self) -> None:
        """Note that the fault begins now."""
        self.broken_at = self.world.now()

    @property
    def backends(self) -> list[str]:
        """Names of the backends."""
        return [host.name for host in self.network.layout.backends]

    def standing(self) -> list[str]:
        """Give the backends that are switched on."""
        return [host for host in self.backends if self.network.is_powered(host)]

    def online(self) -> list[str]:
        """Give the backends that are online, by the pinger."""
        return [host for host in self.backends if self.pinger.online(host)]

    def seen_as(self) -> dict[str, str | None]:
        """Give the address that a target in the Internet sees each backend come from, by what arrives there."""
        return {host: self.network.egress_address(host, TARGETS[0]) for host in self.backends}

    def lock_state(self) -> str:
        """Give the lock's state: ``armed``, a record's state, or ``none`` where there is no parameter."""
        text = self.cloud.lock_text()
        if text is None:
            return "none"
        try:
            fields = json.loads(text)
        except ValueError:
            return text if text in ("armed", "paused") else "unreadable"
        return str(fields.get("state", "unreadable")) if isinstance(fields, dict) else "unreadable"

    def results(self, outcome: str | None = None) -> list[Invocation]:
        """Give the invocations that came to an outcome."""
        return [i for i in self.functions.invocations if i.result and i.result.get("outcome") == outcome]

    def causes(self) -> set[str]:
        """Give the causes of all decisions since the fault."""
        since = self.broken_at or 0.0
        return {str(i.result["cause"]) for i in self.functions.invocations if i.result and i.ended_at >= since}

    def last_reason(self) -> str:
        """Give the reason of the last decision that was about a failure, else of the last."""
        results: list[dict[str, Any]] = [i.result for i in self.functions.invocations if i.result]
        telling = [t for t in results if t["cause"] not in ("HEALTHY", "WAITING", "LOCKED")] or results
        return str(telling[-1]["reason"]) if telling else ""
