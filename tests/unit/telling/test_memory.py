"""The memory of what has been told: begun once, reminded of daily, ended once, whatever fails or flaps on the way."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nat_failover.judging.conditions import AT_ONCE, DAY, PATIENCE, Findings, Trouble
from nat_failover.lock.record import LARGEST
from nat_failover.telling.memory import TELLING, Channel, Due, Memory, Phase, begun, plan, read_memory
from tests.examples import NOW, failures
from tests.unit.telling.conditions import CONDITIONS, RECORD
from tests.unit.telling.people import NOTHING, People

SPLIT, DOWN = CONDITIONS[Trouble.SPLIT], CONDITIONS[Trouble.CONTROL_DOWN]


def test_what_lasts_is_told_once_it_has_lasted_three_minutes_and_not_again_that_day() -> None:
    people = People()
    assert [people.tick(SPLIT) for _ in range(5)] == [[], [], [], [Phase.BEGIN], []]
    assert [people.tick(SPLIT, later=3600) for _ in range(23)] == [[]] * 23


@pytest.mark.parametrize("kind", sorted(AT_ONCE))
def test_an_outage_or_what_a_failover_came_to_is_told_at_once_and_once(kind: Trouble) -> None:
    people = People()
    assert [people.tick(CONDITIONS[kind]) for _ in range(3)] == [[Phase.BEGIN], [], []]


def test_what_lasts_is_told_again_each_day() -> None:
    people = People()
    people.tick(DOWN)
    assert [people.tick(DOWN, later=DAY) for _ in range(3)] == [[Phase.REMINDER]] * 3


def test_what_is_over_is_told_once_it_has_been_over_for_three_minutes_and_then_forgotten() -> None:
    people = People()
    people.tick(DOWN)
    assert [people.tick() for _ in range(6)] == [[], [], [], [Phase.END], [], []]
    assert read_memory(people.text) == Memory()


def test_what_comes_and_goes_within_three_minutes_is_told_to_nobody() -> None:
    people = People()
    assert people.tick(SPLIT) == people.tick(SPLIT) == people.tick() == []
    assert [people.tick() for _ in range(5)] == [[]] * 5
    assert read_memory(people.text) == Memory()


def test_an_outage_that_flaps_is_one_trouble() -> None:
    people = People()
    phases = [phase for _ in range(20) for phase in (*people.tick(DOWN), *people.tick(), *people.tick())]
    assert phases == [Phase.BEGIN]
    assert len({incident for incident, _, _ in people.messages}) == 1


def test_what_comes_again_after_its_end_was_told_is_another_trouble() -> None:
    people = People()
    people.tick(DOWN)
    for _ in range(4):
        people.tick()
    assert people.tick(replace(DOWN, evidence=tuple(failures(since=NOW + 300)))) == [Phase.BEGIN]
    assert len({incident for incident, _, _ in people.messages}) == 2


def test_what_is_unknown_neither_begins_nor_ends_nor_is_reminded_of() -> None:
    people = People()
    people.tick(DOWN)
    unknown = frozenset({Trouble.CONTROL_DOWN})
    assert [people.tick(unknown=unknown, later=DAY) for _ in range(3)] == [[]] * 3
    assert people.tick(DOWN) == [Phase.REMINDER]


def test_one_who_has_paused_a_pair_is_reminded_after_a_day() -> None:
    people = People()
    paused = CONDITIONS[Trouble.PAUSED]
    assert [people.tick(paused, later=3600) for _ in range(25)] == [[]] * 24 + [[Phase.BEGIN]]


def test_one_who_has_re_armed_within_a_day_is_not_told_of_a_pause() -> None:
    people = People()
    people.tick(CONDITIONS[Trouble.PAUSED])
    assert [people.tick(later=3600) for _ in range(3)] == [[]] * 3


def test_another_failover_is_another_trouble_though_the_lock_never_said_anything_else() -> None:
    people = People()
    first, second = (
        replace(CONDITIONS[Trouble.FAILED_OVER], record=replace(RECORD, since=at)) for at in (NOW, NOW + 200)
    )
    assert [people.tick(c) for c in (first, first, second, second)] == [[Phase.BEGIN], [], [Phase.BEGIN], []]


@pytest.mark.parametrize("refusing", list(Channel))
def test_a_message_that_one_channel_refuses_is_owed_to_that_channel_alone(refusing: Channel) -> None:
    people = People()
    people.refusing = {refusing}
    for _ in range(5):
        people.tick(DOWN)
    (other,) = set(Channel) - {refusing}
    assert [message[1:] for message in people.messages] == [(Phase.BEGIN, other)]
    people.refusing = set()
    people.tick(DOWN)
    assert [message[1:] for message in people.messages[1:]] == [(Phase.BEGIN, refusing)]


def test_a_channel_that_never_takes_the_beginning_keeps_nobody_from_being_reminded() -> None:
    people = People()
    people.refusing = {Channel.EVENT}
    people.tick(DOWN)
    assert people.tick(DOWN, later=DAY) == [Phase.REMINDER]


def test_a_trouble_that_comes_again_while_its_end_is_owed_to_one_channel_goes_on_there() -> None:
    people = People()
    people.tick(DOWN)
    people.tick()
    people.refusing = {Channel.EVENT}
    assert people.tick(later=PATIENCE) == [Phase.END]
    people.refusing = set()
    assert people.tick(DOWN) == [Phase.BEGIN]
    assert [phase for _, phase, channel in people.messages if channel is Channel.EVENT] == [Phase.BEGIN]


def test_what_could_not_be_told_while_it_lasted_is_told_when_it_is_over() -> None:
    people = People()
    people.refusing = set(Channel)
    people.tick(DOWN)
    people.tick()
    people.refusing = set()
    assert [people.tick(later=PATIENCE), people.tick()] == [[Phase.END], []]


# The parameter's value


@given(st.sets(st.sampled_from(sorted(Trouble))), st.booleans(), st.sampled_from([0.0, NOW + 30]))
def test_a_memory_is_read_back_as_it_was_written(kinds: set[Trouble], sent: bool, telling: float) -> None:
    memory = Memory({kind: begun(CONDITIONS[kind], "main", NOW) for kind in kinds}, telling)
    if sent:
        for kind, entry in memory.entries.items():
            memory = memory.with_sent(entry, Phase.BEGIN, Channel.TOPIC, NOW + 5)
            memory = memory.with_sent(memory.entries[kind], Phase.END, Channel.EVENT, NOW + 5)
    again = read_memory(memory.text())
    assert again.text() == memory.text()
    assert again.entries.keys() == kinds


def test_all_troubles_at_once_fit_into_a_standard_parameter() -> None:
    entries = {kind: begun(CONDITIONS[kind], "p" * 31, NOW) for kind in Trouble}
    memory = Memory({kind: replace(e, due=True, over=NOW) for kind, e in entries.items()}, NOW)
    for entry in entries.values():
        for channel in Channel:
            memory = memory.with_sent(memory.entries[entry.kind], Phase.BEGIN, channel, NOW)
        memory = memory.with_sent(memory.entries[entry.kind], Phase.END, Channel.TOPIC, NOW)
    memory = replace(memory, worked=WORKED)
    assert len(memory.entries) == len(Trouble)
    assert len(memory.text()) <= LARGEST
    kept = read_memory(memory.text())
    assert len(kept.entries) >= len(Trouble) - 4
    assert kept.worked == WORKED


def test_where_a_parameter_is_full_what_lasts_is_kept_before_what_is_over() -> None:
    entries = {kind: begun(CONDITIONS[kind], "p" * 31, NOW) for kind in Trouble}
    entries = {kind: replace(e, incident="i" * 200) for kind, e in entries.items()}
    over = sorted(Trouble)[:9]
    kept = read_memory(Memory({k: replace(e, over=NOW if k in over else None) for k, e in entries.items()}).text())
    assert set(Trouble) - set(over) <= kept.entries.keys() < set(Trouble)


# Which NATs have worked

WORKED = {role: f"{role:x<16}" for role in ("primary", "standby")}


def test_that_a_nat_has_worked_is_kept_whatever_is_told() -> None:
    people = People()
    people.text = Memory(worked={"primary": WORKED["primary"]}).text()
    people.tick(SPLIT, later=PATIENCE)
    people.tick()
    planned = plan(read_memory(people.text), Findings((), NOTHING, "", {"standby": WORKED["standby"]}), "main", NOW)
    assert planned.memory.worked == WORKED
    assert planned.memory.differs(read_memory(people.text))
    assert read_memory(planned.memory.text()).worked == WORKED


def test_an_event_leaves_it_to_ticks_to_remember_which_nats_have_worked() -> None:
    assert Findings((), NOTHING, "", WORKED).urgent.worked == {}


def test_of_a_memory_that_can_not_be_read_the_nats_that_have_worked_are_known_still() -> None:
    text = json.dumps({"version": 2, "online": WORKED})
    assert read_memory(text) == Memory(worked=WORKED)


@pytest.mark.parametrize("online", [None, [], "all", {"primary": 1}, {"primary": "short"}, {"another": "x" * 16}])
def test_marks_that_make_no_sense_are_none_and_spoil_nothing(online: object) -> None:
    assert read_memory(json.dumps(GOOD | {"online": online})) == read_memory(json.dumps(GOOD))


GOOD = json.loads(Memory({Trouble.SPLIT: begun(SPLIT, "main", NOW)}).text())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "armed",
        "null",
        "[]",
        "{}",
        json.dumps(GOOD | {"version": 2}),
        json.dumps(GOOD | {"troubles": None}),
        json.dumps(GOOD | {"troubles": [1]}),
        json.dumps(GOOD | {"troubles": [{"kind": "unheard-of"}]}),
        json.dumps(GOOD | {"telling": "soon"}),
        json.dumps(GOOD | {"telling": 1e400}),
        json.dumps(GOOD | {"troubles": [GOOD["troubles"][0] | {"since": 10**30}]}),
        json.dumps(GOOD | {"troubles": [GOOD["troubles"][0] | {"since": True}]}),
        json.dumps(GOOD | {"troubles": [GOOD["troubles"][0] | {"told": {"pigeon": 1}}]}),
        "[" * 100_000,
    ],
)
def test_a_value_that_can_not_be_understood_is_no_memory(text: str) -> None:
    assert read_memory(text) == Memory()


@given(st.text(max_size=80))
def test_no_value_is_an_error(text: str) -> None:
    assert read_memory(text) == Memory()


@pytest.mark.parametrize(("ago", "tells"), [(0, True), (TELLING - 1, True), (TELLING, False), (-3 * TELLING, False)])
def test_who_says_that_it_is_about_to_tell_is_believed_for_a_minute(ago: float, tells: bool) -> None:
    assert Memory(telling=NOW - ago + TELLING).another_tells(NOW) is tells


def test_a_message_that_is_due_names_its_channels_and_its_condition() -> None:
    (due,) = plan(Memory(), Findings((DOWN,), NOTHING, ""), "main", NOW).due
    assert due == Due(due.entry, Phase.BEGIN, tuple(Channel), DOWN)
    assert due.entry.incident == "main-control-down-20270115T075956Z"
