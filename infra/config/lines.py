"""Pure: at which line of the configuration's file a problem is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import yaml

from infra.config.reading import ROOT

_PATH = re.compile(rf"{ROOT}((?:\.[^\s.\[\]]+|\[\d+\])+)")
_PART = re.compile(r"\.[^\s.\[\]]+|\[\d+\]")


def located(problems: Sequence[str], text: str, file: str) -> list[str]:
    """Return problems with the file and the line of each, in their order, and with paths as the file has them.

    Args:
        problems: as they are told of the block, each beginning with the path of a setting.
        text: the file's, which can be understood.
        file: its name.
    """
    lines = dict(_lines(yaml.compose(text.replace("\t", " "), yaml.SafeLoader), ""))
    within = f".{ROOT}" if f".{ROOT}" in lines else ""
    found = [_located(problem, lines, within, file) for problem in problems]
    return [sentence for _, sentence in sorted(found, key=lambda each: each[0])]


def twice_at(text: str) -> int | None:
    """Return the line of the first key that is set twice, of a text that is JSON; None where that can't be told."""
    try:
        paths = list(_lines(yaml.compose(text.replace("\t", " "), yaml.SafeLoader), ""))
    except (yaml.YAMLError, RecursionError):
        return None
    known: set[str] = set()
    for path, line in paths:
        if path in known:
            return line
        known.add(path)
    return None


def _located(problem: str, lines: dict[str, int], within: str, file: str) -> tuple[int, str]:
    sentence = problem if within else _PATH.sub(lambda path: path[1].removeprefix("."), problem)
    path = _PATH.match(problem)
    parts = _PART.findall(path[1]) if path else []
    # What is missing has no line: what it is missing in has.
    ends = (within + "".join(parts[:count]) for count in range(len(parts), -1, -1))
    line = next((lines[end] for end in ends if end in lines), None)
    return (0, f"{file}: {sentence}") if line is None else (line, f"{file}:{line}: {sentence}")


def _lines(node: yaml.Node | None, path: str) -> Iterator[tuple[str, int]]:
    """Yield the path of each value, and the line on which it begins."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                yield f"{path}.{key.value}", key.start_mark.line + 1
                yield from _lines(value, f"{path}.{key.value}")
    elif isinstance(node, yaml.SequenceNode):
        for position, value in enumerate(node.value):
            yield f"{path}[{position}]", value.start_mark.line + 1
            yield from _lines(value, f"{path}[{position}]")
