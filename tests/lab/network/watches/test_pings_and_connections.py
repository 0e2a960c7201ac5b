"""What a probe believes where pings and connections disagree, on both networks."""

from __future__ import annotations

import pytest

from tests.lab.network.bench import EVERYBODY, Bench
from tests.lab.network.guards import ANYWHERE, VPC_GROUP, WEB_GROUP, Guard, Rule
from tests.lab.network.layout import VPC_CIDR
from tests.lab.network.watches.round import ACTIVE, PASSIVE, Round

PINGS_ONLY = Guard((Rule(VPC_CIDR, "icmp"),), (Rule(ANYWHERE),))


def test_connections_decide_where_pings_are_filtered(bench: Bench, round_: Round) -> None:
    def body() -> None:
        bench.network.set_guards({ACTIVE: WEB_GROUP})
        try:
            round_.start_all(window=7)
            round_.wait_for({*EVERYBODY, PASSIVE}, 11)
        finally:
            bench.network.set_guards({ACTIVE: VPC_GROUP})
        assert round_.columns() == {(0, "online", "yes", "yes", "yes")}
        answered, sent = round_.report(next(iter(EVERYBODY & set(round_.outcomes))))[1]["pings"]
        assert answered < sent
        assert round_.have_all_signalled(PASSIVE, EVERYBODY, "n", through=True)

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
        assert sum("intercepted" in round_.report(host)[1] for host in EVERYBODY & set(round_.outcomes)) >= 5
        assert ("f", True) in round_.signals(PASSIVE).values()

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
        assert round_.report(PASSIVE)[0] == 1
        if bench.world.virtual:
            # No later than where pings are lost as well.
            assert {round_.report(host)[1]["lost_for"] for host in EVERYBODY} == {1.65}

    bench.play(body)


def test_where_connections_never_came_about_pings_decide(bench: Bench, round_: Round) -> None:
    def body() -> None:
        bench.network.set_guards({ACTIVE: PINGS_ONLY})
        try:
            # Of another pair nobody remembers any.
            round_.start((ACTIVE, PASSIVE), 10, pair="never")
            bench.world.sleep(1)
            round_.start(sorted(EVERYBODY), 7, pair="never")
            round_.wait_for({*EVERYBODY, PASSIVE}, 11)
        finally:
            bench.network.set_guards({ACTIVE: VPC_GROUP})
        assert round_.columns() == {(0, "online", "yes", "no", "yes")}

    bench.play(body)


@pytest.mark.parametrize("window", [60, 0], ids=["watch", "quick check"])
def test_whoever_watches_after_the_last_connection_knows_that_there_were_some(
    bench: Bench, round_: Round, window: float
) -> None:
    def body() -> None:
        round_.start_all(window=2)
        round_.wait_for(EVERYBODY, 5)
        round_.outcomes.clear()
        bench.network.set_guards({ACTIVE: PINGS_ONLY})
        try:
            round_.start((ACTIVE, PASSIVE), 60)
            bench.world.sleep(1)
            round_.start(sorted(EVERYBODY), window)
            round_.wait_for(EVERYBODY, 7)
        finally:
            bench.network.set_guards({ACTIVE: VPC_GROUP})
        assert round_.columns() == {(1, "offline", "no", "no", "yes")}

    bench.play(body)


def test_a_quick_check_that_remembers_connections_believes_nobody_who_answers_for_others(
    bench: Bench, round_: Round
) -> None:
    def body() -> None:
        round_.start_all(window=2)
        round_.wait_for(EVERYBODY, 5)
        round_.outcomes.clear()
        bench.network.set_intercepting(ACTIVE, True)
        bench.network.set_guards({ACTIVE: WEB_GROUP})
        try:
            round_.start((ACTIVE, PASSIVE), 60)
            bench.world.sleep(1)
            round_.start(sorted(EVERYBODY), 0)
            round_.wait_for(EVERYBODY, 9)
        finally:
            bench.network.set_guards({ACTIVE: VPC_GROUP})
            bench.network.set_intercepting(ACTIVE, False)
        assert round_.columns() == {(1, "offline", "no", "unknown", "yes")}

    bench.play(body)
