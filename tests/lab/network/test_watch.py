"""The probe and the listener on both networks: the same lines for the same troubles."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest

from tests.lab.network.bench import EVERYBODY, Bench
from tests.lab.network.guards import ANYWHERE, VPC_GROUP, WEB_GROUP, Guard, Rule
from tests.lab.network.layout import VPC_CIDR
from tests.lab.network.network import Network, ProbeOutcome

OUT = (Rule(ANYWHERE),)
PINGS_ONLY = Guard((Rule(VPC_CIDR, "icmp"),), OUT)
ACTIVE, PASSIVE = "nat01", "nat02"


class Round:
    """Watches on hosts, and what they have come to."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.outcomes: dict[str, ProbeOutcome] = {}

    def start(
        self, hosts: Sequence[str], window: float, active: str = ACTIVE, passive: str = PASSIVE, **values: Any
    ) -> None:
        """Start them; the probe's values where they are to be others."""
        for host in hosts:
            run = self.bench.start_watch(host, window, active, passive, **values)

            def ends(host: str = host, wait: Callable[[], ProbeOutcome] = run.wait) -> None:
                self.outcomes[host] = wait()

            self.bench.world.spawn(ends, f"watch on {host}")

    def start_all(self, window: float = 60) -> None:
        """Start them everywhere: the listeners first, so that they hear all from the beginning."""
        self.start((ACTIVE, PASSIVE), window + 1)
        self.bench.world.sleep(1)
        self.start(sorted(EVERYBODY), window)

    def wait_for(self, hosts: set[str], within: float) -> float:
        """Wait until hosts have told how it is; return how long that took."""
        begun = self.bench.world.now()
        while not hosts <= set(self.outcomes):
            took = self.bench.world.now() - begun
            assert took < within, f"{sorted(hosts - set(self.outcomes))} still watch after {took:.1f} s"
            self.bench.world.sleep(0.05)
        return self.bench.world.now() - begun

    def told(self, host: str) -> tuple[int, dict[str, Any]]:
        """Return a host's exit status and line."""
        outcome = self.outcomes[host]
        return outcome.exit_code, json.loads(outcome.stdout)

    def columns(self, hosts: set[str] = EVERYBODY) -> set[tuple[object, ...]]:
        """Return how hosts are, by which ways; on real packets one of many may differ.

        All of them have a machine of few cores to themselves, on which a connection is now and then too late.
        """
        told = [self.told(host) for host in sorted(hosts)]
        rows = Counter((code, said["state"], said["route"], said["active"], said["passive"]) for code, said in told)
        spared = 1 if self.bench.world.virtual or len(hosts) < 3 else 2
        return {row for row, number in rows.items() if number >= spared}

    def heard(self, nat: str) -> dict[str, tuple[str, bool]]:
        """Return which host a NAT has heard as what, and whether it came through."""
        names = {host.address: host.name for host in self.bench.layout.hosts}
        fields = [each.split(",") for each in self.told(nat)[1]["heard"].split()]
        assert all(0 <= float(age) < 12 for _, _, age, _ in fields)
        return {names[address]: (signal, through == "1") for address, signal, _, through in fields}


@pytest.fixture
def round_(bench: Bench) -> Iterator[Round]:
    """Give a round; at last a short one ends whatever goes on."""
    yield Round(bench)

    def end() -> None:
        last = Round(bench)
        last.start([host.name for host in bench.layout.hosts], 1)
        last.wait_for({host.name for host in bench.layout.hosts}, 8)
        assert all(last.told(host)[0] == 0 for host in last.outcomes)
        assert bench.reaching() == EVERYBODY | {ACTIVE, PASSIVE}

    bench.play(end)


def guard(nat: str, group: Guard | None) -> Callable[[Network], None]:
    """Return what lets a group admit something else."""
    return lambda network: network.set_guards({nat: group or VPC_GROUP})


DEATHS: Mapping[str, tuple[Callable[[Network], None], Callable[[Network], None]]] = {
    "rules": (lambda n: n.flush_nat_rules(ACTIVE), lambda n: n.reboot(ACTIVE)),
    "forwarding": (lambda n: n.set_forwarding(ACTIVE, False), lambda n: n.set_forwarding(ACTIVE, True)),
    "link": (lambda n: n.set_link(ACTIVE, False), lambda n: n.set_link(ACTIVE, True)),
    "stop": (lambda n: n.stop(ACTIVE), lambda n: n.start(ACTIVE)),
    "uplink": (lambda n: n.set_uplink(ACTIVE, False), lambda n: n.set_uplink(ACTIVE, True)),
    "group": (guard(ACTIVE, Guard((), OUT)), guard(ACTIVE, None)),
}


