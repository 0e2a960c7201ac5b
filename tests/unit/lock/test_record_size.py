"""A record fits a parameter, whatever is in it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nat_failover.lock.record import LARGEST, read_lock
from tests.examples import RECORD

# 4 KB

ASCII = st.text(st.characters(max_codepoint=126), max_size=6000)


@given(
    subnets=st.integers(0, 250),
    evidence=st.integers(0, 49),
    reason=ASCII,
    outcome=ASCII,
    seconds=st.none() | st.floats(0, 1e6),
)
def test_a_record_always_fits_a_parameter_and_keeps_what_a_finisher_needs(
    subnets: int, evidence: int, reason: str, outcome: str, seconds: float | None
) -> None:
    record = replace(
        RECORD,
        subnets={f"subnet-{n:017x}": f"rtbassoc-{n:017x}" for n in range(subnets)},
        evidence=tuple(f"i-{n:017x} UNREACHABLE" for n in range(evidence)),
        reason=reason,
        outcome=outcome,
        seconds=seconds,
    )
    text = record.text()
    assert len(text.encode()) <= LARGEST
    read = read_lock(text, 1).record
    assert read is not None
    assert (read.state, read.owner, read.since) == (record.state, record.owner, record.since)
    assert (read.from_table, read.to_table) == (record.from_table, record.to_table)


@pytest.mark.parametrize(("subnets", "kept"), [(2, 2), (20, 20), (50, 50), (200, 0)])
def test_what_is_for_people_is_shortened_before_the_subnets_are_left_out(subnets: int, kept: int) -> None:
    moved = {f"subnet-{n:017x}": f"rtbassoc-{n:017x}" for n in range(subnets)}
    read = read_lock(replace(RECORD, subnets=moved, reason="why " * 2000, outcome="what " * 2000).text(), 1).record
    assert read is not None
    assert len(read.subnets) == kept
    assert read.reason.startswith("why why")
    assert read.outcome.startswith("what what")


def test_a_record_of_characters_that_take_many_bytes_fits_too() -> None:
    assert len(replace(RECORD, reason="🔥" * 500, outcome="🧯" * 500).text().encode()) <= LARGEST
