"""The memory of what has been told, in any history."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from nat_failover.judging.conditions import DAY, Trouble
from nat_failover.telling.memory import Channel, Memory, Phase, read_memory
from tests.unit.telling.conditions import CONDITIONS
from tests.unit.telling.people import People


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[float, set[Trouble], set[Trouble], set[Channel]]]:
    """Ticks: how much later, what is so, what is unknown, which channels refuse."""
    kinds = st.sets(st.sampled_from([Trouble.SPLIT, Trouble.CONTROL_DOWN, Trouble.ROUTES_DIFFER]))
    channels = st.sets(st.sampled_from(list(Channel)), max_size=2)
    return draw(
        st.lists(st.tuples(st.sampled_from([60.0, 61.0, 600.0, DAY]), kinds, kinds, channels), min_size=1, max_size=40)
    )


@hypothesis_settings(max_examples=60)
@given(histories())
def test_in_any_history_each_channel_hears_a_beginning_once_reminders_daily_and_an_end_last(
    history: list[tuple[float, set[Trouble], set[Trouble], set[Channel]]],
) -> None:
    people = People()
    at: dict[tuple[str, Channel], list[tuple[float, Phase]]] = {}
    for later, present, unknown, refusing in history:
        people.refusing, before = refusing, len(people.messages)
        people.tick(*(CONDITIONS[k] for k in present), unknown=frozenset(unknown - present), later=later)
        for incident, phase, channel in people.messages[before:]:
            at.setdefault((incident, channel), []).append((people.now, phase))
    for sent in at.values():
        phases = [phase for _, phase in sent]
        # A trouble of the same evidence has the same id: an end may be followed by another beginning.
        count = Counter(phases)
        assert count[Phase.BEGIN] <= count[Phase.END] + 1
        assert phases[0] is not Phase.REMINDER
        for (one, _), (other, phase) in pairwise(sent):
            assert phase is not Phase.REMINDER or other - one >= DAY


@hypothesis_settings(max_examples=60)
@given(histories())
def test_in_any_history_what_is_due_is_told_or_owed(
    history: list[tuple[float, set[Trouble], set[Trouble], set[Channel]]],
) -> None:
    people = People()
    for later, present, unknown, refusing in history:
        people.refusing = refusing
        people.tick(*(CONDITIONS[k] for k in present), unknown=frozenset(unknown - present), later=later)
    # After a quiet quarter of an hour nothing is owed, and all that has begun has ended.
    people.refusing = set()
    for _ in range(15):
        people.tick()
    assert read_memory(people.text) == Memory()
    for channel in Channel:
        ends = Counter(incident for incident, phase, by in people.messages if phase is Phase.END and by is channel)
        begins = Counter(incident for incident, phase, by in people.messages if phase is Phase.BEGIN and by is channel)
        assert all(ends[incident] >= count for incident, count in begins.items())
