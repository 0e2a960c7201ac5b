"""What comes of a document: its script, what travels with a command, and what a host makes of both."""

from __future__ import annotations

import json

import pytest

from tests.gate.rules.proof import breaks, keeps
from tests.gate.run_command.agent.output import shown
from tests.gate.run_command.bench import BACKEND, PARAMETERS, Bench
from tests.lab.network.bench import PROBE, make

GIVEN = {"passive": ["10.20.0.12"], "window": ["2"], "active": ["10.20.0.11"]}
# Of nested repeats whose product is 1008, which Go's regexp does not compile, and Python's does.
BEYOND_GO = "^([a-z]{1,252} ?){1,4}$"


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
        fields = json.loads(outcome.stdout)
        assert (outcome.exit_code, fields["probe"], fields["state"], fields["elapsed"]) == (0, 2, "online", 2.0)
        assert tells in fields

    bench.play(body)


def _use(bench: Bench, parameter: str, pattern: str) -> None:
    document = json.loads(json.dumps(bench.account.document))
    document["parameters"][parameter]["allowedPattern"] = pattern
    bench.account.document = document


@breaks("R1")
@pytest.mark.parametrize(
    ("pattern", "value"), [(BEYOND_GO, "a b"), (r"^(?!x).*$", "a b"), ("^[a-z ]+$", "a b\n")], ids=repr
)
def test_a_pattern_that_go_does_not_match_fails_every_host_at_delivery_without_a_word(pattern: str, value: str) -> None:
    bench = Bench()
    _use(bench, "active", pattern)
    bench.play(lambda: bench.seen.append(bench.check(Parameters={**PARAMETERS, "active": [value]})))
    assert bench.seen == [("Failed", "Failed", -1, "")]


@keeps("R1", "R6d", "A7a", "A7c", "A2b", "R4a", "R4b", "R5")
def test_the_probe_s_own_document_runs_on_every_host() -> None:
    bench = Bench()

    def scene() -> None:
        bench.connect()
        command_id = bench.send("nat01", may=lambda host: (host.tags or {}).get("probe") == "main")
        bench.world.sleep(10)
        bench.seen.append(bench.read(command_id))

    bench.play(scene)
    ((status, _, code, output),) = bench.seen
    assert (status, code) == ("Success", 0)
    assert json.loads(output)["state"] == "online"


@breaks("R6d")
def test_where_a_script_fails_its_exit_status_stands_behind_what_it_has_printed() -> None:
    bench = Bench()
    bench.play(lambda: bench.seen.append(bench.check()))
    ((status, _, code, output),) = bench.seen
    assert (status, code) == ("Failed", 1)
    printed, title, message = output.rpartition("\n----------ERROR-------\n")
    assert title
    assert message == "failed to run commands: exit status 1"
    assert json.loads(printed)["state"] == "offline"


@breaks("R6d")
def test_output_has_2500_characters() -> None:
    cut = shown("x" * 3000, 1)
    assert len(cut) == 2500
    assert cut.endswith("\n---Output truncated---\n----------ERROR-------\nfailed to run commands: exit status 1")
    both = shown("x" * 3000, 1, "y" * 3000)
    assert len(both) == 2500
    assert both.endswith("\n---Error truncated----")


@breaks("A7c")
@keeps("R4b")
def test_a_mac_takes_the_command_and_skips_its_step() -> None:
    bench = Bench()
    bench.run_command.platforms[BACKEND] = "MacOS"
    bench.play(lambda: bench.seen.append(bench.check()))
    assert bench.seen == [("Success", "Success", 0, "")]
