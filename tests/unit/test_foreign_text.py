"""Text of others loses what is not printed, and nothing else."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nat_failover.foreign_text import all_printable, printable, read_json
from nat_failover.probing.ssm_commands import invocation_of

HOSTILE = ["\x1b]52;c;cm0=\x07", "\x9b2J", "a\rb", "x\u202egnp", "a\u2028b", "\x00", "\x7f", "\ud800", "\u200b"]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_terminal_obeys_is_gone(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    assert len(shown) == len(text)


@given(st.text())
def test_what_is_printed_stays(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    assert all(a in (b, " ") for a, b in zip(shown, text, strict=True))
    assert printable(shown) == shown


def test_of_data_every_text_is_cleaned_and_all_else_stays() -> None:
    at = datetime.datetime.now(datetime.UTC)
    response = {
        "Name": "a\x1b[2Jb\nc",
        "Output": "a\x1bb\nc",
        "Rows": [{"Key": "\x9b", "At": at, "Many": 3, "None": None}],
    }
    assert all_printable(response, multiline=frozenset({"Output"})) == {
        "Name": "a [2Jb c",
        "Output": "a b\nc",
        "Rows": [{"Key": " ", "At": at, "Many": 3, "None": None}],
    }


@pytest.mark.parametrize("text", ["[" * 100_000, "1e999", "-1e999", "NaN", "[Infinity]", "9" * 5000, "", "{"])
def test_json_without_end_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"nested|number|value|limit|property"):
        read_json(text)


def test_what_json_hides_is_cleaned_as_well() -> None:
    assert read_json('{"why\\n": ["\\u001b[2J", 1.5, "\\u202e"]}') == {"why ": [" [2J", 1.5, " "]}


def test_what_a_host_has_printed_is_cleaned_where_it_is_read() -> None:
    response: Any = {"InstanceId": "i-1", "Status": "Failed", "CommandPlugins": [{"Output": "\x1b]0;t\x07no\nping"}]}
    assert invocation_of(response).output == " ]0;t no\nping"
