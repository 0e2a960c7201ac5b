"""What comes of a document's script and of what travels with a command."""

from __future__ import annotations

import json

import pytest

from tests.lab.network.bench import PROBE, make

GIVEN = {"passive": ["10.20.0.12"], "window": ["2"], "active": ["10.20.0.11"]}


def test_values_stand_behind_the_exit_and_are_given_in_the_order_of_the_document() -> None:
    script, values = PROBE.script(GIVEN)
    assert script.endswith('exit "$code"\nexit\n2 10.20.0.11 10.20.0.12\n')
    assert values == ["2", "10.20.0.11", "10.20.0.12"]


@pytest.mark.parametrize(("host", "tells"), [("backend1", "route"), ("nat01", "heard"), ("nat02", "heard")])
def test_the_simulated_network_plays_the_probe_that_a_document_carries(host: str, tells: str) -> None:
    bench = make("simulated")
    bench.set_up()

    def body() -> None:
        outcome = bench.network.start_probe(host, *PROBE.script(GIVEN)).wait()
        told = json.loads(outcome.stdout)
        assert (outcome.exit_code, told["probe"], told["state"], told["elapsed"]) == (0, 2, "online", 2.0)
        assert tells in told

    bench.play(body)
