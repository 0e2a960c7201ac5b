"""What watches tell of a NAT that loses packets, and what of loss that is not the NAT's."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from tests.lab.network.bench import EVERYBODY, Bench
from tests.lab.network.layout import TARGETS
from tests.lab.network.network import Network
from tests.lab.network.watches.round import ACTIVE, PASSIVE, Round


@pytest.mark.parametrize("dead", [(), TARGETS[:1]])
def test_a_nat_that_loses_most_packets_is_told_as_dead_until_it_loses_none(
    bench: Bench, round_: Round, dead: Sequence[str]
) -> None:
    def body() -> None:
        for target in dead:
            bench.network.set_target(target, False)
        round_.start_all()
        bench.world.sleep(3)
        bench.network.set_nat_loss(ACTIVE, 60)
        try:
            round_.wait_for({PASSIVE}, 16)
            round_.wait_for(EVERYBODY, 30)
            # All was lost at once for a few, by chance, and something by the active NAT's port was not.
            by_active = {(1, "offline", "no", tried, "yes") for tried in ("no", "yes")}
            assert {(1, "offline", "no", "no", "yes")} <= round_.columns() <= by_active
            losses = [round_.report(host)[1].get("loss") for host in sorted(EVERYBODY & set(round_.outcomes))]
            assert sum(loss is not None and 45 < loss < 85 for loss in losses) >= 3
            offline = [signal for signal, through in round_.signals(PASSIVE).values() if through].count("f")
            assert offline * 2 > len(EVERYBODY)
        finally:
            bench.network.set_nat_loss(ACTIVE, 0)
        # What goes on after the verdict signals that it is online again.
        bench.world.sleep(8)
        again = Round(bench)
        again.start((PASSIVE,), 7)
        again.wait_for({PASSIVE}, 10)
        states = list(again.signals(PASSIVE).values())
        for target in dead:
            bench.network.set_target(target, True)
        assert states.count(("n", True)) >= len(EVERYBODY) - 1

    bench.play(body)


@pytest.mark.parametrize("dead", [(), TARGETS[:1]])
@pytest.mark.parametrize("lose", [lambda n, p: n.set_nat_loss(ACTIVE, p / 2), lambda n, p: n.set_loss(p)])
def test_some_loss_and_one_that_both_nats_share_is_none_of_the_active_nat(
    bench: Bench, round_: Round, lose: Callable[[Network, float], None], dead: Sequence[str]
) -> None:
    def body() -> None:
        for target in dead:
            bench.network.set_target(target, False)
        round_.start_all(window=25 if bench.world.virtual else 12)
        bench.world.sleep(2)
        lose(bench.network, 40)
        try:
            round_.wait_for({*EVERYBODY, PASSIVE}, 40)
        finally:
            lose(bench.network, 0)
            for target in dead:
                bench.network.set_target(target, True)
        assert not any("loss" in round_.report(host)[1] for host in EVERYBODY & set(round_.outcomes))
        assert round_.report(PASSIVE)[0] == 0

    bench.play(body)
