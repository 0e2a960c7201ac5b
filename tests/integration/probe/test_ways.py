"""What a watch makes of everything that can be broken on its ways to the Internet."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.integration.probe.listening import TARGET_SET, listening
from tests.integration.probe.network import ACTIVE, TARGETS, Network, Stage
from tests.integration.probe.shells import Outcome, in_every_shell

pytestmark = pytest.mark.namespaces


def rows(network: Network) -> dict[str, Outcome]:
    """Break one thing after the other, with both NATs listening."""
    listening(network)
    network.probe(60, on=network.active)
    outcomes = {}
    network.drop(network.host, TARGET_SET, "output")
    outcomes["the host alone"] = network.probe(20, pair="a").end()
    network.undo(network.host)
    later = network.probe(20, pair="f")
    time.sleep(2)
    network.drop(network.host, TARGET_SET, "output")
    outcomes["the host alone, later"] = later.end()
    network.undo(network.host)
    network.drop(network.internet, "meta l4proto { icmp, tcp }", "input")
    outcomes["the Internet"] = network.probe(20, pair="b").end()
    network.undo(network.internet)
    network.kill_nat(network.passive)
    outcomes["the standby"] = network.probe(6, pair="c").end()
    outcomes["no NAT known"] = network.probe(1, "-", "-", pair="d").end()
    network.host.ip("link set lo down")
    network.drop(network.host, TARGET_SET, "output")
    outcomes["ping"] = network.probe(20, pair="e").end()
    return outcomes


@in_every_shell
def test_each_way_tells_what_is_broken(stage: Stage, shell: str) -> None:
    outcomes = stage.play(rows, shell)
    # Neither signal would be true of a host that has not been online yet, and gets through the active NAT's port.
    assert outcomes["the host alone"].ways == ("offline", "no", "yes", "unknown")
    assert outcomes["the host alone, later"].ways == ("offline", "no", "yes", "yes")
    assert outcomes["the Internet"].ways == ("offline", "no", "no", "no")
    assert outcomes["the standby"].ways == ("online", "yes", "unknown", "no")
    assert outcomes["no NAT known"].ways == ("online", "yes", "unknown", "unknown")


@in_every_shell
def test_where_a_ping_does_not_even_reach_its_own_host_it_cannot_tell(stage: Stage, shell: str) -> None:
    outcome = stage.play(rows, shell)["ping"]
    assert outcome.exit_code == 2
    assert outcome.fields == {"probe": 2, "state": "cannot-probe", "why": "ping does not work on this host"}


def one_kind_dead(network: Network) -> dict[str, Outcome]:
    """Let only pings, or only connections, be lost; and connections that never were, or are answered by the NAT."""
    listening(network)
    outcomes = {}
    network.drop(network.active, "ip protocol icmp", "forward")
    outcomes["pings"] = network.probe(6, pair="a").end()
    network.undo(network.active)
    network.drop(network.active, "tcp dport 443", "forward")
    outcomes["connections never"] = network.probe(6, pair="b").end()
    lucky = network.probe(8, pair="d")
    time.sleep(3)  # until connections are left out
    network.drop(network.active, "icmp type echo-request numgen inc mod 1000 { 0, 1, 3, 4, 5 }", "forward")
    outcomes["pings but the last in a row"] = lucky.end()
    network.undo(network.active)
    dying = network.probe(20, pair="c")
    time.sleep(2)
    network.drop(network.active, "tcp dport 443", "forward")
    outcomes["connections"] = dying.end()
    network.undo(network.active)
    return outcomes


def remembering(network: Network) -> dict[str, Outcome]:
    """Let connections be lost before anybody has seen one, and a quick check have found this in its host's memory."""
    network.drop(network.active, "tcp dport 443", "forward")
    now, key = (
        int(100 * float(Path("/proc/uptime").read_text(encoding="ascii").split()[0])),
        " ".join((ACTIVE, *TARGETS)),
    )
    found = {
        "a moment ago": f"{now - 100} {key}",
        "another NAT": f"{now - 100} 10.0.9.9 {TARGETS[0]}",
        "tomorrow": f"{now + 8_640_000} {key}",
        "seven hours ago": f"{now - 2_520_000} {key}",
        "no number": f"0899 {key}",
        "nothing": "",
        "too large": f"{10**30} {key}",
    }
    outcomes = {}
    for name, text in found.items():
        (network.disk(network.host) / "nat-failover-main.connects").write_text(f"{text}\n", encoding="ascii")
        outcomes[name] = network.probe(0, passive="-").end()
    network.undo(network.active)
    return outcomes


