"""How probes end: what goes on for how long, and what is left of those that are killed."""

from __future__ import annotations

import os
import random
import signal
import time

import pytest

from tests.integration.probe.listening import IPTABLES, listens, rules
from tests.integration.probe.network import ACTIVE, PASSIVE, TARGETS, Network, Stage
from tests.integration.probe.shells import Outcome, Run, in_every_shell
from tests.lab.network.real.netns import eventually

pytestmark = pytest.mark.namespaces
KILLS = int(os.environ.get("PROBE_KILLS", "40"))


def ends(network: Network) -> dict[str, tuple[bool, Outcome]]:
    """Tell of offline probes whether they have gone on, and when they end."""
    shown = {}
    network.kill_nat(network.active)
    capped = network.probe(1, longest=600, failures=1, interval=0.2).end()
    goes_on = not network.is_idle(network.host, 1)
    shown["longest"] = (goes_on and network.is_idle(network.host, 8), capped)
    older = network.probe(60, failures=1, interval=0.2).end()
    time.sleep(1)
    first = set(network.host.pids())
    newer = network.probe(60)
    gone = eventually(lambda: not first & set(network.host.pids()), 4)
    shown["older"] = (gone, older)
    shown["newer"] = (bool(network.host.pids()), newer.end())
    other = network.probe(60, pair="other").end()
    shown["other pair"] = (not network.is_idle(network.host, 3), other)
    return shown


@in_every_shell
def test_what_goes_on_ends_after_six_hours_or_when_a_newer_one_of_the_pair_begins(stage: Stage, shell: str) -> None:
    shown = stage.play(ends, shell)
    assert {name: so for name, (so, _) in shown.items()} == dict.fromkeys(shown, True)
    assert {outcome.ways for _, outcome in shown.values()} == {("offline", "no", "no", "no")}


def killed(network: Network) -> tuple[dict[tuple[str, signal.Signals], Outcome], bool]:
    """Kill probes in every way, while all is well, and while all is lost."""
    network.drop(network.host, f"ip daddr {TARGETS[2]}", "output")
    runs: dict[tuple[str, signal.Signals], Run] = {}
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL):
        runs["well", number] = network.probe(600, targets=TARGETS[:1], pair=f"a{number}", interval=9)
        runs["lost", number] = network.probe(600, targets=TARGETS[2:], pair=f"b{number}", failures=9)
    time.sleep(2)
    for (_, number), run in runs.items():
        run.process.send_signal(number)
    idle = network.is_idle(network.host, 3)
    return {of: run.end() for of, run in runs.items()}, idle


@in_every_shell
def test_when_it_is_killed_nothing_is_left_nor_said(stage: Stage, shell: str) -> None:
    outcomes, idle = stage.play(killed, shell)
    assert idle
    expected = {signal.SIGTERM: 143, signal.SIGINT: 130, signal.SIGHUP: 129, signal.SIGKILL: -signal.SIGKILL}
    assert {of: outcome.exit_code for of, outcome in outcomes.items()} == {of: expected[of[1]] for of in outcomes}
    assert {(outcome.stdout, outcome.stderr, outcome.held) for outcome in outcomes.values()} == {("", "", False)}


def killed_later(network: Network) -> bool:
    """Kill what has gone on after the verdict."""
    network.kill_nat(network.active)
    run = network.probe(60, ACTIVE, PASSIVE)
    run.end()
    run.kill()
    return network.is_idle(network.host)


@in_every_shell
def test_what_goes_on_can_be_killed_with_its_process_group(stage: Stage, shell: str) -> None:
    assert stage.play(killed_later, shell)


def kills(network: Network) -> list[str]:
    """Kill listeners at random moments, all that belongs to them or only the shell, and list what is left of each."""
    left, chance = [], random.Random(15)
    for number in range(KILLS):
        run = network.probe(60, on=network.passive)
        time.sleep(chance.uniform(0, 0.6))
        if number % 10:
            run.kill(signal.SIGTERM if number % 3 == 1 else signal.SIGKILL)
        else:
            run.process.kill()
        # The shell alone: what comes before nft in its pipe keeps it for two seconds at most.
        if not eventually(lambda: not network.tables(network.passive), 4):
            left.append(f"{number}: {network.tables(network.passive)}")
        run.end()
    assert network.is_idle(network.passive, 4)
    return left


@in_every_shell
def test_killed_at_random_moments_it_leaves_no_table(stage: Stage, shell: str) -> None:
    assert stage.play(kills, shell) == []


@pytest.mark.parametrize("variant", IPTABLES)
@in_every_shell
def test_rules_of_iptables_hold_for_a_minute_and_the_next_listener_removes_them(
    stage: Stage, shell: str, variant: str, paths: dict[str, str]
) -> None:
    network = stage.networks[shell]
    network.mend()
    run = network.probe(60, on=network.passive, path=paths[variant])
    assert eventually(lambda: listens(network), 5)
    run.kill()
    run.end()
    assert listens(network)
    first = rules(network)
    # A minute later, as the rules know it; and a chain that nothing leads to, of one killed while it began.
    stop = next(part for part in first.split() if part.startswith("20") and "T" in part)
    for table in ("mangle", "nat"):
        network.passive.run(variant, "-w", "5", "-t", table, "-N", "nat-failover-1700000000-dead")
        for line in network.passive.run(variant, "-w", "5", "-t", table, "-S", "PREROUTING").stdout.splitlines():
            if stop in line:
                network.passive.run(variant, "-w", "5", "-t", table, *line.replace("-A", "-D", 1).split())
                network.passive.run(variant, "-w", "5", "-t", table, *line.replace(stop, "2026-01-01T00:00:00").split())
    assert not listens(network)
    # The chains of the one that was killed say when it began.
    began = first.split("nat-failover-")[1].split("-")[0]
    for table in ("mangle", "nat"):
        chain = next(part for part in first.split() if began in part)
        network.passive.run(variant, "-w", "5", "-t", table, "-E", chain, chain.replace(began, "1700000000"))
    outcome = network.probe(1, on=network.passive, path=paths[variant]).end()
    assert outcome.fields["listener"] == "iptables"
    assert rules(network) == ""
