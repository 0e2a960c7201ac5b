"""Probe and listener on both networks: the same lines for the same troubles."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from tests.lab.network.bench import EVERYBODY, Bench
from tests.lab.network.guards import ANYWHERE, VPC_GROUP, Guard, Rule
from tests.lab.network.layout import TARGETS
from tests.lab.network.network import Network
from tests.lab.network.watches.round import ACTIVE, PASSIVE, Round

NOBODY = Guard((), (Rule(ANYWHERE),))
DEATHS: Mapping[str, tuple[Callable[[Network], None], Callable[[Network], None]]] = {
    "rules": (lambda n: n.flush_nat_rules(ACTIVE), lambda n: n.reboot(ACTIVE)),
    "forwarding": (lambda n: n.set_forwarding(ACTIVE, False), lambda n: n.set_forwarding(ACTIVE, True)),
    "link": (lambda n: n.set_link(ACTIVE, False), lambda n: n.set_link(ACTIVE, True)),
    "stop": (lambda n: n.stop(ACTIVE), lambda n: n.start(ACTIVE)),
    "uplink": (lambda n: n.set_uplink(ACTIVE, False), lambda n: n.set_uplink(ACTIVE, True)),
    "group": (lambda n: n.set_guards({ACTIVE: NOBODY}), lambda n: n.set_guards({ACTIVE: VPC_GROUP})),
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
            round_.wait_for({*EVERYBODY, PASSIVE}, 4)
        finally:
            revives(bench.network)
        assert round_.columns() == {(1, "offline", "no", "no", "yes")}
        code, fields = round_.report(PASSIVE)
        assert (code, fields["state"], fields["listener"]) == (1, "online", "nft")
        signals = round_.signals(PASSIVE)
        assert set(signals.values()) <= {("f", True), ("n", True)}
        assert sum(signal == "f" for signal, _ in signals.values()) > len(EVERYBODY) / 2

    bench.play(body)


def test_a_nat_that_is_gone_for_a_second_is_not_dead(bench: Bench, round_: Round) -> None:
    def body() -> None:
        round_.start_all(window=7)
        bench.world.sleep(2)
        bench.network.set_forwarding(ACTIVE, False)
        bench.world.sleep(1.1 if bench.world.virtual else 0.8)
        bench.network.set_forwarding(ACTIVE, True)
        round_.wait_for({*EVERYBODY, PASSIVE}, 10)
        assert {code for code, *_ in round_.columns()} == {0}
        assert round_.report(PASSIVE)[0] == 0
        # Nor are pings given up.
        pings = [round_.report(host)[1]["pings"][1] for host in sorted(EVERYBODY & set(round_.outcomes))]
        assert sum(sent >= 5 for sent in pings) >= len(EVERYBODY) - 1

    bench.play(body)


def test_all_is_well(bench: Bench, round_: Round) -> None:
    def body() -> None:
        round_.start_all(window=6)
        round_.wait_for({*EVERYBODY, ACTIVE, PASSIVE}, 9)
        assert round_.columns() == {(0, "online", "yes", "unknown", "yes")}
        for nat in (ACTIVE, PASSIVE):
            code, fields = round_.report(nat)
            assert (code, fields["state"]) == (0, "online")
        assert round_.have_all_signalled(PASSIVE, EVERYBODY, "n", through=True)
        assert round_.signals(ACTIVE) == {}

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
        assert round_.report(PASSIVE)[0] == 0
        assert round_.have_all_signalled(PASSIVE, EVERYBODY, "n", through=False)

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
        code, fields = round_.report(PASSIVE)
        assert (code, fields["state"]) == (1, "online")
        assert round_.have_all_signalled(PASSIVE, EVERYBODY, "f", through=False)

    bench.play(body)


def test_without_an_internet_all_are_offline_and_so_are_the_nats_when_their_window_ends(
    bench: Bench, round_: Round
) -> None:
    def body() -> None:
        round_.start_all(window=9)
        bench.world.sleep(2)
        bench.network.set_internet(False)
        try:
            round_.wait_for(EVERYBODY, 5)
            round_.wait_for({ACTIVE, PASSIVE}, 12)
        finally:
            bench.network.set_internet(True)
        assert round_.columns() == {(1, "offline", "no", "no", "no")}
        for nat in (ACTIVE, PASSIVE):
            code, fields = round_.report(nat)
            assert (code, fields["state"]) == (1, "offline")

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
        code, fields = round_.report(PASSIVE)
        assert (code, fields["state"]) == (1, "online")
        assert set(round_.signals(PASSIVE).values()) == {("n", True)}

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
        assert round_.report(PASSIVE)[0] == 0
        assert round_.have_all_signalled(PASSIVE, EVERYBODY - sick, "n", through=True)

    bench.play(body)


@pytest.mark.parametrize("target", TARGETS)
def test_a_push_that_blocks_everybody_while_a_target_is_dead_is_none_of_the_active_nat(
    bench: Bench, round_: Round, target: str
) -> None:
    def body() -> None:
        bench.network.set_target(target, False)
        try:
            round_.start_all()
            bench.world.sleep(2)
            for host in EVERYBODY:
                bench.network.set_sick(host, True)
            round_.wait_for(EVERYBODY, 5)
        finally:
            bench.network.set_target(target, True)
            for host in EVERYBODY:
                bench.network.set_sick(host, False)
        assert round_.columns() == {(1, "offline", "no", "yes", "yes")}

    bench.play(body)


def test_a_push_that_blocks_everybody_while_the_internet_loses_packets_is_none_of_the_active_nat(bench: Bench) -> None:
    if not bench.world.virtual:
        pytest.skip("chance takes many rounds, and the probe tries the same ways on real packets")

    def body() -> None:
        by_active = []
        for _ in range(10):
            round_ = Round(bench)
            round_.start_all()
            bench.world.sleep(2)
            bench.network.set_loss(40)
            for host in EVERYBODY:
                bench.network.set_sick(host, True)
            round_.wait_for(EVERYBODY, 15)
            by_active += [round_.report(host)[1]["active"] for host in EVERYBODY]
            bench.network.set_loss(0)
            for host in EVERYBODY:
                bench.network.set_sick(host, False)
        # Of six connections by its proof port, one comes about; of two, both are lost for one host in six.
        assert by_active.count("no") < len(by_active) / 20

    bench.play(body)