@pytest.mark.parametrize("death", DEATHS)
def test_a_dead_active_nat_is_offline_by_the_route_and_its_port_and_proven_through_the_passive_one(
    bench: Bench, round_: Round, death: str
) -> None:
    dies, revives = DEATHS[death]

    def body() -> None:
        round_.start_all()
        bench.world.sleep(2)
        assert not round_.outcomes
        dies(bench.network)
        try:
            assert round_.wait_for({*EVERYBODY, PASSIVE}, 5) < 4
        finally:
            revives(bench.network)
        assert round_.columns() == {(1, "offline", "no", "no", "yes")}
        code, said = round_.told(PASSIVE)
        assert (code, said["state"], said["listener"]) == (1, "online", "nft")
        heard = round_.heard(PASSIVE)
        assert set(heard) == EVERYBODY
        assert set(heard.values()) <= {("f", True), ("n", True)}
        assert sum(signal == "f" for signal, _ in heard.values()) > len(heard) / 2

    bench.play(body)


def test_all_is_well(bench: Bench, round_: Round) -> None:
    def body() -> None:
        round_.start_all(window=6)
        round_.wait_for({*EVERYBODY, ACTIVE, PASSIVE}, 9)
        assert round_.columns() == {(0, "online", "yes", "unknown", "yes")}
        for nat in (ACTIVE, PASSIVE):
            code, said = round_.told(nat)
            assert (code, said["state"]) == (0, "online")
        assert round_.heard(PASSIVE) == dict.fromkeys(EVERYBODY, ("n", True))
        assert round_.heard(ACTIVE) == {}

    bench.play(body)


def test_a_standby_that_forwards_nothing_hears_all_and_nobody_comes_through(bench: Bench, round_: Round) -> None:
    def body() -> None:
        bench.network.set_forwarding(PASSIVE, False)
        try:
            round_.start_all(window=7)
            round_.wait_for({*EVERYBODY, PASSIVE}, 10)
        finally:
            bench.network.set_forwarding(PASSIVE, True)
        assert round_.columns() == {(0, "online", "yes", "unknown", "no")}
        assert round_.told(PASSIVE)[0] == 0
        assert round_.heard(PASSIVE) == dict.fromkeys(EVERYBODY, ("n", False))

    bench.play(body)


def test_with_both_nats_dead_the_passive_one_tells_after_a_second_that_nobody_comes_through(
    bench: Bench, round_: Round
) -> None:
    def body() -> None:
        round_.start_all()
        bench.world.sleep(2)
        for nat in (PASSIVE, ACTIVE):
            bench.network.set_forwarding(nat, False)
        try:
            # Who came through a moment ago counts so at first.
            round_.wait_for({*EVERYBODY, PASSIVE}, 9)
        finally:
            for nat in (PASSIVE, ACTIVE):
                bench.network.set_forwarding(nat, True)
        assert round_.columns() == {(1, "offline", "no", "no", "no")}
        code, said = round_.told(PASSIVE)
        assert (code, said["state"]) == (1, "online")
        assert round_.heard(PASSIVE) == dict.fromkeys(EVERYBODY, ("f", False))

    bench.play(body)


def test_without_an_internet_all_are_offline_and_so_are_the_nats(bench: Bench, round_: Round) -> None:
    def body() -> None:
        round_.start_all()
        bench.world.sleep(2)
        bench.network.set_internet(False)
        try:
            round_.wait_for({*EVERYBODY, ACTIVE, PASSIVE}, 5)
        finally:
            bench.network.set_internet(True)
        assert round_.columns() == {(1, "offline", "no", "no", "no")}
        for nat in (ACTIVE, PASSIVE):
            code, said = round_.told(nat)
            assert (code, said["state"]) == (1, "offline")

    bench.play(body)


def test_a_nat_whose_check_is_on_answers_at_its_port_so_all_fall_silent(bench: Bench, round_: Round) -> None:
    def body() -> None:
        round_.start_all()
        bench.world.sleep(2)
        bench.network.set_guards(checks={ACTIVE: True})
        try:
            round_.wait_for(EVERYBODY, 5)
            round_.wait_for({PASSIVE}, 9)
        finally:
            bench.network.set_guards(checks={ACTIVE: False})
        assert round_.columns() == {(1, "offline", "no", "yes", "yes")}
        code, said = round_.told(PASSIVE)
        assert (code, said["state"]) == (1, "online")
        assert set(round_.heard(PASSIVE).values()) == {("n", True)}

    bench.play(body)


