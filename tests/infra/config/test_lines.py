"""A mistake in a file is told with the file, the line and the path that the file has."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.config import ConfigurationError
from infra.config.source import configured

TOP = """\
defaults:
  sampleSize: 99
pairs:
  - name: main
    vpcId: vpc-123
    primaryRouteTableId: rtb-0123456789abcdef0
    standbySubnetId: subnet-0123456789abcdef0
    targets:
      - 1.1.1.1
      - 10.0.0.1
    probeTag: {key: ""}
    colour: red
"""
LINES = [
    "{}:2: {}defaults.sampleSize is 99: ",
    "{}:12: {}pairs[0].colour is not a setting: ",
    "{}:5: {}pairs[0].vpcId is ",
    "{}:4: {}pairs[0].primaryInstanceId is missing: ",
    '{}:10: {}pairs[0].targets[1] is "10.0.0.1": ',
    '{}:11: {}pairs[0].probeTag.key is "": ',
]


def problems(file: Path, text: str) -> list[str]:
    """Return the sentences with which a file is refused."""
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as refused:
        configured(None, str(file))
    return list(refused.value.problems)


def check(sentences: list[str], file: Path, before: str, later: int = 0) -> None:
    """Check that each sentence has its place: so many lines later."""
    for each in LINES:
        line = int(each.split(":")[1]) + later
        start = each.format(file, before).replace(f"{file}:{line - later}:", f"{file}:{line}:")
        assert [t for t in sentences if t.startswith(start)], (start, sentences)
    assert len(sentences) == len(LINES)


def test_a_mistake_is_told_with_its_line_and_the_files_own_path(tmp_path: Path) -> None:
    check(problems(tmp_path / "my.yaml", TOP), tmp_path / "my.yaml", "")


def test_where_the_file_names_the_block_so_does_the_path(tmp_path: Path) -> None:
    indented = "".join(f"  {line}" for line in TOP.splitlines(keepends=True))
    sentences = problems(tmp_path / "my.yaml", f"# mine\nnat-failover:\n{indented}")
    check(sentences, tmp_path / "my.yaml", "nat-failover.", later=2)


def test_json_has_lines_as_well(tmp_path: Path) -> None:
    file = tmp_path / "my.json"
    sentences = problems(file, '{\n\t"pairs": [\n\t\t{\n\t\t\t"name": "Main"\n\t\t}\n\t]\n}\n')
    assert sentences[-1].startswith(f'{file}:4: pairs[0].name is "Main": ')


def test_of_two_places_both_are_told_as_the_file_has_them(tmp_path: Path) -> None:
    one = TOP.partition("pairs:\n")[2].replace("123\n", "0123456789abcdef0\n").partition("    targets")[0]
    two = one + "    primaryInstanceId: i-0123456789abcdef0\n"
    sentences = problems(tmp_path / "my.yaml", f"pairs:\n{two}{two}")
    (table,) = [each for each in sentences if f"{tmp_path / 'my.yaml'}:9: pairs[1].primaryRouteTableId is " in each]
    assert "so is pairs[0].primaryRouteTableId" in table


def test_without_a_file_there_are_no_lines() -> None:
    with pytest.raises(ConfigurationError) as refused:
        configured({"pairs": [{"name": "Main"}]}, None)
    assert refused.value.problems[0].startswith('nat-failover.pairs[0].name is "Main": ')


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("a.yaml", "pairs:\n  - name: main\n    mode: [automatic\n", ":3: while parsing a flow sequence, expected "),
        ("b.yaml", "pairs:\n  - name: main\n    mode: observe\n    mode: automatic\n", ":4: mode is set twice: "),
        ("c.json", '{"pairs": [\n {"name": "main",\n  "mode": }\n]}', ":3: Expecting value: the file is no JSON"),
        ("d.json", '{"pairs": [\n {"name": "main",\n\t"mode": 1,\n "mode": 2}\n]}', ":4: mode is set twice: "),
    ],
)
def test_a_file_that_can_not_be_understood_is_told_with_its_line(
    tmp_path: Path, name: str, text: str, problem: str
) -> None:
    (sentence,) = problems(tmp_path / name, text)
    assert sentence.startswith(f"{tmp_path / name}{problem}")


def test_mistakes_are_told_in_the_order_of_their_lines(tmp_path: Path) -> None:
    lines = [int(sentence.split(":")[1]) for sentence in problems(tmp_path / "my.yaml", TOP)]
    assert lines == sorted(lines)