@in_every_shell
def test_only_what_it_has_written_itself_of_late_tells_that_connections_came_about(stage: Stage, shell: str) -> None:
    outcomes = stage.play(remembering, shell)
    assert {name: outcome.ways[0] for name, outcome in outcomes.items() if name != "a moment ago"} == dict.fromkeys(
        outcomes.keys() - {"a moment ago"}, "online"
    )
    assert outcomes["a moment ago"].ways[0] == "offline"


@in_every_shell
def test_where_only_pings_are_lost_it_is_online_and_sends_few(stage: Stage, shell: str) -> None:
    outcome = stage.play(one_kind_dead, shell)["pings"]
    assert outcome.ways[:2] == ("online", "yes")
    answered, sent = outcome.fields["pings"]
    assert (answered, sent) == (0, 3)


@in_every_shell
def test_connections_that_do_not_come_about_any_more_are_a_dead_nat(stage: Stage, shell: str) -> None:
    outcome = stage.play(one_kind_dead, shell)["connections"]
    assert outcome.ways == ("offline", "no", "no", "yes")
    assert outcome.fields["lost_for"] < 5


@in_every_shell
def test_connections_that_never_came_about_say_nothing(stage: Stage, shell: str) -> None:
    assert stage.play(one_kind_dead, shell)["connections never"].ways[:2] == ("online", "yes")


@in_every_shell
def test_the_last_in_a_row_that_comes_is_no_outage_though_all_that_is_tried_with_it_is_lost(
    stage: Stage, shell: str
) -> None:
    outcome = stage.play(one_kind_dead, shell)["pings but the last in a row"]
    assert outcome.ways[:2] == ("online", "yes")
    answered, sent = outcome.fields["pings"]
    assert 2 <= sent - answered <= 3


def intercepted(network: Network) -> tuple[Outcome, Outcome]:
    """Let the active NAT answer for everybody at 443, and then have no way to the Internet."""
    network.active.nft("add table ip grab\nadd chain ip grab in { type nat hook prerouting priority -90 ; }")
    network.active.nft("add rule ip grab in tcp dport 443 redirect to :8443")
    with network.server(network.active, 8443):
        well = network.probe(3, pair="a").end()
        network.drop(network.active, 'oifname "outside"', "forward")
        dead = network.probe(20, pair="b").end()
    return well, dead


@in_every_shell
def test_where_somebody_answers_for_others_pings_decide(stage: Stage, shell: str) -> None:
    well, dead = stage.play(intercepted, shell)
    assert well.ways[:2] == ("online", "yes")
    assert (dead.exit_code, dead.ways[:3]) == (1, ("offline", "no", "unknown"))
    assert dead.fields["intercepted"] is True


def lossy(network: Network) -> list[Outcome]:
    """Lose packets by chance, on several watches at once that look more often than usual."""
    network.drop(network.internet, f"{TARGET_SET} numgen random mod 100 < 30", "input")
    runs = [network.probe(24, pair=f"p{number}", interval=0.2) for number in range(3)]
    outcomes = [run.end() for run in runs]
    network.undo(network.internet)
    return outcomes


@in_every_shell
def test_packets_lost_by_chance_are_no_outage(stage: Stage, shell: str) -> None:
    outcomes = stage.play(lossy, shell)
    assert {outcome.ways[:2] for outcome in outcomes} == {("online", "yes")}
    answered, sent = (sum(outcome.fields["pings"][which] for outcome in outcomes) for which in (0, 1))
    assert sent / 2 < answered < sent