def test_three_of_six_sick_are_no_evidence(bench: Bench, round_: Round) -> None:
    sick = {"backend1", "backend2", "backend3"}

    def body() -> None:
        round_.start_all(window=14)
        bench.world.sleep(2)
        for host in sick:
            bench.network.set_sick(host, True)
        try:
            round_.wait_for({*EVERYBODY, ACTIVE, PASSIVE}, 17)
        finally:
            for host in sick:
                bench.network.set_sick(host, False)
        assert round_.columns(sick) == {(1, "offline", "no", "yes", "yes")}
        assert round_.columns(EVERYBODY - sick) == {(0, "online", "yes", "unknown", "yes")}
        assert round_.told(PASSIVE)[0] == 0
        assert round_.heard(PASSIVE) == dict.fromkeys(EVERYBODY - sick, ("n", True))

    bench.play(body)


def test_connections_decide_where_pings_are_filtered(bench: Bench, round_: Round) -> None:
    def body() -> None:
        bench.network.set_guards({ACTIVE: WEB_GROUP})
        try:
            round_.start_all(window=7)
            round_.wait_for({*EVERYBODY, PASSIVE}, 11)
        finally:
            bench.network.set_guards({ACTIVE: VPC_GROUP})
        assert round_.columns() == {(0, "online", "yes", "yes", "yes")}
        answered, sent = round_.told("backend1")[1]["pings"]
        assert answered < sent
        assert round_.heard(PASSIVE) == dict.fromkeys(EVERYBODY, ("n", True))

    bench.play(body)


def test_pings_decide_where_something_on_the_way_answers_every_connection(bench: Bench, round_: Round) -> None:
    def body() -> None:
        round_.start_all()
        bench.world.sleep(1)
        bench.network.set_intercepting(ACTIVE, True)
        bench.world.sleep(2)
        assert not round_.outcomes
        bench.network.set_guards({ACTIVE: WEB_GROUP})
        try:
            round_.wait_for({*EVERYBODY, PASSIVE}, 5)
        finally:
            bench.network.set_guards({ACTIVE: VPC_GROUP})
            bench.network.set_intercepting(ACTIVE, False)
        assert round_.columns() == {(1, "offline", "no", "unknown", "yes")}
        assert all(round_.told(host)[1]["intercepted"] is True for host in EVERYBODY)
        assert ("f", True) in round_.heard(PASSIVE).values()

    bench.play(body)


def test_a_nat_that_serves_at_the_port_itself_says_so(bench: Bench, round_: Round) -> None:
    def body() -> None:
        bench.network.set_serving(PASSIVE, True)
        try:
            round_.start((PASSIVE,), 1)
            round_.wait_for({PASSIVE}, 4)
        finally:
            bench.network.set_serving(PASSIVE, False)
        code, said = round_.told(PASSIVE)
        assert (code, said["state"], said["deaf"]) == (0, "online", "this NAT listens on port 443 itself")
        assert "heard" not in said

    bench.play(body)


def test_who_is_offline_goes_on_signalling_until_it_is_online_or_its_host_dies(bench: Bench, round_: Round) -> None:
    def listened() -> dict[str, tuple[str, bool]]:
        later = Round(bench)
        later.start((PASSIVE,), 7)
        later.wait_for({PASSIVE}, 10)
        return later.heard(PASSIVE)

    def body() -> None:
        round_.start_all(window=3)
        bench.world.sleep(1)
        bench.network.set_forwarding(ACTIVE, False)
        try:
            round_.wait_for(EVERYBODY, 6)
            bench.network.stop("backend1")
            bench.world.sleep(5)
            heard = listened()
            assert "backend1" not in heard
            assert list(heard.values()).count(("f", True)) >= 3
            for subnet in bench.layout.private_subnets:
                bench.network.associate(subnet.name, "standby")
            # Three answers in a row take a second and a half at most.
            bench.world.sleep(2)
            assert listened() == dict.fromkeys(EVERYBODY - {"backend1"}, ("n", True))
            bench.world.sleep(3)
            assert listened() == {}
        finally:
            for subnet in bench.layout.private_subnets:
                bench.network.associate(subnet.name, "primary")
            bench.network.set_forwarding(ACTIVE, True)
            bench.network.start("backend1")

    bench.play(body)


