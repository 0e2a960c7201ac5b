"""The context: any text or JSON under it is a configuration, or a sentence with a path for each mistake."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from infra.config import Configuration, ConfigurationError, PairConfig, read_configuration
from infra.config.reading import key_of, settings_of
from infra.config.source import from_context, from_file
from tests.fuzz.values import JSON, NASTY, SHALLOW, TEXT, Deep
from tests.tools.checked import pair

ROOT = "nat-failover"
SETTINGS = [key_of(setting) for setting in settings_of(PairConfig)]
VALUES = SHALLOW | st.sampled_from(
    ["automatic", "create", "none", "all", "", [], {}, "0.5", "10.0.0.0/8", "${Token[x]}"]
)


def read(block: object) -> Configuration | tuple[str, ...]:
    """Read it; gives the configuration, or its problems."""
    try:
        return read_configuration(block)
    except ConfigurationError as refused:
        assert refused.problems
        return refused.problems


@given(JSON)
@example({"pairs": Deep(50_000)})
@example({"pairs": [{"name": Deep(50_000)}]})
def test_no_json_is_anything_but_a_configuration_or_sentences_that_name_their_place(block: object) -> None:
    answer = read(block)
    if isinstance(answer, tuple):
        assert all(ROOT in sentence for sentence in answer)
        assert all(len(sentence) < 3000 for sentence in answer)


@given(st.dictionaries(st.sampled_from(SETTINGS), VALUES, min_size=1, max_size=4))
def test_every_sentence_is_about_a_setting_that_was_changed_or_has_to_do_with_it(changes: dict[str, Any]) -> None:
    answer = read({"pairs": [pair(**changes)]})
    if isinstance(answer, tuple):
        assert all(f"{ROOT}.pairs[0]" in sentence for sentence in answer)
        named = [name for name in changes if any(name in sentence for sentence in answer)]
        assert named


@given(st.dictionaries(st.sampled_from(["pairs", "defaults", "stacks", "account", "region", "x"]), VALUES), VALUES)
def test_nor_is_a_block_of_which_any_part_is_anything(parts: dict[str, Any], one: object) -> None:
    for block in (
        parts,
        {"pairs": [pair()], **parts},
        {"pairs": [pair(), one]},
        {"pairs": [pair()], "defaults": parts},
    ):
        answer = read(block)
        if isinstance(answer, tuple):
            assert all(ROOT in sentence for sentence in answer)


@given(TEXT | SHALLOW.map(json.dumps) | st.sampled_from(NASTY))
@example("[" * 2_000)
@example('{"a":' * 2_000)
@example("a: &a [*a]")
@example("{{}: 1}")
@example("? {a: 1}\n: 2")
@example("!!python/object/apply:os.system [id]")
@example("\t- x")
@example("9" * 5000)
@example("pairs: 2026-13-32")
@example("a: &a [*a]\npairs: *a")
def test_any_text_is_read_or_refused_by_the_place_it_comes_from(text: str) -> None:
    try:
        block = from_context(text, None)
    except ConfigurationError as refused:
        assert "the context's nat-failover" in str(refused)
    else:
        read(block)


@pytest.mark.parametrize(
    "content",
    [b"\xff\xfe", b"\x00", b"", b"\xef\xbb\xbf{}", b"a" * 1_000_000, b"{" * 10_000, b"- \n" * 10_000, b"a: b: c", b"@"],
)
def test_any_file_is_read_or_refused_by_name(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "my-nats.yaml"
    path.write_bytes(content)
    try:
        block = from_file(path)
    except ConfigurationError as refused:
        assert str(path) in str(refused)
    else:
        assert isinstance(read(block), tuple)


def test_aliases_do_not_make_a_small_file_a_large_configuration() -> None:
    """A billion laughs: each line ten times the one before."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(ConfigurationError, match="more than 100000 values"):
        from_context("\n".join([*lines, "pairs: [{name: *a11}]"]), None)


def test_an_alias_that_repeats_a_little_is_as_good_as_what_it_stands_for() -> None:
    block = from_context("x: &x {sampleSize: 5}\ndefaults: *x\nmore: *x", None)
    assert isinstance(block, dict)
    assert block["defaults"] == block["more"] == {"sampleSize": 5}
