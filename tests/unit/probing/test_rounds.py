"""Which rounds are read, and whom the next one asks."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nat_failover.probing.rounds import (
    DRILL_LASTS,
    MOST_ROUNDS_READ,
    OVERLAP,
    ROUNDS_A_HOST,
    UNREAD,
    YOUNG,
    Kind,
    Round,
    Running,
    choose,
    drills_of,
    in_drill,
    look_back,
    watched_beyond,
    worth_reading,
)
from tests.examples import NOW, settings

HOSTS = [f"i-{n:08x}" for n in range(20)]


def watch(command_id: str, age: float, *hosts: str, kind: Kind = Kind.WATCH, window: int = 600) -> Round:
    """A round sent so many seconds ago."""
    return Round(command_id, kind, window, NOW - age, hosts)


# Reading


def read(rounds: list[Round]) -> list[Round]:
    return worth_reading(rounds, NOW, settings())


def test_a_watch_ends_its_window_after_it_was_asked_for() -> None:
    assert watch("a", 100, "x").ends_at == NOW + 500
    assert watch("a", 100, "x", kind=Kind.CHECK, window=0).ends_at == NOW - 100


def test_each_hosts_newest_two_rounds_are_read_newest_first() -> None:
    rounds = [watch("old", 30, "x", "y"), watch("new", 20, "x"), watch("newest", 10, "x"), watch("oldest", 400, "y")]
    assert [r.command_id for r in read(rounds)] == ["newest", "new", "old", "oldest"]


def test_one_before_is_not_read_when_it_can_have_told_nothing_that_is_evidence_yet() -> None:
    rounds = [watch("old", 300, "x"), watch("new", 60, "x")]
    assert [r.command_id for r in read(rounds)] == ["new"]


def test_the_watch_before_is_read_where_what_it_said_at_its_end_has_to_hold() -> None:
    rounds = [watch("1", 900, "x"), watch("2", 600, "x"), watch("3", 60, "x")]
    assert [r.command_id for r in worth_reading(rounds, NOW, settings(), watches=2)] == ["3", "2"]


def test_a_round_is_not_read_when_all_its_hosts_have_two_newer_ones() -> None:
    rounds = [watch("1", 30, "x", "y"), watch("2", 20, "x", "y"), watch("3", 10, "x", "y")]
    assert [r.command_id for r in read(rounds)] == ["3", "2"]


def test_no_more_than_twelve_rounds_are_read_and_the_oldest_are_left_out() -> None:
    rounds = [watch(str(age), age, f"host-{age}") for age in range(20)]
    assert [r.command_id for r in read(rounds)] == [str(age) for age in range(MOST_ROUNDS_READ)]


def test_a_round_that_names_no_host_is_not_read() -> None:
    assert read([watch("of a person, by tag", 10)]) == []


def test_a_watch_still_under_way_is_read_however_many_quick_checks_came_after_it() -> None:
    checks = [watch(f"check {age}", age, "control", kind=Kind.CHECK, window=0) for age in (20, 80)]
    assert "watch" in [r.command_id for r in read([watch("watch", 120, "control"), *checks])]


def test_a_drills_mark_counts_for_the_nat_it_was_sent_to_for_as_long_as_the_drill_breaks_it() -> None:
    def marked(age: float, *hosts: str) -> bool:
        marks = drills_of([watch("watch", age, *hosts), watch("mark", age, *hosts, kind=Kind.DRILL, window=0)])
        assert [mark.command_id for mark in marks] == ["mark"]
        return in_drill(marks, "nat", NOW)

    assert marked(1, "nat")
    assert marked(DRILL_LASTS, "nat")
    assert not marked(DRILL_LASTS + 0.1, "nat")
    assert not marked(1, "other")
    assert not marked(1, "nat", "other")
    assert not marked(1)


def test_what_a_drills_mark_is_answered_is_not_read_and_hides_nothing() -> None:
    mark = watch("mark", 1, "nat", kind=Kind.DRILL, window=0)
    assert [r.command_id for r in read([mark, watch("watch", 300, "nat")])] == ["watch"]


ROUNDS = st.lists(
    st.builds(
        Round,
        command_id=st.uuids().map(str),
        kind=st.sampled_from(Kind),
        window=st.sampled_from([0, 600]),
        asked_at=st.integers(0, 900).map(lambda age: NOW - age),
        hosts=st.lists(st.sampled_from(HOSTS[:6]), max_size=4, unique=True).map(tuple),
    ),
    max_size=20,
    unique_by=lambda r: r.command_id,
)


@given(ROUNDS)
def test_what_is_read_is_newest_first_bounded_and_has_each_hosts_newest_rounds(rounds: list[Round]) -> None:
    chosen = read(rounds)
    order = [(r.asked_at, r.command_id) for r in chosen]
    assert order == sorted(order, reverse=True)
    assert len(chosen) <= MOST_ROUNDS_READ
    if len(chosen) < MOST_ROUNDS_READ:
        for host in HOSTS:
            of_host = [r for r in rounds if host in r.hosts and r.kind not in UNREAD]
            of = sorted(of_host, key=lambda r: (r.asked_at, r.command_id), reverse=True)
            young = bool(of) and NOW - of[0].asked_at <= settings().freshness + YOUNG
            assert set(of[: ROUNDS_A_HOST if young else 1]) <= set(chosen)


@given(ROUNDS, st.randoms())
def test_what_is_read_does_not_depend_on_the_order_in_which_ssm_lists_it(
    rounds: list[Round], chance: random.Random
) -> None:
    mixed = list(rounds)
    chance.shuffle(mixed)
    assert read(mixed) == read(rounds)


def test_rounds_are_looked_back_for_a_window_a_period_and_twice_the_freshness() -> None:
    assert look_back(settings()) == 600 + 60 + 2 * 30


@pytest.mark.parametrize("changes", [{"window": 0}])
def test_where_nobody_watches_the_window_is_not_looked_back_for(changes: dict[str, int]) -> None:
    assert look_back(settings(**changes)) == 60 + 2 * 30


# Who is watched


def test_a_watch_that_ends_before_the_next_tick_has_had_its_turn_is_no_watch() -> None:
    horizon = NOW + 60 + OVERLAP
    running = [Running("stays", horizon), Running("ends", horizon - 0.1), Running("over", NOW - 5)]
    assert watched_beyond(running, NOW, settings()) == {"stays"}


def test_the_longest_of_a_hosts_watches_counts() -> None:
    assert watched_beyond([Running("x", NOW + 10), Running("x", NOW + 500)], NOW, settings()) == {"x"}


# Choosing

SUBSETS = st.sets(st.sampled_from(HOSTS)).map(frozenset)


def chosen(
    online: list[str],
    *,
    watched: frozenset[str] = frozenset(),
    again: frozenset[str] = frozenset(),
    unfit: frozenset[str] = frozenset(),
    size: int = 10,
    seed: int = 1,
) -> tuple[str, ...]:
    """Choose with a seeded source of chance."""
    return choose(online, watched, again, unfit, settings(sample_size=size), random.Random(seed))


@given(
    online=st.lists(st.sampled_from(HOSTS), unique=True),
    watched=SUBSETS,
    again=SUBSETS,
    unfit=SUBSETS,
    size=st.integers(3, 49),
    seed=st.integers(),
)
def test_no_choice_asks_too_many_nor_anyone_offline_watched_or_twice(
    online: list[str], watched: frozenset[str], again: frozenset[str], unfit: frozenset[str], size: int, seed: int
) -> None:
    picked = chosen(online, watched=watched, again=again, unfit=unfit, size=size, seed=seed)
    busy = len(watched & set(online))
    assert len(picked) == len(set(picked))
    assert set(picked) <= set(online) - watched
    # As many as there are, up to the size of the sample, and never one more.
    assert len(picked) == max(0, min(size - busy, len(set(online) - watched)))


@given(
    online=st.lists(st.sampled_from(HOSTS), unique=True),
    again=SUBSETS,
    unfit=SUBSETS,
    size=st.integers(3, 20),
    seed=st.integers(),
)
def test_urgent_hosts_come_first_and_unfit_ones_last(
    online: list[str], again: frozenset[str], unfit: frozenset[str], size: int, seed: int
) -> None:
    picked = set(chosen(online, again=again, unfit=unfit, size=size, seed=seed))
    urgent = again & set(online)
    ordinary = set(online) - again - unfit
    if picked - urgent:
        assert urgent <= picked
    if picked & (unfit - again):
        assert urgent | ordinary <= picked


def test_watched_hosts_that_have_gone_offline_leave_their_place_to_others() -> None:
    gone = frozenset(["i-gone1", "i-gone2"])
    assert len(chosen(HOSTS, watched=gone, size=5)) == 5


def test_a_host_to_be_asked_again_is_asked_though_it_was_broken_before() -> None:
    assert chosen(HOSTS[:3], again=frozenset(HOSTS[:1]), unfit=frozenset(HOSTS[:1]), size=3)[0] == HOSTS[0]


def test_every_backend_has_about_the_same_chance_to_be_asked() -> None:
    draws = 2000
    counts = Counter(host for seed in range(draws) for host in chosen(HOSTS, size=5, seed=seed))
    expected = draws * 5 / len(HOSTS)
    # Five standard deviations of a binomial: it fails for an unfair choice, not by bad luck.
    margin = 5 * (draws * 0.25 * 0.75) ** 0.5
    assert set(counts) == set(HOSTS)
    assert all(abs(count - expected) < margin for count in counts.values())


def test_the_choice_among_too_many_urgent_hosts_is_random_too() -> None:
    picks = {chosen(HOSTS, again=frozenset(HOSTS), size=3, seed=seed) for seed in range(50)}
    assert len(picks) > 40


def test_the_same_seed_chooses_the_same_hosts_in_whatever_order_ssm_lists_them() -> None:
    assert chosen(HOSTS, size=5) == chosen(HOSTS[::-1], size=5)