def test_a_newer_watch_ends_the_older_one(bench: Bench, round_: Round) -> None:
    def body() -> None:
        round_.start(("backend1", PASSIVE), 60)
        bench.world.sleep(1)
        newer = Round(bench)
        newer.start((PASSIVE,), 3)
        round_.wait_for({PASSIVE}, 2)
        newer.start(("backend1",), 2)
        round_.wait_for({"backend1"}, 2)
        assert round_.told("backend1")[0] == round_.told(PASSIVE)[0] == 0
        assert not newer.outcomes
        newer.wait_for({"backend1", PASSIVE}, 4)
        assert set(newer.heard(PASSIVE)) == {"backend1"}

    bench.play(body)


@pytest.mark.parametrize("sick", [False, True])
def test_a_quick_check_signals_until_the_passive_nat_listens(bench: Bench, round_: Round, sick: bool) -> None:
    def body() -> None:
        bench.network.set_sick("backend1", sick)
        try:
            round_.start(("backend1",), 0)
            bench.world.sleep(0.5)
            round_.start((PASSIVE,), 0)
            round_.wait_for({"backend1", PASSIVE}, 10)
        finally:
            bench.network.set_sick("backend1", False)
        expected = (1, "offline", "no", "no", "yes") if sick else (0, "online", "yes", "unknown", "yes")
        assert round_.columns({"backend1"}) == {expected}
        assert round_.heard(PASSIVE) == {"backend1": ("f" if sick else "n", True)}

    bench.play(body)


def test_who_has_never_been_online_does_not_say_so(bench: Bench, round_: Round) -> None:
    def body() -> None:
        bench.network.set_forwarding(ACTIVE, False)
        try:
            round_.start((PASSIVE,), 2)
            bench.world.sleep(0.5)
            round_.start(sorted(EVERYBODY), 30)
            round_.wait_for({PASSIVE}, 6)
            assert "n" not in {signal for signal, _ in round_.heard(PASSIVE).values()}
            round_.wait_for(EVERYBODY, 6)
        finally:
            bench.network.set_forwarding(ACTIVE, True)

    bench.play(body)


def test_a_nat_that_passes_pings_only_is_dead(bench: Bench, round_: Round) -> None:
    def body() -> None:
        round_.start_all()
        bench.world.sleep(2)
        bench.network.set_guards({ACTIVE: PINGS_ONLY})
        try:
            round_.wait_for({*EVERYBODY, PASSIVE}, 7)
        finally:
            bench.network.set_guards({ACTIVE: VPC_GROUP})
        assert round_.columns() == {(1, "offline", "no", "no", "yes")}
        assert round_.told(PASSIVE)[0] == 1

    bench.play(body)


def test_where_connections_never_came_about_pings_decide(bench: Bench, round_: Round) -> None:
    def body() -> None:
        bench.network.set_guards({ACTIVE: PINGS_ONLY})
        try:
            round_.start_all(window=7)
            round_.wait_for({*EVERYBODY, PASSIVE}, 11)
        finally:
            bench.network.set_guards({ACTIVE: VPC_GROUP})
        assert round_.columns() == {(0, "online", "yes", "no", "yes")}

    bench.play(body)


def test_a_quick_check_calls_no_port_shut_before_it_can_be_open(bench: Bench, round_: Round) -> None:
    def body() -> None:
        bench.network.set_sick("backend1", True)
        try:
            round_.start(("backend1",), 0)
            bench.world.sleep(1.7)
            round_.start((ACTIVE, PASSIVE), 0)
            round_.wait_for({"backend1", ACTIVE, PASSIVE}, 9)
        finally:
            bench.network.set_sick("backend1", False)
        assert round_.told("backend1")[1]["active"] == "yes"
        assert round_.heard(PASSIVE) == {}

    bench.play(body)


def test_who_is_in_none_of_the_pairs_networks_is_not_heard_and_not_handed_on(bench: Bench, round_: Round) -> None:
    first, last = bench.layout.private_subnets[0], bench.layout.private_subnets[-1]
    taken = {host.name for host in bench.layout.backends if IPv4Address(host.address) in IPv4Network(last.cidr)}
    assert first.cidr != last.cidr

    def body() -> None:
        round_.start((PASSIVE,), 8, networks=(last.cidr,))
        bench.world.sleep(1)
        round_.start(sorted(EVERYBODY), 4)
        round_.wait_for(EVERYBODY, 7)
        round_.wait_for({PASSIVE}, 7)
        assert round_.columns(taken) == {(0, "online", "yes", "unknown", "yes")}
        assert round_.columns(EVERYBODY - taken) == {(0, "online", "yes", "unknown", "no")}
        assert set(round_.heard(PASSIVE)) == taken

    bench.play(body)


