"""Signals on both networks: who gives them, for how long, and what the listener makes of them."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

import pytest

from tests.lab.network.bench import EVERYBODY, Bench
from tests.lab.network.watches.round import ACTIVE, PASSIVE, Round


def test_a_nat_that_serves_at_the_port_itself_says_so(bench: Bench, round_: Round) -> None:
    def body() -> None:
        bench.network.set_serving(PASSIVE, True)
        try:
            round_.start((PASSIVE,), 1)
            round_.wait_for({PASSIVE}, 4)
        finally:
            bench.network.set_serving(PASSIVE, False)
        code, fields = round_.report(PASSIVE)
        assert (code, fields["state"], fields["deaf"]) == (0, "online", "this NAT listens on port 443 itself")
        assert "heard" not in fields

    bench.play(body)


def test_who_is_offline_goes_on_signalling_until_it_is_online_or_its_host_dies(bench: Bench, round_: Round) -> None:
    def listened() -> Round:
        later = Round(bench)
        later.start((PASSIVE,), 7)
        later.wait_for({PASSIVE}, 10)
        return later

    def body() -> None:
        round_.start_all(window=3)
        bench.world.sleep(1)
        bench.network.set_forwarding(ACTIVE, False)
        try:
            round_.wait_for(EVERYBODY, 6)
            bench.network.stop("backend1")
            bench.world.sleep(5)
            signals = listened().signals(PASSIVE)
            assert "backend1" not in signals
            assert list(signals.values()).count(("f", True)) >= 3
            for subnet in bench.layout.private_subnets:
                bench.network.associate(subnet.name, "standby")
            # Three answers in a row take a second and a half at most.
            bench.world.sleep(2)
            assert listened().have_all_signalled(PASSIVE, EVERYBODY - {"backend1"}, "n", through=True)
            bench.world.sleep(3)
            assert listened().signals(PASSIVE) == {}
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
        assert round_.report("backend1")[0] == round_.report(PASSIVE)[0] == 0
        assert not newer.outcomes
        newer.wait_for({"backend1", PASSIVE}, 4)
        assert set(newer.signals(PASSIVE)) == {"backend1"}

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
        assert round_.signals(PASSIVE) == {"backend1": ("f" if sick else "n", True)}

    bench.play(body)


def test_who_has_never_been_online_does_not_say_so(bench: Bench, round_: Round) -> None:
    def body() -> None:
        bench.network.set_forwarding(ACTIVE, False)
        try:
            round_.start((PASSIVE,), 2)
            bench.world.sleep(0.5)
            round_.start(sorted(EVERYBODY), 30)
            round_.wait_for({PASSIVE}, 6)
            assert "n" not in {signal for signal, _ in round_.signals(PASSIVE).values()}
            round_.wait_for(EVERYBODY, 6)
        finally:
            bench.network.set_forwarding(ACTIVE, True)

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
        assert round_.report("backend1")[1]["active"] == "yes"
        assert round_.signals(PASSIVE) == {}

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
        assert set(round_.signals(PASSIVE)) == taken
        # On real packets the ports of a quick check of before, which take everybody, may be open still.
        if bench.world.virtual:
            assert round_.columns(EVERYBODY - taken) == {(0, "online", "yes", "unknown", "no")}

    bench.play(body)


@pytest.mark.parametrize("interval", [4.0, 9.0])
def test_however_rarely_hosts_look_they_signal_in_time(bench: Bench, round_: Round, interval: float) -> None:
    if interval > 4 and not bench.world.virtual:
        pytest.skip("it takes half a minute, and the other interval says the same of real packets")

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
        assert round_.have_all_signalled(PASSIVE, EVERYBODY, "f", through=True)

    bench.play(body)


def test_a_watch_that_a_newer_one_ends_before_anything_has_come_back_does_not_know(bench: Bench, round_: Round) -> None:
    def body() -> None:
        bench.network.set_forwarding(ACTIVE, False)
        try:
            round_.start(("backend1",), 30)
            bench.world.sleep(0.4)
            Round(bench).start(("backend1",), 30)
            round_.wait_for({"backend1"}, 3)
        finally:
            bench.network.set_forwarding(ACTIVE, True)
        code, fields = round_.report("backend1")
        assert (code, fields["state"], fields["route"]) == (0, "unknown", "unknown")

    bench.play(body)
