"""What stands in the lock and in the claim, and what is made of what a person may put there."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nat_failover.lock.record import EgressMove, LockState, read_lock
from tests.examples import PRIMARY_TABLE, RECORD, STANDBY_TABLE
from tests.fuzz.values import SHALLOW as JSON

# The lock


@pytest.mark.parametrize("state", [LockState.FAILING_OVER, LockState.FAILED_OVER, LockState.FAILED])
def test_a_record_is_read_back_as_it_was_written(state: LockState) -> None:
    record = replace(RECORD, state=state, outcome="2 subnets moved", seconds=0.875)
    lock = read_lock(record.text(), 7)
    assert (lock.state, lock.version, lock.record) == (state, 7, record)


def test_a_move_that_was_undone_is_read_back_as_one() -> None:
    record = replace(RECORD, state=LockState.FAILED_OVER, outcome="failback: 0 subnets lost", rolled_back=True)
    assert read_lock(record.text(), 1).record == record


def test_a_record_from_before_it_had_a_field_for_it_says_in_words_that_it_was_undone() -> None:
    """As the command of the time wrote it."""
    text = (
        '{"state":"failed-over","owner":"arn:aws:iam::123456789012:user/alice","since":"2026-11-12T08:00:00.250+00:00",'
        '"from":"rtb-1","to":"rtb-2","subnets":{"subnet-a":"rtbassoc-a"},"evidence":[],"reason":"why",'
        '"outcome":"failback rolled back, 0 subnets lost: 1 of 2 backends are offline","seconds":0.9}'
    )
    record = read_lock(text, 3).record
    assert record is not None
    assert record.rolled_back
    moved = read_lock(text.replace("rolled back, 0 subnets lost", "1 subnets moved"), 3).record
    assert moved is not None
    assert not moved.rolled_back


@pytest.mark.parametrize("moved", [True, False])
def test_the_move_of_the_egress_address_is_read_back_as_it_was_written(moved: bool) -> None:
    record = replace(RECORD, egress=EgressMove("eipalloc-0123456789abcdef0", moved))
    assert json.loads(record.text())["egress"] == {"allocation": "eipalloc-0123456789abcdef0", "moved": moved}
    assert read_lock(record.text(), 7).record == record


@pytest.mark.parametrize("egress", [None, "moved", [], {}, {"allocation": 1, "moved": True}, {"allocation": "e"}])
def test_a_move_that_can_not_be_understood_keeps_nobody_from_finishing_the_failover(egress: object) -> None:
    lock = read_lock(json.dumps({**json.loads(RECORD.text()), "egress": egress}), 7)
    assert lock.record == RECORD


def printable_texts(max_size: int) -> st.SearchStrategy[str]:
    """Draw any text of characters that can be seen."""
    seen = st.characters(exclude_categories=["C", "Z"], include_characters=" ")
    return st.text(seen, max_size=max_size)


@given(
    reason=printable_texts(max_size=200),
    outcome=printable_texts(max_size=50),
    owner=printable_texts(max_size=50),
    evidence=st.lists(printable_texts(max_size=20), max_size=5).map(tuple),
    subnets=st.dictionaries(printable_texts(max_size=10), printable_texts(max_size=10), max_size=5),
    since=st.integers(0, 4_000_000_000_000),
    seconds=st.none() | st.integers(0, 10_000_000),
)
def test_a_short_record_of_any_words_is_read_back_to_the_letter(
    reason: str,
    outcome: str,
    owner: str,
    evidence: tuple[str, ...],
    subnets: dict[str, str],
    since: int,
    seconds: int | None,
) -> None:
    record = replace(
        RECORD, reason=reason, outcome=outcome, owner=owner, evidence=evidence, subnets=subnets, since=since / 1000
    )
    record = replace(record, seconds=None if seconds is None else seconds / 1000)
    assert read_lock(record.text(), 1).record == record


def test_a_record_under_way_has_no_outcome_and_no_duration() -> None:
    assert read_lock(RECORD.text(), 1).record == RECORD
    assert {"outcome", "seconds"}.isdisjoint(json.loads(RECORD.text()))


def test_a_record_can_be_read_by_a_person_and_by_any_tool() -> None:
    fields = json.loads(RECORD.text())
    assert fields["state"] == "failing-over"
    assert (fields["from"], fields["to"]) == (PRIMARY_TABLE, STANDBY_TABLE)
    assert fields["since"].startswith("2027-01-15T08:00:00.250+00:00")


@pytest.mark.parametrize("text", ["armed", " armed\n", "armed "])
def test_armed_is_armed(text: str) -> None:
    assert read_lock(text, 3).state is LockState.ARMED


def test_no_parameter_is_armed() -> None:
    lock = read_lock(None, 0)
    assert (lock.state, lock.text, lock.version) == (LockState.ARMED, None, 0)
    assert "no lock parameter" in lock.reason


@pytest.mark.parametrize("text", ["paused", " paused\n", '{"state": "paused"}', '{"state":"paused","by":"me"}'])
def test_paused_is_paused_whether_as_a_word_or_as_a_record(text: str) -> None:
    assert read_lock(text, 3).state is LockState.PAUSED


def without(key: str) -> str:
    """The record without one of its fields."""
    return json.dumps({k: v for k, v in json.loads(RECORD.text()).items() if k != key})


def with_(**changes: Any) -> str:
    """The record with some fields changed."""
    return json.dumps(json.loads(RECORD.text()) | changes)


UNREADABLE = [
    *("", " ", "Armed", "ARMED", "armed!", "'armed'", '"armed"', "unarmed", "paused?", "0", "null", "true", "[]", "{}"),
    *('{"state":"armed"}', '{"state":"unreadable"}', '{"state":"ready"}', '{"state":null}', '{"state":["failed"]}'),
    *('{"state":"failed"}', '["state"]', "{", '{"state":"failing-over",}', "9" * 5000, "[" * 4096, "\x00", "🔒"),
    *(without(key) for key in ("state", "owner", "since", "from", "to")),
    *(with_(since=since) for since in ("", "yesterday", 5, None, "2026-13-01T00:00:00Z", "0001-01-01")),
    *(with_(**{key: 5}) for key in ("owner", "from", "to", "subnets", "evidence")),
    *(with_(seconds=10**400), with_(subnets=["subnet-a"]), with_(evidence={"a": 1})),
]


@pytest.mark.parametrize("text", UNREADABLE, ids=range(len(UNREADABLE)))
def test_what_can_not_be_understood_is_locked_and_shown_in_short(text: str) -> None:
    lock = read_lock(text, 4)
    assert (lock.state, lock.text, lock.version, lock.record) == (LockState.UNREADABLE, text, 4, None)
    assert "can't be understood" in lock.reason
    assert len(lock.reason) < 400


@pytest.mark.parametrize("since", ["9999-12-31T23:59:59.999999-23:59", "0001-01-01T00:00:00+23:59"])
def test_a_record_of_a_time_that_can_not_be_told_is_locked(since: str) -> None:
    assert read_lock(with_(since=since), 1).state is LockState.UNREADABLE


SCRIBBLES = st.fixed_dictionaries(
    {"state": st.sampled_from([s.value for s in LockState]) | JSON},
    optional={
        **{key: st.text(max_size=20) | JSON for key in ("owner", "from", "to", "reason", "outcome")},
        "since": st.datetimes().map(lambda at: at.isoformat()) | st.text(max_size=20) | JSON,
        "subnets": st.dictionaries(st.text(max_size=5), JSON, max_size=3) | JSON,
        "evidence": st.lists(JSON, max_size=3) | JSON,
        "seconds": JSON,
    },
)


@given(st.text() | JSON.map(json.dumps) | SCRIBBLES.map(json.dumps))
def test_no_text_but_the_word_itself_is_armed_and_none_raises(text: str) -> None:
    lock = read_lock(text, 2)
    assert (lock.state is LockState.ARMED) == (text.strip() == "armed")
    assert lock.reason
    assert (lock.record is not None) == (
        lock.state in (LockState.FAILING_OVER, LockState.FAILED_OVER, LockState.FAILED)
    )


@pytest.mark.parametrize(
    ("state", "in_words"),
    [
        (LockState.FAILING_OVER, "is under way since 2027-01-15 08:00:00 UTC"),
        (LockState.FAILED_OVER, f"failed over to {STANDBY_TABLE} at 2027-01-15 08:00:00 UTC; re-arm"),
        (LockState.FAILED, "has failed (EC2 said no); fix the cause and re-arm"),
    ],
)
def test_the_reason_says_what_the_record_means_and_what_to_do(state: LockState, in_words: str) -> None:
    assert in_words in read_lock(replace(RECORD, state=state, outcome="EC2 said no").text(), 1).reason


@pytest.mark.parametrize("text", ["\ud800", "a\x00b", "\x1b[2J", "a\nb", "\u202e", "\udfff\u2028"])
def test_of_a_persons_words_only_what_can_be_written_anywhere_is_kept(text: str) -> None:
    fields = {**json.loads(RECORD.text()), "state": "failed", "outcome": text, "reason": text, "evidence": [text]}
    lock = read_lock(json.dumps(fields), 1)
    assert lock.record is not None
    for kept in (lock.reason, lock.record.outcome, lock.record.reason, *lock.record.evidence):
        assert kept.isprintable()
        kept.encode()


@pytest.mark.parametrize("text", ["armd", " Armed\n", "pause"])
def test_a_slip_of_the_pen_is_shown(text: str) -> None:
    assert f"the lock's value {text!r} can't be understood" in read_lock(text, 1).reason


@pytest.mark.parametrize(
    "text", ["hunter2", "AKIAIOSFODNN7EXAMPLE", '{"password": "x"}', "arn:aws:iam::123456789012:role/x"]
)
def test_of_anything_else_in_the_lock_only_the_length_is_told_since_it_may_be_a_secret(text: str) -> None:
    assert f"the lock's value ({len(text)} characters) can't be understood" in read_lock(text, 1).reason
