"""Who was offline and comes back, on both networks: when it is heard, and what it does not say."""

from __future__ import annotations

from tests.lab.network.bench import EVERYBODY, Bench
from tests.lab.network.watches.round import ACTIVE, PASSIVE, Round


def test_after_a_failover_who_is_back_is_heard_at_once(bench: Bench, round_: Round) -> None:
    def body() -> None:
        sick = sorted(EVERYBODY)
        round_.start(sick, 20)
        bench.world.sleep(1)
        bench.network.set_forwarding(ACTIVE, False)
        try:
            round_.wait_for(EVERYBODY, 5)
        finally:
            bench.network.set_forwarding(ACTIVE, True)
        # They have said so by now; the next time would be in five seconds.
        bench.world.sleep(3)
        round_.start((PASSIVE,), 0, active=PASSIVE)
        round_.wait_for({PASSIVE}, 2)
        assert round_.have_all_signalled(PASSIVE, EVERYBODY, "n", through=True)
        if bench.world.virtual:
            # Each signals every second, and it is looked for them four times a second.
            assert round_.report(PASSIVE)[1]["elapsed"] < 1.5

    bench.play(body)


def test_who_gets_through_the_active_nat_never_says_neither_though_it_comes_back(bench: Bench, round_: Round) -> None:
    def body() -> None:
        round_.start((ACTIVE, PASSIVE), 14)
        bench.world.sleep(1)
        round_.start(sorted(EVERYBODY), 60)
        bench.world.sleep(2)
        for sick in (True, False):
            for host in EVERYBODY:
                bench.network.set_sick(host, sick)
            round_.wait_for(EVERYBODY, 5)
        assert round_.columns() == {(1, "offline", "no", "yes", "yes")}
        round_.wait_for({PASSIVE}, 14)
        assert round_.have_all_signalled(PASSIVE, EVERYBODY, "n", through=True)

    bench.play(body)


def test_a_nat_that_was_cut_off_for_a_while_listens_on(bench: Bench, round_: Round) -> None:
    def body() -> None:
        round_.start_all()
        bench.world.sleep(2)
        bench.network.set_uplink(PASSIVE, False)
        try:
            bench.world.sleep(6)
        finally:
            bench.network.set_uplink(PASSIVE, True)
        assert not round_.outcomes
        bench.world.sleep(4)
        bench.network.set_forwarding(ACTIVE, False)
        try:
            round_.wait_for({*EVERYBODY, PASSIVE}, 7)
        finally:
            bench.network.set_forwarding(ACTIVE, True)
        code, fields = round_.report(PASSIVE)
        assert (code, fields["state"]) == (1, "online")
        assert ("f", True) in round_.signals(PASSIVE).values()

    bench.play(body)


def test_a_nat_that_stays_cut_off_says_so_when_the_window_ends(bench: Bench, round_: Round) -> None:
    def body() -> None:
        round_.start((PASSIVE,), 9)
        bench.world.sleep(1)
        bench.network.set_uplink(PASSIVE, False)
        try:
            bench.world.sleep(6)
            assert not round_.outcomes
            round_.wait_for({PASSIVE}, 7)
        finally:
            bench.network.set_uplink(PASSIVE, True)
        code, fields = round_.report(PASSIVE)
        assert (code, fields["state"]) == (1, "offline")

    bench.play(body)
