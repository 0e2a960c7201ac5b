"""A death that is failed over from is none that is missed, and one that is not is."""

from __future__ import annotations

from random import Random

import pytest

from tests.bench import bars, deaths
from tests.bench.episodes import network
from tests.lab.lab import Lab


@pytest.mark.parametrize("kind", [deaths.amid, deaths.unfit])
def test_a_death_is_failed_over_from_whatever_else_is_the_matter(kind: deaths.Kind) -> None:
    found = deaths.play(kind, 3)
    assert found.after is not None
    assert "seed 3" in found.description


def test_a_death_that_nobody_acts_on_is_missed() -> None:
    def locked_for_good(lab: Lab, chance: Random) -> deaths.Dead:
        dead = deaths.unfit(lab, chance)
        lab.cloud.set_lock("paused")
        return dead

    found = deaths.play(locked_for_good, 7)
    assert found.after is None
    assert found.enough
    bar = bars.of_days({"days": 1, "false_failovers": {"ours": 0}}, {"while locked": {"deaths": 1, "missed": 1}})[1]
    assert (bar.bar, bar.met) == ("missed failovers in 1 deaths while locked", False)


def test_a_death_that_too_few_backends_can_see_is_none_that_is_missed() -> None:
    def agents_restarted(lab: Lab, _: Random) -> deaths.Dead:
        for host in lab.backends[1:]:
            network(lab).restart_agent(host, None)
        lab.wait(1)
        return "nat-link-down", deaths.die(lab, "nat-link-down")

    by_endpoints = [deaths.play(agents_restarted, seed).enough for seed in (4, 5)]
    assert by_endpoints == [False, True]
