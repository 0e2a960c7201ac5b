"""The simulated network passes over what is certain, and comes to the same as if it went through every slot."""

from __future__ import annotations

import json
import random
from functools import partial
from typing import Any

import pytest

from tests.lab.network.bench import Bench, make
from tests.lab.network.guards import VPC_GROUP, WEB_GROUP
from tests.lab.network.network import Network
from tests.lab.network.simulated.backend import BackendWatch
from tests.lab.network.simulated.network import SimulatedNetwork
from tests.lab.network.watches.round import ACTIVE, PASSIVE


def change(network: Network, chance: random.Random) -> None:
    """Let something change."""
    host, on = f"backend{chance.randint(1, 6)}", chance.random() < 0.6
    nat = chance.choice((ACTIVE, PASSIVE, PASSIVE))
    match chance.randint(0, 6):
        case 0:
            network.set_sick(host, not on)
        case 1:
            network.set_forwarding(nat, on)
        case 2:
            network.set_guards({nat: VPC_GROUP if on else WEB_GROUP})
        case 3:
            network.set_guards(checks={ACTIVE: not on})
        case 4:
            network.reboot(host)
        case 5:
            network.associate(network.layout.host(host).subnet, "primary" if on else "standby")
        case _:
            network.set_uplink(nat, on)


def history(seed: int) -> list[tuple[float, str, int, dict[str, Any]]]:
    """Return what all watches of half an hour tell, and when."""
    bench, chance = make("simulated"), random.Random(seed)
    reports: list[tuple[float, str, int, dict[str, Any]]] = []

    def watch(bench: Bench, host: str, delay: float, window: float) -> None:
        bench.world.sleep(delay)
        outcome = bench.start_watch(host, window).wait()
        fields = json.loads(outcome.stdout) if outcome.stdout else {}
        reports.append((round(bench.world.now() - begun, 1), host, outcome.exit_code, fields))

    bench.set_up()
    begun = bench.world.now()

    def body() -> None:
        for _ in range(9):
            for host in bench.layout.hosts:
                delay, window = chance.uniform(0, 3), chance.choice((60.0, 200.0, 200.0))
                bench.world.spawn(partial(watch, bench, host.name, delay, window), "watch")
            for _ in range(3):
                bench.world.sleep(chance.expovariate(1 / 60))
                change(bench.network, chance)

    bench.play(body)
    return sorted(reports, key=lambda each: each[:2])


@pytest.mark.parametrize("seed", range(8))
def test_passing_over_what_is_certain_changes_nothing(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    lazy = history(seed)
    assert len(lazy) > 40
    monkeypatch.setattr(SimulatedNetwork, "certain", lambda *_: (False, False))
    monkeypatch.setattr(BackendWatch, "_passes_over_failing_slots", lambda _: False)
    assert lazy == history(seed)
