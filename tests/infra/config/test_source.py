"""Where the configuration may come from: a YAML or JSON file, the context, the context as text."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.config import ConfigurationError
from infra.config.source import from_context, from_file


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("c.yaml", "pairs:\n- {name: main}\n"),
        ("c.json", '{"pairs": [{"name": "main"}]}'),
        ("c.yml", "nat-failover:\n  pairs:\n  - name: main\n"),
        ("tabs.json", '{\n\t"nat-failover": {"pairs": [{"name": "main"}]}}'),
    ],
)
def test_a_file_holds_the_block_in_yaml_or_json_with_or_without_its_name(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert from_file(tmp_path / name) == {"pairs": [{"name": "main"}]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("pairs: [", "is neither YAML nor JSON"),
        ('{"pairs": ]', "is no JSON"),
        ("pairs: []\npairs: []\n", "pairs is set twice"),
        ('{"pairs": [], "pairs": []}', "pairs is set twice"),
        ("!!python/object/apply:os.system [id]", "is neither YAML nor JSON"),
        ("[" * 5000, "is neither YAML nor JSON"),
        ("? [a]\n: b\n", "is neither YAML nor JSON"),
    ],
)
def test_a_file_that_can_not_be_understood_is_told(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=message):
        from_file(path)


def test_a_file_that_is_not_there_or_no_text_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="can't be read: No such file"):
        from_file(tmp_path / "c.yaml")
    (tmp_path / "c.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigurationError, match="no UTF-8 text"):
        from_file(tmp_path / "c.yaml")


def test_the_file_goes_before_the_context_and_the_context_may_be_text(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("pairs: [1]", encoding="utf-8")
    assert from_context({"pairs": []}, str(tmp_path / "c.yaml")) == {"pairs": [1]}
    assert from_context('{"pairs": [2]}', None) == {"pairs": [2]}
    assert from_context(None, None) == {}
