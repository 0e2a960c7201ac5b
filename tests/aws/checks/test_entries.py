"""The table of what is assumed of AWS, and what the acceptance has for each of its rows."""

from __future__ import annotations

from dataclasses import fields

from tests.aws.assumptions import ENTRIES, Unchecked
from tests.aws.holding import assumptions
from tests.aws.latencies import MEASURES
from tests.lab.latencies import Latencies


def test_every_row_of_the_table_has_one_entry_and_no_entry_is_stale() -> None:
    rows = assumptions()
    assert len(rows) >= 15
    for row in rows:
        assert len([phrase for phrase in ENTRIES if phrase in row]) == 1, row
    for phrase in ENTRIES:
        assert len([row for row in rows if phrase in row]) == 1, phrase


def test_what_is_not_checked_says_why() -> None:
    unchecked = [entry for entry in ENTRIES.values() if isinstance(entry, Unchecked)]
    assert len(unchecked) <= 2
    assert all(len(entry.why) > 20 for entry in unchecked)


def test_the_table_is_read_to_its_end_and_no_further() -> None:
    table = "| assumption | page |\n|---|---|\n| `A` b | [c](d) |\n"
    page = f"# What is assumed of AWS\n\ntext\n\n{table}\n## Next\n\n| e | f |\n"
    assert assumptions(page) == ["`A` b"]


def test_every_latency_of_the_lab_is_measured_or_says_why_not() -> None:
    assert {field.name for field in fields(Latencies)} - {measure.what for measure in MEASURES} == set()
    assert all(measure.how is not None or measure.why_not for measure in MEASURES)
