"""Every scenario, played through: the deployed template, the real handler, a network."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest
from typer import Typer
from typer.testing import CliRunner

import nat_failover
from tests.gate.harshness import GENTLE
from tests.lab.__main__ import main
from tests.lab.lab import Lab
from tests.lab.latencies import Latencies
from tests.lab.run import Run, play
from tests.lab.scenarios import SCENARIOS
from tests.lab.scenarios.scenario import FAIL_OVER, HOLD, Scenario
from tests.security.recording import Recording, recorded
from tests.simulation.account.cloud import ModelCloud

MAIL = "mail: [nat-failover main] ONLINE, NOT PROTECTED: 6 of 6 backends online, failed over to the standby NAT"


def played(name: str, network: str = "simulated", seed: int = 1, slower: float = 1.0) -> Run:
    run = play(SCENARIOS[name], network, seed, Latencies().scaled(slower))
    assert run.passed, (run.problems, run.seed, run.timeline)
    return run


@pytest.mark.parametrize("name", ["egress-move-denied", "internet-down", "swap-denied"])
def test_of_every_mail_there_is_an_event_as_the_schema_has_it(name: str) -> None:
    labs: list[Lab] = []
    play(SCENARIOS[name], "simulated", 1, Latencies(), on_start=labs.append)
    (lab,) = labs
    schema = (Path(nat_failover.__file__).parent / "telling/message_schema.json").read_text(encoding="utf-8")
    validator = jsonschema.Draft202012Validator(json.loads(schema), format_checker=jsonschema.FormatChecker())
    for event in lab.gateway.events:
        validator.validate(event)
    assert [event["subject"] for event in lab.gateway.events] == [subject for _, subject, _ in lab.gateway.published]
    assert lab.gateway.events


# Backends that are gone with their zone.
LOST = {"zone-lost": 2, "half-lost-as-the-listener-begins": 3}


def _known_to_fail(scenario: Scenario) -> list[pytest.MarkDecorator]:
    """Mark a scenario that fails until something is built; one that passes has to be taken off the list."""
    why = f"until {scenario.fails_until}"
    return [pytest.mark.xfail(strict=True, reason=why, raises=AssertionError)] if scenario.fails_until else []


@pytest.mark.parametrize("name", [pytest.param(s.name, marks=_known_to_fail(s)) for s in SCENARIOS.values()])
def test_a_scenario_ends_as_it_must_on_the_simulated_network(name: str, once: Callable[..., Recording]) -> None:
    run = once(recorded, name).run
    assert run.passed, (run.problems, run.seed, run.timeline)
    if run.expected == FAIL_OVER:
        assert run.subnets_on_passive == run.subnets
        assert run.backends_online_after == run.backends - LOST.get(name, 0)
    if run.expected == HOLD:
        assert run.swapped_after_seconds is None


@pytest.mark.parametrize("name", ["nat-rules-flushed", "events-lost", "nat-dead-without-endpoints", "loss-30-percent"])
def test_it_ends_so_when_aws_takes_twice_as_long(name: str) -> None:
    played(name, slower=2.0)


def test_the_subnets_wait_neither_for_an_egress_address_that_takes_long_nor_for_what_comes_after_it() -> None:
    slow = replace(Latencies(), associate=(20.0, 20.0))
    run = play(SCENARIOS["egress-address-follows"], "simulated", 1, slow)
    assert run.passed, (run.problems, run.timeline)
    assert run.outage_seconds is not None
    assert run.outage_seconds < 10
    assert {event: at for at, event in run.timeline}[MAIL] > 20


def test_of_three_simultaneous_events_exactly_one_swaps_each_subnet_once() -> None:
    # The scenario's own checks: as many replacements as subnets, by one invocation, three having begun at once.
    for seed in range(20):
        run = play(SCENARIOS["simultaneous-events"], "simulated", seed, Latencies(), cloud=ModelCloud)
        assert run.passed, (run.problems, run.seed, run.timeline)


def test_of_three_simultaneous_events_one_asks_for_each_swap_once_where_no_answer_gets_lost() -> None:
    scenario = SCENARIOS["simultaneous-events"]
    for seed in range(100):
        run = play(scenario, "simulated", seed, Latencies(), cloud=ModelCloud, harshness=GENTLE)
        assert run.passed, (run.problems, run.seed, run.timeline)
        assert run.api_calls["ec2:ReplaceRouteTableAssociation"] == run.subnets


@pytest.mark.parametrize("name", ["nat-rules-flushed", "internet-down", "crash-mid-swap"])
def test_one_seed_is_one_history(name: str) -> None:
    assert played(name, seed=7).as_json() == played(name, seed=7).as_json()


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.namespaces)
        for name in (
            # That rules are flushed: tests/cli/test_day.py, and `make drill`.
            *("nat-stopped", "two-backends-sick", "internet-down", "simultaneous-events"),
            *("egress-address-follows", "egress-move-denied", "two-zones-one-dies", "interface-moves-to-new-instance"),
            "lifecycle-terminate-paused",
        )
    ],
)
def test_a_scenario_ends_so_on_real_packets(name: str) -> None:
    run = played(name, "namespaces")
    assert run.network == "namespaces"
    if run.expected == FAIL_OVER:
        assert run.subnets_on_passive == run.subnets
        assert run.backends_online_after == run.backends - LOST.get(name, 0)
        assert run.outage_seconds is not None
        assert run.outage_seconds > 0


def test_the_drill_writes_its_results_and_says_by_its_status_whether_all_passed(tmp_path: Path) -> None:
    app = Typer()
    app.command()(main)
    file, report = tmp_path / "new" / "drill.json", tmp_path / "new" / "drill.html"
    options = ["--scenario", "nat-rules-flushed", "--network", "simulated", "--seed", "3"]
    result = CliRunner().invoke(app, [*options, "--json", str(file), "--report", str(report)])
    assert result.exit_code == 0, result.output
    assert "failed over to the standby NAT" in result.output
    assert "Latencies of AWS in this lab" in result.output
    (run,) = json.loads(file.read_text(encoding="utf-8"))
    fields = (
        *("scenario", "network", "expected", "observed", "passed", "outage_seconds", "detected_after_seconds"),
        *("swapped_after_seconds", "subnets", "subnets_on_passive", "backends", "backends_online_after", "reason"),
        *("lock", "api_calls", "latencies"),
    )
    assert set(fields) <= set(run)
    assert run["api_calls"]["ec2:ReplaceRouteTableAssociation"] == 3
    text = report.read_text(encoding="utf-8")
    assert run["notifications"][0][0] in text
    assert text.count('class="off"') > 6  # each of the six backends was offline for a while, and the key shows it
    host, _, state = run["evidence"][0].partition(" ")
    assert re.search(rf'{host} \(<span class="id">{state[1:20]}[0-9a-f]*</span>\): UNREACHABLE', text), run["evidence"]


def test_a_run_that_fails_makes_the_drill_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sabotaged = SCENARIOS["healthy"].__class__(**{**vars(SCENARIOS["healthy"]), "expected": FAIL_OVER})
    monkeypatch.setitem(SCENARIOS, "healthy", sabotaged)
    monkeypatch.setattr("tests.lab.scenarios.scenario.RECOVERS_WITHIN", 5.0)
    app = Typer()
    app.command()(main)
    file = tmp_path / "drill.json"
    result = CliRunner().invoke(app, ["--scenario", "healthy", "--network", "simulated", "--json", str(file)])
    assert result.exit_code == 1, result.output
    assert json.loads(file.read_text(encoding="utf-8"))[0]["passed"] is False


def test_a_scenario_that_is_none_is_refused_with_those_that_there_are() -> None:
    app = Typer()
    app.command()(main)
    result = CliRunner().invoke(app, ["--scenario", "nat-on-fire", "--network", "simulated"])
    assert result.exit_code == 2
    assert "nat-rules-flushed" in result.output