@pytest.mark.parametrize("interval", [4.0, 9.0])
def test_however_rarely_hosts_look_they_signal_in_time(bench: Bench, round_: Round, interval: float) -> None:
    def body() -> None:
        round_.start((PASSIVE,), 50)
        bench.world.sleep(1)
        round_.start(sorted(EVERYBODY), 40, interval=interval)
        bench.world.sleep(2 * interval + 12)
        assert not round_.outcomes

    bench.play(body)


def test_a_round_that_ends_while_the_next_one_runs_has_not_fallen_silent(bench: Bench, round_: Round) -> None:
    rounds = ("backend1", "backend2", "backend3", "backend4"), ("backend5", "backend6")

    def body() -> None:
        round_.start((PASSIVE,), 50, threshold=2, sample=4)
        bench.world.sleep(1)
        round_.start(rounds[0], 6)
        round_.start(rounds[1], 30)
        bench.world.sleep(20)
        assert set(round_.outcomes) == set(rounds[0])

    bench.play(body)


def test_a_nat_that_loses_most_packets_is_told_as_dead_until_it_loses_none(bench: Bench, round_: Round) -> None:
    def body() -> None:
        round_.start_all()
        bench.world.sleep(3)
        bench.network.set_nat_loss(ACTIVE, 60)
        try:
            round_.wait_for({PASSIVE}, 16)
            round_.wait_for(EVERYBODY, 30)
            assert round_.columns() == {(1, "offline", "no", "no", "yes")}
            losses = [round_.told(host)[1].get("loss") for host in sorted(EVERYBODY)]
            # All was lost at once for a few, by chance.
            assert sum(loss is not None and 45 < loss < 85 for loss in losses) >= 3
            offline = [signal for signal, through in round_.heard(PASSIVE).values() if through].count("f")
            assert offline * 2 > len(EVERYBODY)
        finally:
            bench.network.set_nat_loss(ACTIVE, 0)
        # What goes on after the verdict signals that it is online again.
        bench.world.sleep(8)
        again = Round(bench)
        again.start((PASSIVE,), 7)
        again.wait_for({PASSIVE}, 10)
        assert set(again.heard(PASSIVE).values()) == {("n", True)}

    bench.play(body)


@pytest.mark.parametrize("lose", [lambda n, p: n.set_nat_loss(ACTIVE, p / 2), lambda n, p: n.set_loss(p)])
def test_some_loss_and_one_that_both_nats_share_is_none_of_the_active_nat(
    bench: Bench, round_: Round, lose: Callable[[Network, float], None]
) -> None:
    def body() -> None:
        round_.start_all(window=25)
        bench.world.sleep(2)
        lose(bench.network, 40)
        try:
            round_.wait_for({*EVERYBODY, PASSIVE}, 40)
        finally:
            lose(bench.network, 0)
        assert not any("loss" in round_.told(host)[1] for host in EVERYBODY)
        assert round_.told(PASSIVE)[0] == 0

    bench.play(body)


def test_a_quick_check_that_comes_late_finds_the_ports_open_still(bench: Bench, round_: Round) -> None:
    def body() -> None:
        bench.network.set_forwarding(ACTIVE, False)
        try:
            round_.start((ACTIVE, PASSIVE), 0)
            bench.world.sleep(5)
            round_.start(("backend1",), 0)
            round_.wait_for({"backend1"}, 8)
        finally:
            bench.network.set_forwarding(ACTIVE, True)
        assert round_.columns({"backend1"}) == {(1, "offline", "no", "no", "yes")}

    bench.play(body)


def test_a_listener_that_has_just_begun_hears_all_who_are_offline(bench: Bench, round_: Round) -> None:
    def body() -> None:
        bench.network.set_forwarding(ACTIVE, False)
        try:
            # Their signals come at different times.
            for host in sorted(EVERYBODY):
                round_.start((host,), 30)
                bench.world.sleep(0.15)
            round_.wait_for(EVERYBODY, 6)
            bench.world.sleep(1)
            round_.start((PASSIVE,), 30)
            round_.wait_for({PASSIVE}, 6)
        finally:
            bench.network.set_forwarding(ACTIVE, True)
        assert round_.heard(PASSIVE) == dict.fromkeys(EVERYBODY, ("f", True))

    bench.play(body)
