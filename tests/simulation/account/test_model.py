"""The model of the account against moto: the same seed comes to the same end by the same calls."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.lab.latencies import Latencies
from tests.lab.run import play
from tests.lab.scenarios import SCENARIOS
from tests.security.recording import SEED, Recording, recorded
from tests.simulation.account.cloud import ModelCloud

# Of the lab's scenarios those that differ in what they ask of the account; each takes the model half a second.
CHOSEN = (
    *("backends-booting", "crash-mid-swap", "egress-address-follows", "egress-address-returns", "egress-move-denied"),
    *("failover-after-rearm", "internet-down", "lock-deleted", "nat-dead-without-endpoints", "nat-stopped"),
    *("observe-mode", "routes-mirrored", "routes-missing", "simultaneous-events", "swap-denied"),
)


@pytest.mark.parametrize("name", CHOSEN)
def test_a_scenario_comes_to_the_same_end_by_the_same_calls_as_with_moto(
    name: str, once: Callable[..., Recording]
) -> None:
    with_moto = once(recorded, name).run
    with_model = play(SCENARIOS[name], "simulated", SEED, Latencies(), cloud=ModelCloud)
    assert with_model.passed
    assert with_model.as_json() == with_moto.as_json()


def test_what_a_process_has_played_before_changes_nothing() -> None:
    def played(name: str) -> dict[str, object]:
        return play(SCENARIOS[name], "simulated", SEED, Latencies()).as_json()

    alone = played("lock-deleted")
    played("interface-moves-to-new-instance")
    assert played("lock-deleted") == alone
